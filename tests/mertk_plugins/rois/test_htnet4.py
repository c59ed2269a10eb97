"""The windows of HTNet."""

import numpy as np
import pytest

import mertk
from mertk_plugins.rois.htnet4 import HTNet4


def faces(size=56, landmarks=None):
    frames = mertk.Frames.of(np.zeros((1, size, size, 3), np.uint8))
    return mertk.Faces(frames=frames, onset=0, offset=0, landmarks=landmarks)


def points(**places):
    found = np.full((68, 2), 28, np.float32)
    for name, at in {"eye_left": slice(36, 42), "eye_right": slice(42, 48)}.items():
        found[at] = places[name]
    found[48], found[54] = places["mouth_left"], places["mouth_right"]
    return found


def test_windows_of_half_the_face_lie_around_eyes_and_corners_of_the_mouth():
    known = points(eye_left=(18, 20), eye_right=(38, 21), mouth_left=(20, 40), mouth_right=(36, 41))
    regions = HTNet4().locate(faces(landmarks=known))
    assert regions.names == ("eye_left", "eye_right", "mouth_left", "mouth_right")
    assert (regions.boxes[:, 2:] - regions.boxes[:, :2] == 28).all()
    centres = (regions.boxes[:, :2] + regions.boxes[:, 2:]) / 2
    assert centres.tolist() == [[18, 20], [38, 21], [20, 40], [36, 41]]


def test_windows_are_moved_into_the_picture():
    known = points(eye_left=(2, 1), eye_right=(55, 3), mouth_left=(0, 56), mouth_right=(60, 70))
    boxes = HTNet4().locate(faces(landmarks=known)).boxes
    assert boxes.tolist() == [
        [0, 0, 28, 28], [28, 0, 56, 28], [0, 28, 28, 56], [28, 28, 56, 56]
    ]  # fmt: skip


def test_without_landmarks_they_lie_as_on_a_usual_face():
    boxes = HTNet4().locate(faces(28)).boxes
    assert boxes[:, :2].tolist() == [[3, 4], [14, 4], [3, 14], [14, 14]]


def test_the_face_can_come_first():
    regions = HTNet4(face=True).locate(faces())
    assert regions.names[0] == "face"
    assert regions.boxes[0].tolist() == [0, 0, 56, 56]
    assert len(regions) == 5


def test_a_face_of_one_pixel_is_refused():
    with pytest.raises(mertk.DataError, match="too small"):
        HTNet4().locate(faces(1))
