"""A face followed through a long video, with a bright square for a face."""

from __future__ import annotations

import numpy as np
import pytest

import mertk
from mertk.spotting.face_tracking import track_face

SIDE = 40
FPS = 20.0


class Square:
    """Registers the bright square of the first frame that it is asked about to 40x40 pixels."""

    def align(self, footage: mertk.Footage) -> mertk.Faces:
        picture = footage.frames[footage.onset]
        rows, columns = np.nonzero(picture[..., 0] > 200)
        if not len(rows):
            raise mertk.DataError(f"no face found in frame {footage.onset}; come closer")
        scale = SIDE / (columns.max() - columns.min() + 1)
        shift = -scale * (np.array([columns.min(), rows.min()]) - 0.5) - 0.5
        transform = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        return footage.warped(transform, (SIDE, SIDE), landmarks=np.zeros((68, 2), np.float32))


def scene(places, size=(120, 160), background=40):
    """Frames with a square of `SIDE` pixels at each place (x, y); None: without."""
    pictures = np.full((len(places), *size, 3), background, np.uint8)
    for picture, place in zip(pictures, places, strict=True):
        if place is not None:
            x, y = place
            picture[y : y + SIDE, x : x + SIDE] = 230
    return pictures


def test_a_moving_face_stays_in_place():
    pictures = scene([(20 + at, 30) for at in range(61)])
    (stretch,), gaps = track_face(mertk.Frames.of(pictures), FPS, Square())
    assert (stretch.first, stretch.last, gaps) == (0, 60, [])
    assert stretch.faces.frames.shape == (61, SIDE, SIDE, 3)
    corners = stretch.corners[15:45, 0]
    np.testing.assert_allclose(corners[:, 0], 20 + np.arange(15, 45), atol=1)
    assert min(int(stretch.faces.frames[at].min()) for at in range(12, 48)) > 130
    assert stretch.faces.landmarks is not None


def test_where_no_face_is_there_is_a_gap_that_says_why():
    places = [(20, 30)] * 40 + [None] * 25 + [(20, 30)] * 40
    pictures = scene(places, size=(240, 320))
    stretches, (gap,) = track_face(mertk.Frames.of(pictures), FPS, Square())
    assert [(one.first, one.last) for one in stretches] == [(0, 30), (70, 104)]
    assert (gap.first, gap.last, gap.reason) == (31, 69, "no face found in frame 40")
    assert all(int(one.faces.frames[:].min()) == 230 for one in stretches)


def test_a_cut_ends_a_stretch_though_the_face_is_there_again():
    pictures = scene([(20, 30)] * 50)
    pictures[33:][pictures[33:] < 200] = 120
    stretches, gaps = track_face(mertk.Frames.of(pictures), FPS, Square())
    assert [(one.first, one.last) for one in stretches] == [(0, 32), (33, 49)]
    assert not gaps


def test_light_that_flickers_is_soon_no_cut():
    """Else the face would be looked for in every frame, which takes longer than the video."""
    looked = []

    class Counting(Square):
        def align(self, footage):
            looked.append(footage.onset)
            return super().align(footage)

    pictures = scene([(20, 30)] * 200)
    pictures[::2][pictures[::2] < 200] = 90
    stretches, _ = track_face(mertk.Frames.of(pictures), FPS, Counting())
    assert len(looked) < 60
    assert stretches[-1].last == 199
    assert len(stretches[-1].corners) > 150


def test_a_face_elsewhere_is_another_one():
    pictures = scene([(10, 10)] * 25 + [(110, 70)] * 25)
    stretches, _ = track_face(mertk.Frames.of(pictures), FPS, Square())
    assert len(stretches) == 2
    assert all(int(one.faces.frames[:].min()) > 200 for one in stretches)


def test_nobody_at_all_is_one_gap():
    stretches, gaps = track_face(mertk.Frames.of(scene([None] * 30)), FPS, Square())
    assert not stretches
    assert [(one.first, one.last) for one in gaps] == [(0, 29)]


def test_large_pictures_are_looked_at_small_and_followed_in_their_own_pixels():
    pictures = np.repeat(np.repeat(scene([(40, 30)] * 21), 10, axis=1), 10, axis=2)
    (stretch,), _ = track_face(mertk.Frames.of(pictures), FPS, Square())
    np.testing.assert_allclose(stretch.corners[:, 0], [[404.5, 304.5]] * 21, atol=0.5)
    np.testing.assert_allclose(stretch.corners[:, 1, 0], 804.5, atol=0.5)


def test_every_frame_is_a_step_and_frames_are_read_forward():
    asked, steps = [], []
    pictures = scene([(20, 30)] * 45)

    def read(at):
        asked.append(at)
        return pictures[at]

    track_face(mertk.Frames(read, 45), FPS, Square(), lambda: steps.append(1))
    assert len(steps) == 45
    assert asked == sorted(asked)
    assert set(asked) == set(range(45))


def test_an_aligner_that_tells_no_place_is_refused():
    class Blind:
        def align(self, footage):
            return footage.faces()

    with pytest.raises(mertk.DataError, match="gives no transform"):
        track_face(mertk.Frames.of(scene([(20, 30)] * 5)), FPS, Blind())
