"""Bi-WOOF's invariances."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import Faces, Frames, Regions
from mertk.vision import optical_flow
from mertk_plugins.extractors.biwoof import BiWOOF

QUARTERS = Regions(
    names=("a", "b", "c", "d"),
    boxes=np.array([[0, 0, 10, 10], [10, 0, 20, 10], [0, 10, 10, 20], [10, 10, 20, 20]]),
)


def faces(uv: np.ndarray) -> Faces:
    uv = uv.astype(np.float32)
    frames = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    known = np.dstack([uv, optical_flow.strain(uv)])
    return Faces(frames=frames, onset=0, offset=1, flow=known)


def random_flow() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(20, 20, 2))


def test_a_factor_on_the_flow_changes_nothing():
    found = BiWOOF().extract(faces(random_flow()), QUARTERS)
    np.testing.assert_allclose(
        BiWOOF().extract(faces(7 * random_flow()), QUARTERS), found, rtol=1e-5
    )
    assert found.shape == (4, 8)


def test_no_flow_gives_zeros():
    assert not BiWOOF().extract(faces(np.zeros((20, 20, 2))), QUARTERS).any()


def test_the_whole_vector_has_length_1():
    found = BiWOOF().extract(faces(random_flow()), QUARTERS)
    assert abs(np.linalg.norm(found) - 1) < 1e-6


def test_a_turn_by_one_bin_moves_each_histogram_by_one():
    turn = np.array([[0, 1], [-1, 0]])  # a quarter: two of eight bins
    plain = BiWOOF().extract(faces(random_flow()), QUARTERS)
    turned = BiWOOF().extract(faces(random_flow() @ turn), QUARTERS)

    def shares(found):
        return found / found.sum(axis=1, keepdims=True)

    np.testing.assert_allclose(shares(turned), np.roll(shares(plain), 2, axis=1), rtol=1e-5)


def test_each_pixel_counts_with_its_magnitude():
    uv = np.zeros((20, 20, 2))
    uv[2, 2], uv[5, 5] = (3, 0.1), (-0.1, 1)  # to the right, and down
    first = BiWOOF().extract(faces(uv), QUARTERS)[0]
    assert abs(first[4] / first[6] - np.hypot(3, 0.1) / np.hypot(0.1, 1)) < 1e-5
    assert np.count_nonzero(first) == 2


def test_regions_weigh_by_mean_or_summed_strain():
    uneven = Regions(names=("a", "b"), boxes=np.array([[0, 0, 5, 20], [5, 0, 20, 20]]))
    mean = BiWOOF().extract(faces(random_flow()), uneven).sum(axis=1)
    total = BiWOOF(weight="sum").extract(faces(random_flow()), uneven).sum(axis=1)
    np.testing.assert_allclose((total[1] / total[0]) / (mean[1] / mean[0]), 3, rtol=1e-4)


def test_the_last_bin_of_the_authors_code_holds_its_lower_edge_alone():
    uv = np.zeros((20, 20, 2))
    uv[2, 2], uv[5, 5], uv[7, 7] = (-3, 0.1), (-2, 2), (1, 0.1)  # 178°, 135°, 6°
    plain = BiWOOF().extract(faces(uv), QUARTERS)[0]
    lost = BiWOOF(last_bin=False).extract(faces(uv), QUARTERS)[0]
    lengths = np.hypot(-2, 2), np.hypot(1, 0.1)
    np.testing.assert_allclose(lost[7] / lost[4], lengths[0] / lengths[1], rtol=1e-5)
    np.testing.assert_allclose(
        plain[7] / plain[4], (lengths[0] + np.hypot(3, 0.1)) / lengths[1], rtol=1e-5
    )


def test_no_bins_are_refused():
    with pytest.raises(ValueError, match="bins"):
        BiWOOF(bins=0)
