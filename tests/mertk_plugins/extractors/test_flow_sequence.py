"""Flow to several moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mertk import DataError, Faces, Frames, Regions
from mertk_plugins.extractors.flow import Flow
from mertk_plugins.extractors.flow_sequence import FlowSequence

WHOLE = Regions(names=("face",), boxes=np.array([[0, 0, 64, 48]]))


def moving(frames: int = 9, **timing: int) -> Faces:
    """A pattern that goes 0.4 px a frame to the right."""
    y, x = np.mgrid[:48, :64].astype(float)
    clip = [127 + 60 * np.sin((x - 0.4 * t) / 4) * np.cos(y / 5) for t in range(frames)]
    pixels = np.repeat(np.rint(clip).astype(np.uint8)[..., None], 3, axis=3)
    return Faces(
        **({"frames": Frames.of(pixels), "onset": 0, "apex": 4, "offset": frames - 1} | timing)
    )


def test_a_moment_is_what_the_extractor_flow_gives_for_that_frame():
    faces = moving()
    found = FlowSequence(frames=3, size=16).extract(faces, WHOLE)
    assert found.shape == (1, 3, 3, 16, 16)
    for at, frame in enumerate((3, 4, 5)):
        alone = Flow(size=16).extract(replace(faces, apex=frame), WHOLE)
        np.testing.assert_array_equal(found[:, at], alone)


def test_flow_grows_from_moment_to_moment():
    found = FlowSequence(frames=3, normalise="none").extract(moving(), WHOLE)
    speeds = np.median(found[0, :, 0], axis=(1, 2))
    np.testing.assert_allclose(speeds, [1.2, 1.6, 2.0], atol=0.15)


def test_the_middle_needs_no_apex():
    finder = FlowSequence(frames=4, around="middle")
    known, unknown = (finder.extract(moving(apex=apex), WHOLE) for apex in (7, None))
    np.testing.assert_array_equal(known, unknown)


def test_frames_come_twice_where_there_are_few_and_the_onset_never():
    found = FlowSequence(frames=5, normalise="none").extract(moving(3, onset=0, apex=1), WHOLE)
    assert found.shape[1] == 5
    assert (np.median(found[0, :, 0], axis=(1, 2)) > 0.2).all()


def test_a_clip_of_one_frame_does_not_move():
    still = moving(1, onset=0, apex=0)
    found = FlowSequence(frames=2, normalise="none").extract(still, WHOLE)
    assert np.abs(found).mean() < 0.05  # Farneback flow is not quite 0 near the edges


def test_colours_show_direction_as_hue_and_size_as_value():
    found = FlowSequence(frames=2, colour=True).extract(moving(), WHOLE)
    assert found.shape == (1, 2, 3, 28, 28)
    assert found.min() >= 0
    np.testing.assert_allclose(found.max(axis=(2, 3, 4)), 1, atol=1e-6)
    red, green, blue = found[0, 0]
    bright = red > 0.5  # to the right is hue 0: red
    assert bright.mean() > 0.3
    assert max(green[bright].mean(), blue[bright].mean()) < 0.4


def test_no_frames_and_no_moments_are_refused():
    nothing = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    known = np.zeros((48, 64, 3), np.float32)
    with pytest.raises(DataError, match="needs frames"):
        FlowSequence().extract(Faces(frames=nothing, onset=0, offset=1, flow=known), WHOLE)
    with pytest.raises(ValueError, match="frames=0"):
        FlowSequence(frames=0)
