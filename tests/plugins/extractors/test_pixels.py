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
