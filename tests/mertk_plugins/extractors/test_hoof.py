"""HOOF against a loop over pixels, and its invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces_of import HALVES, OVERLAPPING, noise, of_clip, of_flow, random_flow, regions, texture

from mertk import DataError
from mertk.vision import optical_flow
from mertk_plugins.extractors.biwoof import BiWOOF
from mertk_plugins.extractors.hoof import HOOF


def by_loops(uv, where, bins, folded):
    """The definition, pixel by pixel: `[regions, bins]`."""
    found = np.zeros((len(where), bins))
    for number, (x0, y0, x1, y1) in enumerate(where.boxes):
        for y in range(y0, y1):
            for x in range(x0, x1):
                u, v = (float(part) for part in uv[y, x])
                low, span = (-math.pi / 2, math.pi) if folded else (-math.pi, 2 * math.pi)
                angle = math.atan2(v, abs(u) if folded else u)
                at = min(int((angle - low) / span * bins), bins - 1)
                found[number, at] += math.hypot(u, v)
        found[number] /= found[number].sum() or 1
    return found


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("bins", [1, 5, 8])
def test_histograms_equal_the_loop_over_pixels(bins, folded):
    uv = random_flow().astype(np.float32)
    uv[0, 0], uv[1, 1], uv[2, 2] = (0, 0), (-1, 0), (0, 2)
    found = HOOF(bins=bins, folded=folded).extract(of_flow(uv), OVERLAPPING)
    np.testing.assert_allclose(found, by_loops(uv, OVERLAPPING, bins, folded), atol=1e-6)


def mirrored(uv):
    return uv[:, ::-1] * [-1, 1]


def test_a_folded_histogram_does_not_tell_a_clip_from_its_mirror_image():
    plain = HOOF(folded=True).extract(of_flow(random_flow()), HALVES)
    mirror = HOOF(folded=True).extract(of_flow(mirrored(random_flow())), HALVES)
    np.testing.assert_allclose(mirror, plain[::-1], atol=1e-6)


def test_a_mirror_image_reverses_the_bins_about_the_vertical():
    plain = HOOF().extract(of_flow(random_flow()), HALVES)
    mirror = HOOF().extract(of_flow(mirrored(random_flow())), HALVES)
    np.testing.assert_allclose(mirror, plain[::-1][:, [3, 2, 1, 0, 7, 6, 5, 4]], atol=1e-6)


def test_a_factor_on_the_flow_changes_nothing():
    plain = HOOF().extract(of_flow(random_flow()), HALVES)
    np.testing.assert_allclose(HOOF().extract(of_flow(5 * random_flow()), HALVES), plain, rtol=1e-4)
    np.testing.assert_allclose(plain.sum(axis=1), 1, rtol=1e-5)


def test_it_is_biwoof_without_the_weights_of_regions():
    weighted = BiWOOF().extract(of_flow(random_flow()), OVERLAPPING)
    shares = weighted / weighted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        HOOF().extract(of_flow(random_flow()), OVERLAPPING), shares, rtol=1e-4
    )


@pytest.mark.parametrize(
    ("over", "pairs"),
    [
        ("apex", [(1, 3)]),
        ("onset", [(1, 2), (1, 3), (1, 4)]),
        ("steps", [(1, 2), (2, 3), (3, 4)]),
    ],
)
def test_histograms_are_those_of_the_named_fields_averaged(over, pairs):
    clip = noise(6, 40, 33, levels=256)
    where = regions((0, 0, 33, 20), (0, 20, 33, 40))
    found = HOOF(over=over).extract(of_clip(clip, onset=1, apex=3, offset=4), where)
    fields = [optical_flow.optical_flow(clip[a], clip[b]) for a, b in pairs]
    expected = np.mean([by_loops(field, where, 8, folded=False) for field in fields], axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_motion_to_the_right_falls_beside_0_degrees():
    found = HOOF(over="steps").extract(
        of_clip(texture(4, 40, 50, step=0.5)), regions((5, 5, 45, 35))
    )
    assert found[0, 3:5].sum() > 0.8


@pytest.mark.parametrize("over", ["apex", "onset", "steps"])
@pytest.mark.parametrize("frames", [1, 5])
def test_nothing_that_moves_gives_zeros(over, frames):
    still = np.repeat(noise(1, 31, 27), frames, axis=0)
    found = HOOF(over=over).extract(of_clip(still), regions((0, 0, 27, 31)))
    np.testing.assert_array_equal(found, np.zeros((1, 8)))


def test_a_clip_without_frames_has_the_apex_alone():
    with pytest.raises(DataError, match=r"hoof needs frames \(over=steps\)"):
        HOOF(over="steps").extract(of_flow(random_flow()), HALVES)


def test_no_bins_are_refused():
    with pytest.raises(ValueError, match="bins=0"):
        HOOF(bins=0)
