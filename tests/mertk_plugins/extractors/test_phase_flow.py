"""Flow of the rise and of the fall of an expression."""

import cv2
import numpy as np
import pytest

import mertk
from mertk_plugins.extractors.flow import Flow
from mertk_plugins.extractors.phase_flow import PhaseFlow

WHOLE = mertk.Regions(names=("face",), boxes=np.array([[0, 0, 48, 48]]))


def faces(apex=4):
    """A pattern that goes right until frame 4 and comes back until frame 8."""
    noise = np.random.default_rng(0).integers(0, 255, (48, 48), dtype=np.uint8)
    picture = cv2.GaussianBlur(noise, (0, 0), 2)
    frames = []
    for at in range(9):
        move = np.array([[1, 0, 0.5 * min(at, 8 - at)], [0, 1, 0]])
        moved = cv2.warpAffine(picture, move, (48, 48), borderMode=cv2.BORDER_REFLECT)
        frames.append(np.repeat(moved[..., None], 3, -1))
    pixels = np.stack(frames)
    return mertk.Faces(frames=mertk.Frames.of(pixels), onset=0, apex=apex, offset=8)


def test_rise_and_fall_are_opposite_and_half_of_the_way_is_shorter():
    found = PhaseFlow(size=8, normalise="none").extract(faces(), WHOLE)
    assert found.shape == (1, 4, 3, 8, 8)
    right = found[0, :, 0].mean(axis=(1, 2))
    assert right[0] > 0.5
    assert right[1] < -0.5
    assert 0 < right[2] < 0.8 * right[0]
    assert 0.8 * right[1] < right[3] < 0
    alone = Flow(size=8, normalise="none").extract(faces(), WHOLE)
    assert np.array_equal(found[:, 0], alone)


def test_the_middle_stands_for_an_apex_that_is_not_known():
    extract = PhaseFlow(size=8).extract
    assert np.array_equal(extract(faces(None), WHOLE), extract(faces(4), WHOLE))


def test_frames_are_needed():
    flow = np.zeros((8, 8, 3), np.float32)
    with pytest.raises(mertk.DataError, match="flow map alone"):
        PhaseFlow().extract(
            mertk.Faces(
                frames=mertk.Frames.of(np.empty((0, 8, 8, 3), np.uint8)),
                onset=0,
                offset=0,
                flow=flow,
            ),
            WHOLE,
        )
