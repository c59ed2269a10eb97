"""Frames and timing refuse what cannot be used, in one line."""

import numpy as np
import pytest

import mertk


def test_mixed_frame_sizes_are_named():
    pictures = [np.zeros((4, 6, 3), np.uint8), np.zeros((5, 6, 3), np.uint8)]
    frames = mertk.Frames(pictures.__getitem__, 2)
    with pytest.raises(mertk.DataError, match="mixed frame sizes: frame 0 is 6x4, frame 1 is 6x5"):
        frames[:]


@pytest.mark.parametrize(
    ("timing", "message"),
    [
        ({"onset": 3, "offset": 1}, "onset 3 lies after offset 1"),
        ({"onset": 0, "offset": 9}, "do not fit 4 frames"),
        ({"onset": 0, "offset": 3, "apex": 4}, "apex 4 lies outside"),
        ({"onset": 0, "offset": 3, "fps": 0}, "frame rate"),
    ],
)
def test_impossible_timing_is_refused(timing, message):
    frames = mertk.Frames.of(np.zeros((4, 6, 6, 3), np.uint8))
    with pytest.raises(mertk.DataError, match=message):
        mertk.Footage(frames=frames, **timing)


def test_the_size_is_read_once_and_after_a_warp_not_at_all():
    asked = []

    def read(at):
        asked.append(at)
        return np.zeros((40, 60, 3), np.uint8)

    footage = mertk.Footage(frames=mertk.Frames(read, 3), onset=0, offset=2)
    assert footage.warped(np.eye(2, 3), (20, 10)).size == (20, 10)
    assert asked == []
    faces = footage.faces()
    assert [faces.size, faces.size, faces.frames.shape] == [(60, 40), (60, 40), (3, 40, 60, 3)]
    assert asked == [0]
