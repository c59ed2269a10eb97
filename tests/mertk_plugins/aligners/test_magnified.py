"""Magnified motion."""

import numpy as np
import pytest

import mertk
from mertk.vision import optical_flow
from mertk_plugins.aligners.magnified import Magnified

NONE = {"base": "none"}


def footage(step=0.05, frames=20, light=0.0):
    """A coarse pattern that goes `step` px a frame to the right, from the fourth frame on."""
    y, x = np.mgrid[:96, :96].astype(float)
    clip = [
        127 + 60 * np.sin((x - step * max(t - 3, 0)) / 5) * np.cos(y / 6) + light * t
        for t in range(frames)
    ]
    pixels = np.repeat(np.rint(clip).astype(np.uint8)[..., None], 3, axis=3)
    return mertk.Footage(
        frames=mertk.Frames.of(pixels), onset=3, apex=frames - 1, offset=frames - 1, fps=100.0,
        landmarks=np.zeros((68, 2), np.float32),
    )  # fmt: skip


def speed(faces):
    return np.median(optical_flow.onset_apex(faces)[24:-24, 24:-24, 0])


def test_motion_grows_with_alpha():
    speeds = [speed(Magnified(**NONE, alpha=a).align(footage())) for a in (0.0, 1.0, 3.0)]
    assert speeds[0] == pytest.approx(0.8, abs=0.1)
    assert 1.2 < speeds[1] / speeds[0] < 2.1
    assert 1.3 < speeds[2] / speeds[1] < 2.1


def test_without_alpha_frames_stay_as_they_are():
    given = footage()
    np.testing.assert_array_equal(Magnified(**NONE, alpha=0).align(given).frames, given.frames)


def test_a_clip_that_does_not_move_stays_as_it_is():
    given = footage(step=0)
    np.testing.assert_array_equal(Magnified(**NONE, alpha=20).align(given).frames, given.frames)


def test_the_light_of_the_whole_picture_is_not_magnified():
    given = footage(step=0, light=1.0)
    found = Magnified(**NONE, alpha=20).align(given).frames
    assert np.abs(np.asarray(found, int) - np.asarray(given.frames, int)).max() <= 2


def test_finer_patterns_than_the_wavelength_are_magnified_less():
    coarse, fine = (
        speed(Magnified(**NONE, alpha=3, wavelength=w).align(footage())) for w in (8.0, 200.0)
    )
    assert fine < coarse / 1.5


def test_timing_and_landmarks_are_the_bases():
    given = footage()
    faces = Magnified(**NONE).align(given)
    assert (faces.onset, faces.apex, faces.offset) == (3, 19, 19)
    assert faces.landmarks is given.landmarks


def test_a_flow_map_of_the_motion_as_it_was_is_dropped():
    given = footage()
    known = np.zeros((96, 96, 3), np.float32)
    both = mertk.Footage(frames=given.frames, onset=0, offset=5, flow=known)
    assert Magnified(**NONE).align(both).flow is None
    nothing = mertk.Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    with pytest.raises(mertk.DataError, match="needs frames"):
        Magnified().align(mertk.Footage(frames=nothing, onset=0, offset=5, flow=known))


def test_a_band_upside_down_is_refused():
    with pytest.raises(ValueError, match=r"low=10.*high=1"):
        Magnified(low=10.0, high=1.0)
