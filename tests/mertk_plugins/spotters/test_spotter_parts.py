"""The parts of spotters: peaks and their feet, and the head's motion."""

import numpy as np

from mertk_plugins.spotters import _head, _peaks
from mertk_plugins.spotters._peaks import Peak

RNG = np.random.default_rng(0)


def test_the_threshold_lies_above_noise_and_is_not_moved_by_a_few_peaks():
    noise = RNG.normal(0, 1, 5000)
    least = _peaks.compute_threshold(noise, 6.0, 0.1)
    assert 5.5 < least < 6.5
    noise[::100] = 1000
    assert abs(_peaks.compute_threshold(noise, 6.0, 0.1) - least) < 0.3
    assert _peaks.compute_threshold(np.zeros(10), 6.0, 0.1) == 0.1


def test_feet_are_where_the_curve_falls_below_its_share():
    curve = np.array([0.0, 0.1, 0.5, 1.0, 0.6, 0.3, 0.1, 0.0])
    assert _peaks.find_peak_ends(curve, 3, 0.2, 5) == (2, 5)
    assert _peaks.find_peak_ends(curve, 3, 0.2, 1) == (2, 4)
    assert _peaks.find_peak_ends(curve[3:], 0, 0.2, 9) == (0, 2)
    assert _peaks.find_peak_ends(curve[:4], 3, 0.2, 9) == (2, 3)


def test_a_running_mean_keeps_a_constant_and_the_length():
    for length in (1, 2, 5, 30):
        assert np.allclose(_peaks.smooth_curve(np.ones(length), 7), 1)
        assert len(_peaks.smooth_curve(np.ones(length), 7)) == length


def test_of_peaks_that_cover_each_other_the_stronger_one_stays():
    found = [Peak(0, 5, 9, 2.0), Peak(3, 6, 8, 3.0), Peak(8, 15, 20, 1.0), Peak(30, 31, 32, 1.0)]
    assert _peaks.select_strongest(found) == [
        Peak(3, 6, 8, 3.0), Peak(9, 15, 20, 1.0), Peak(30, 31, 32, 1.0),
    ]  # fmt: skip


def test_spots_are_positions_in_the_stretch():
    (one,) = _peaks.make_spots([Peak(2, 3, 5, 1.5)], 4, 19)
    assert (one.onset, one.apex, one.offset) == (8, 12, 18)


def test_a_similarity_is_taken_out_and_an_expression_stays():
    places = RNG.uniform(-1, 1, (16, 2))
    turn = np.array([[0.002, -0.01], [0.01, 0.002]])
    rigid = places @ turn.T + [0.03, -0.02]
    moved = np.repeat(rigid[None], 3, axis=0)
    moved[1, :3] += [0.0, 0.02]
    steady = _head.remove_head_motion(moved, places, np.ones(16, bool))
    assert np.abs(steady[[0, 2]]).max() < 1e-4
    assert np.abs(steady[1, 3:]).max() < 2e-3
    assert np.abs(steady[1, :3] - [0.0, 0.02]).max() < 2e-3
