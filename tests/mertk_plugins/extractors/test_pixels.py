"""Plain pixels."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import DataError, Faces, Frames, Regions
from mertk_plugins.extractors.pixels import Pixels

WHOLE = Regions(names=("whole",), boxes=np.array([[0, 0, 8, 8]]))


def faces() -> Faces:
    clip = np.zeros((5, 8, 8, 3), np.uint8)
    clip[1], clip[3] = 51, 255
    return Faces(frames=Frames.of(clip), onset=1, apex=3, offset=4)


@pytest.mark.parametrize(("frame", "value"), [("onset", 0.2), ("apex", 1.0), ("difference", 0.8)])
def test_the_frame_can_be_chosen(frame, value):
    found = Pixels(frame=frame, size=4).extract(faces(), WHOLE)
    assert found.shape == (1, 1, 4, 4)
    np.testing.assert_allclose(found, value, rtol=1e-5)


def test_colour_gives_three_channels_per_region():
    halves = Regions(names=("l", "r"), boxes=np.array([[0, 0, 4, 8], [4, 0, 8, 8]]))
    clip = np.zeros((1, 8, 8, 3), np.uint8)
    clip[..., 4:, 2] = 255
    shown = Faces(frames=Frames.of(clip), onset=0, offset=0)
    found = Pixels(colour=True, size=3).extract(shown, halves)
    assert found.shape == (2, 3, 3, 3)
    assert found.mean(axis=(2, 3)).tolist() == [[0, 0, 0], [0, 0, 1]]


def test_a_clip_without_frames_is_refused():
    empty = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    with pytest.raises(DataError, match="needs frames"):
        Pixels().extract(
            Faces(frames=empty, onset=0, offset=1, flow=np.zeros((8, 8, 3), np.float32)), WHOLE
        )


@pytest.mark.parametrize("resample", ["linear", "tim"])
def test_a_clip_is_resampled_from_onset_to_offset(resample):
    clip = np.zeros((6, 8, 8, 3), np.uint8)
    clip[1:] = np.arange(10, 60, 10)[:, None, None, None]
    shown = Faces(frames=Frames.of(clip), onset=1, offset=5)
    halves = Regions(names=("l", "r"), boxes=np.array([[0, 0, 4, 8], [4, 0, 8, 8]]))
    made = Pixels(frame="clip", frames=9, size=4, raw=True, resample=resample)
    found = made.extract(shown, halves)
    assert found.shape == (2, 9, 1, 4, 4)
    assert found.dtype == np.uint8
    exact = np.linspace(10, 50, 9)
    assert np.abs(found[1, :, 0, 0, 0] - exact).max() <= (0 if resample == "linear" else 2)
    part = Pixels(frame="clip", frames=5, size=4, colour=True, resample=resample)
    assert part.extract(shown, halves).shape == (2, 5, 3, 4, 4)


def test_raw_pixels_are_bytes_and_a_quarter_of_the_size():
    plain = Pixels(size=4).extract(faces(), WHOLE)
    raw = Pixels(size=4, raw=True).extract(faces(), WHOLE)
    assert (raw == 255).all()
    assert raw.nbytes * 4 == plain.nbytes


def test_a_difference_cannot_be_bytes():
    with pytest.raises(ValueError, match="negative"):
        Pixels(frame="difference", raw=True)
