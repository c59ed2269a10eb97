"""The two regions between landmarks."""

import numpy as np
import pytest

import mertk
from mertk_plugins.rois.eye_mouth import EyeMouth


def faces(points):
    frames = mertk.Frames.of(np.zeros((1, 100, 80, 3), np.uint8))
    return mertk.Faces(frames=frames, onset=0, offset=0, landmarks=points)


def landmarks():
    points = np.full((68, 2), 50, np.float32)
    for at, place in {1: (10, 45), 15: (70.4, 45), 19: (25, 20), 2: (12, 52), 14: (68, 52)}.items():
        points[at] = place
    points[6] = (30, 90)
    return points


def test_eyes_and_mouth_lie_between_their_landmarks():
    found = EyeMouth().locate(faces(landmarks()))
    assert found.names == ("eyes", "mouth")
    assert found.boxes.tolist() == [[10, 20, 70, 45], [12, 52, 68, 90]]


def test_regions_end_where_the_picture_does():
    points = landmarks()
    points[1, 0], points[6, 1] = -7, 130
    assert EyeMouth().locate(faces(points)).boxes.tolist() == [[0, 20, 70, 45], [12, 52, 68, 100]]


def test_landmarks_are_needed_and_have_to_be_upright():
    with pytest.raises(mertk.DataError, match="eye_similarity"):
        EyeMouth().locate(faces(None))
    with pytest.raises(mertk.DataError, match="upright"):
        EyeMouth().locate(faces(landmarks()[::-1].copy()))
