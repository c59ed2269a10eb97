"""FHOFO against a loop over pixels, and its invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces_of import HALVES, OVERLAPPING, noise, of_clip, of_flow, random_flow, regions

from mertk import DataError
from mertk.vision import optical_flow
from mertk_plugins.extractors.fhofo import FHOFO


def counts(uv, where, bins, least):
    """The definition, pixel by pixel and bin by bin: `[regions, bins]`, not normalised."""
    found = np.zeros((len(where), bins))
    width = 2 * math.pi / bins
    for number, (x0, y0, x1, y1) in enumerate(where.boxes):
        for y in range(y0, y1):
            for x in range(x0, x1):
                u, v = (float(part) for part in uv[y, x])
                if math.hypot(u, v) < least or not (u or v):
                    continue
                for at in range(bins):
                    away = abs(math.remainder(math.atan2(v, u) - at * width, 2 * math.pi))
                    found[number, at] += max(0.0, 1 - away / width)
    return found


def single(u: float, v: float) -> np.ndarray:
    """One moving pixel among still ones, in the first of both halves: its histogram."""
    uv = np.zeros((20, 20, 2))
    uv[4, 4] = u, v
    return FHOFO(over="apex").extract(of_flow(uv), HALVES)[0]


@pytest.mark.parametrize("bins", [3, 8, 12])
def test_histograms_equal_the_loop_over_pixels_and_bins(bins):
    uv = random_flow().astype(np.float32)
    expected = counts(uv, OVERLAPPING, bins, least=0.5)
    found = FHOFO(over="apex", bins=bins, least=0.5).extract(of_flow(uv), OVERLAPPING)
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize("over", ["onset", "steps"])
def test_histograms_of_all_fields_are_added(over):
    clip = noise(4, 24, 20, levels=256)
    found = FHOFO(over=over).extract(of_clip(clip), OVERLAPPING)
    pairs = [(0, 1), (0, 2), (0, 3)] if over == "onset" else [(0, 1), (1, 2), (2, 3)]
    fields = [optical_flow.optical_flow(clip[a], clip[b]) for a, b in pairs]
    where = regions((0, 0, 20, 24))
    whole = sum(counts(field, where, 8, least=0.1) for field in fields)
    np.testing.assert_allclose(
        FHOFO(over=over).extract(of_clip(clip), where), whole / whole.sum(), atol=1e-5
    )
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_a_direction_in_the_middle_of_a_bin_counts_there_alone():
    np.testing.assert_allclose(single(1, 0), [1, 0, 0, 0, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(single(-2, 0), [0, 0, 0, 0, 1, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(single(0, 1), [0, 0, 1, 0, 0, 0, 0, 0], atol=1e-6)


def test_a_direction_between_two_bins_counts_half_in_each():
    angle = math.radians(-22.5)  # between the last bin and the first
    np.testing.assert_allclose(
        single(math.cos(angle), math.sin(angle)), [0.5, 0, 0, 0, 0, 0, 0, 0.5], atol=1e-6
    )


def test_how_long_a_vector_is_does_not_count():
    uv = random_flow()
    uv /= np.linalg.norm(uv, axis=2, keepdims=True)
    stretched = uv * np.random.default_rng(1).uniform(1, 9, (20, 20, 1))
    np.testing.assert_allclose(
        FHOFO(over="apex").extract(of_flow(stretched), HALVES),
        FHOFO(over="apex").extract(of_flow(uv), HALVES),
        atol=1e-5,
    )


def test_a_turn_by_one_bin_moves_each_histogram_by_one():
    turn = math.pi / 4
    by = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    plain = FHOFO(over="apex", least=0).extract(of_flow(random_flow()), HALVES)
    turned = FHOFO(over="apex", least=0).extract(of_flow(random_flow() @ by), HALVES)
    np.testing.assert_allclose(turned, np.roll(plain, 1, axis=1), atol=1e-5)


def test_short_vectors_do_not_count():
    assert single(0.09, 0).tolist() == [0] * 8
    assert single(0.11, 0)[0] == 1


@pytest.mark.parametrize("over", ["apex", "onset", "steps"])
@pytest.mark.parametrize("frames", [1, 5])
def test_nothing_that_moves_gives_zeros(over, frames):
    still = np.repeat(noise(1, 31, 27), frames, axis=0)
    found = FHOFO(over=over, least=0).extract(of_clip(still), regions((0, 0, 27, 31)))
    np.testing.assert_array_equal(found, np.zeros((1, 8)))


def test_a_clip_without_frames_has_the_apex_alone():
    with pytest.raises(DataError, match="fhofo needs frames"):
        FHOFO().extract(of_flow(random_flow()), HALVES)


@pytest.mark.parametrize("params", [{"bins": 0}, {"least": -1}, {"least": float("nan")}])
def test_impossible_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        FHOFO(**params)
