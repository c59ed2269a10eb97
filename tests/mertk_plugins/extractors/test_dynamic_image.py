"""A clip as one picture."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import DataError, Faces, Frames, Regions
from mertk_plugins.extractors.dynamic_image import DynamicImage

WHOLE = Regions(names=("face",), boxes=np.array([[0, 0, 8, 8]]))


def faces() -> Faces:
    """The left half gets brighter until the apex, and then the right half."""
    clip = np.full((7, 8, 8, 3), 50, np.uint8)
    for at in range(7):
        clip[at, :, :4] += 10 * min(at, 3)
        clip[at, :, 4:] += 10 * max(at - 3, 0)
    return Faces(frames=Frames.of(clip), onset=0, apex=3, offset=6)


def test_what_changes_until_the_apex_is_bright_and_what_does_not_is_dark():
    found = DynamicImage(size=8).extract(faces(), WHOLE)
    assert found.shape == (1, 1, 8, 8)
    assert (found[..., :4] == 1).all()
    assert (found[..., 4:] == 0).all()


def test_the_weights_are_those_of_approximate_rank_pooling():
    clip = np.zeros((4, 2, 2, 3), np.uint8)
    clip[:, 0, 0], clip[:, 1, 1] = [[10], [20], [30], [50]], [[9], [9], [90], [9]]
    shown = Faces(frames=Frames.of(clip), onset=0, offset=3)
    two = Regions(names=("face",), boxes=np.array([[0, 0, 2, 2]]))
    found = DynamicImage(phase="whole", size=2).extract(shown, two)[0, 0]
    first, second = -3 * 10 - 20 + 30 + 3 * 50, 90 - 9
    np.testing.assert_allclose(found, [[1, 0], [0, second / first]], rtol=1e-6)


def test_both_phases_stand_side_by_side():
    found = DynamicImage(phase="both", size=4).extract(faces(), WHOLE)
    assert found.shape == (1, 2, 1, 4, 4)
    assert found[0, :, 0, 0].tolist() == [[1, 1, 0, 0], [0, 0, 1, 1]]


def test_a_clip_that_does_not_move_gives_zero():
    still = Faces(frames=Frames.of(np.full((3, 8, 8, 3), 9, np.uint8)), onset=0, offset=2)
    assert not DynamicImage(colour=True).extract(still, WHOLE).any()


def test_colour_gives_three_channels_per_region():
    halves = Regions(names=("l", "r"), boxes=np.array([[0, 0, 4, 8], [4, 0, 8, 8]]))
    assert DynamicImage(colour=True, size=5).extract(faces(), halves).shape == (2, 3, 5, 5)


def test_a_clip_without_frames_and_a_size_of_0_are_refused():
    nothing = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    known = np.zeros((8, 8, 3), np.float32)
    with pytest.raises(DataError, match="needs frames"):
        DynamicImage().extract(Faces(frames=nothing, onset=0, offset=1, flow=known), WHOLE)
    with pytest.raises(ValueError, match="size=0"):
        DynamicImage(size=0)
