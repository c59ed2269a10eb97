"""The motion of landmarks after the onset, without that of the head."""

import cv2
import numpy as np
import pytest

import mertk
from mertk_plugins.extractors.landmark_motion import LandmarkMotion

WHOLE = mertk.Regions(names=("face",), boxes=np.array([[0, 0, 160, 160]]))
SIDE = 160


def points():
    """68 points on a grid; the eyes are 14 px apart."""
    x, y = np.meshgrid(np.linspace(30, 130, 9), np.linspace(30, 130, 8))
    return np.stack([x.ravel(), y.ravel()], -1)[:68]


def faces(map_at, landmarks=True):
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE), dtype=np.uint8)
    picture = cv2.GaussianBlur(noise, (0, 0), 3)
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    frames = []
    for part in np.linspace(0, 1, 5):
        right, down = map_at(columns, rows)
        frame = cv2.remap(
            picture,
            (columns - part * right).astype(np.float32),
            (rows - part * down).astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        )
        frames.append(np.repeat(frame[..., None], 3, -1))
    return mertk.Faces(
        frames=mertk.Frames.of(np.stack(frames)),
        onset=0,
        apex=4,
        offset=4,
        landmarks=points() if landmarks else None,
    )


def bump(columns, rows):
    """Two pixels down around landmark 31, in the middle, in a circle of 15 px."""
    x, y = points()[31]
    return 0 * rows, 2 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 15**2))


def test_a_landmark_that_moves_moves_and_the_others_do_not():
    found = LandmarkMotion(frames=2).extract(faces(bump), WHOLE)
    assert found.shape == (1, 2, 68, 2)
    eyes = np.hypot(*(points()[42:48].mean(0) - points()[36:42].mean(0)))
    down = found[0, 1, :, 1] * eyes / 100
    assert down[31] == pytest.approx(2, abs=0.5)
    assert np.median(np.abs(down)) < 0.15
    assert found[0, 0, 31, 1] == pytest.approx(found[0, 1, 31, 1] / 2, rel=0.3)


def test_a_shift_of_the_head_is_no_motion():
    found = LandmarkMotion(frames=1).extract(faces(lambda x, y: (1.5 + 0 * x, -1 + 0 * y)), WHOLE)
    eyes = np.hypot(*(points()[42:48].mean(0) - points()[36:42].mean(0)))
    assert np.abs(found).mean() * eyes / 100 < 0.2  # of a shift by 1.8 pixels


def test_landmarks_are_needed():
    with pytest.raises(mertk.DataError, match="eye_similarity:points=68"):
        LandmarkMotion().extract(faces(bump, landmarks=False), WHOLE)
