"""Mean oriented Riesz features: where a pattern moved, by phase."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces_of import noise, of_clip, of_flow, random_flow, regions

import mertk
from mertk import DataError
from mertk_plugins.extractors import _riesz, morf
from mertk_plugins.extractors.morf import MORF

SIZE = 128
WHOLE = regions((0, 0, SIZE, SIZE))


def plaid(frames=12, step=0.1, towards=0.0, where=slice(None)):
    """A pattern of two waves that goes `step` px a frame; outside the rows `where` it stays."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    clip = []
    for t in range(frames):
        move = np.zeros((SIZE, SIZE))
        move[where] = step * t
        u, v = x - move * math.cos(towards), y - move * math.sin(towards)
        clip.append(127 + 50 * np.sin(u / 3) + 50 * np.sin(v / 3))
    return np.rint(clip)


def directions(found):
    """The mean direction of a histogram `[bins]`."""
    middles = np.arange(len(found)) * 2 * math.pi / len(found)
    return math.atan2(found @ np.sin(middles), found @ np.cos(middles))


@pytest.mark.parametrize("towards", [0.0, math.pi / 2, math.pi, -math.pi / 2, 0.8])
def test_the_histogram_points_where_the_pattern_moves(towards):
    faces = of_clip(plaid(towards=towards), fps=100.0)
    found = MORF(levels=(2,), bins=36).extract(faces, WHOLE)[0]
    assert abs(math.remainder(directions(found) - towards, 2 * math.pi)) < 0.15


@pytest.mark.parametrize(("towards", "at"), [(0.0, 0), (math.pi / 2, 2), (math.pi, 4), (-0.8, 7)])
def test_bins_are_centred_on_0_degrees(towards, at):
    faces = of_clip(plaid(towards=towards), fps=100.0)
    assert MORF(levels=(2,), bins=8).extract(faces, WHOLE)[0].argmax() == at


def test_phase_turns_by_frequency_times_step():
    x = np.arange(SIZE)[None] * np.ones((SIZE, 1))
    before, now = (
        np.stack([np.cos(0.5 * (x - d)), -np.sin(0.5 * (x - d)), 0 * x]) for d in (0.0, 0.3)
    )
    turned, amplitude = _riesz.compute_phase_turn(before, now)
    np.testing.assert_allclose(turned[0], 0.5 * 0.3, atol=1e-6)
    np.testing.assert_allclose(turned[1], 0, atol=1e-6)
    np.testing.assert_allclose(amplitude, 1, atol=1e-6)


def test_the_change_equals_the_published_steps():
    """Every frame filtered and blurred, differences of frames averaged from onset to apex."""
    faces = of_clip(noise(30, 64, 64, levels=200), onset=6, apex=15, offset=20, fps=100.0)
    own = MORF(levels=(1,))
    taps, frames = own._make_filter(100.0), range(25)  # the apex and the 9 frames after it
    pyramid = [_riesz.build_riesz_pyramid(faces.frames[at][..., 0], (1,))[0] for at in frames]
    phases, amplitudes = [np.zeros((2, 64, 64))], []
    for before, now in zip([pyramid[0], *pyramid], pyramid, strict=False):
        turned, amplitude = _riesz.compute_phase_turn(before, now)
        phases.append(phases[-1] + turned)
        amplitudes.append(amplitude)
    padded = np.pad(phases[1:], ((9, 9), (0, 0), (0, 0), (0, 0)), "reflect")
    filtered = [np.tensordot(taps, padded[at : at + 19], (0, 0)) for at in frames]
    smooth = [
        _riesz.blur_phase(f.astype(np.float32), a)
        for f, a in zip(filtered, amplitudes, strict=True)
    ]
    mean = np.mean(np.diff(smooth[6:16], axis=0), axis=0)
    np.testing.assert_allclose(own._compute_phase_changes(faces)[0] / 9, mean, atol=1e-4)


def test_the_filter_is_a_low_pass_of_the_published_orders():
    for fps, order in ((100.0, 18), (200.0, 36)):
        taps = MORF()._make_filter(fps)
        assert len(taps) == order + 1
        assert abs(taps.sum() - 1) < 1e-9
        waves = np.cos(2 * np.pi * np.outer([2.0, 40.0], np.arange(order + 1) - order // 2) / fps)
        slow, fast = np.abs(waves @ taps)
        assert slow > 0.9
        assert fast < 0.15


def test_frames_too_slow_for_the_filter_are_taken_as_they_are():
    np.testing.assert_array_equal(MORF()._make_filter(15.0), [1.0])
    found = MORF(levels=(2,)).extract(of_clip(plaid(), fps=15.0), WHOLE)
    assert abs(found.sum() - 1) < 1e-5


def test_only_regions_that_move_count():
    faces = of_clip(plaid(where=slice(0, 64)), fps=100.0)
    halves = regions((0, 0, SIZE, 48), (0, 80, SIZE, SIZE))
    upper, lower = MORF(levels=(1, 2)).extract(faces, halves)
    assert upper.sum() > 50 * lower.sum()


def test_levels_follow_each_other_each_of_sum_1():
    faces = of_clip(plaid(), fps=100.0)
    halves = regions((0, 0, SIZE, 64), (0, 64, SIZE, SIZE))
    found = MORF(levels=(1, 2, 3), bins=4).extract(faces, halves)
    assert found.shape == (2, 12)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.reshape(2, 3, 4).sum((0, 2)), 1, rtol=1e-5)
    alone = MORF(levels=(2,), bins=4).extract(faces, halves)
    np.testing.assert_array_equal(found[:, 4:8], alone)


@pytest.mark.parametrize("frames", [1, 6])
def test_a_clip_without_motion_gives_zeros(frames):
    clip = np.repeat(noise(1, 64, 64), frames, axis=0)
    found = MORF(levels=(1, 2)).extract(of_clip(clip), regions((0, 0, 64, 64)))
    np.testing.assert_array_equal(found, np.zeros((1, 16)))


def test_frames_after_the_reach_of_the_filter_do_not_count():
    clip = plaid(40)
    about = {"onset": 4, "apex": 10, "offset": 39, "fps": 100.0}
    before = MORF(levels=(2,)).extract(of_clip(clip, **about), WHOLE)
    clip[10 + 9 + 1 :] = 0
    np.testing.assert_array_equal(MORF(levels=(2,)).extract(of_clip(clip, **about), WHOLE), before)
    clip[10 + 9] = 0
    assert not np.array_equal(MORF(levels=(2,)).extract(of_clip(clip, **about), WHOLE), before)


def test_what_is_missing_is_named():
    with pytest.raises(DataError, match="morf needs frames"):
        MORF().extract(of_flow(random_flow()), WHOLE)
    with pytest.raises(DataError, match="a face of 40x64 px has 2 levels"):
        MORF().extract(of_clip(noise(3, 64, 40)), regions((0, 0, 40, 64)))


@pytest.mark.parametrize("params", [{"levels": ()}, {"levels": (0,)}, {"bins": 0}, {"cutoff": 0}])
def test_a_parameter_out_of_range_is_refused(params):
    with pytest.raises(ValueError, match=r"levels=.*bins=.*cutoff="):
        MORF(**params)


def test_the_components_are_on_offer():
    registry = mertk.load_plugins().registry
    assert registry.get("extractor", "morf").load() is morf.MORF
