"""The changes of distances between landmarks."""

import cv2
import numpy as np
import pytest

import mertk
from mertk_plugins.extractors.landmark_lfm import LandmarkLFM

WHOLE = mertk.Regions(names=("face",), boxes=np.array([[0, 0, 96, 96]]))


def picture():
    noise = np.random.default_rng(0).integers(0, 255, (96, 96), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3)


def points():
    side = np.linspace(20, 76, 9)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    return grid[:68].astype(np.float32)


def faces(move, landmarks=True):
    """Five frames; `move` gives the affine motion from the onset at part t of the way."""
    clip = [cv2.warpAffine(picture(), move(t), (96, 96), flags=cv2.INTER_CUBIC,
                           borderMode=cv2.BORDER_REFLECT) for t in np.linspace(0, 1, 5)]  # fmt: skip
    clip = np.repeat(np.stack(clip)[..., None], 3, axis=-1)
    clip = np.concatenate([clip[-1:], clip])  # a frame before the onset, which is not looked at
    return mertk.Faces(
        frames=mertk.Frames.of(clip),
        onset=1,
        offset=5,
        landmarks=points() if landmarks else None,
    )


def stretched(t):
    return np.array([[1 + 0.04 * t, 0, -48 * 0.04 * t], [0, 1, 0]])


def moved(t):
    return np.array([[1, 0, 1.5 * t], [0, 1, -t]])


def test_a_stretch_changes_distances_along_it_and_a_shift_changes_none():
    made = LandmarkLFM(frames=5, scale=False)
    found = made.extract(faces(stretched), WHOLE)
    assert found.shape == (1, 5, 68, 68)
    assert not found[0, 0].any()
    assert np.array_equal(found, found.swapaxes(2, 3))
    left, right, below = 0, 8, 54  # ends of a row 56 px long, and a point under its left end
    eyes = points()[36:42].mean(axis=0) - points()[42:48].mean(axis=0)
    assert found[0, 4, left, right] * np.hypot(*eyes) == pytest.approx(0.04 * 56, rel=0.3)
    assert abs(found[0, 4, left, below]) < 0.2 * found[0, 4, left, right]
    still = made.extract(faces(moved), WHOLE)
    assert np.abs(still).mean() < 0.4 * np.abs(found).mean()


def test_maps_are_scaled_by_the_largest_change_of_the_clip():
    found = LandmarkLFM(frames=3).extract(faces(stretched), WHOLE)
    assert np.abs(found).max() == pytest.approx(1)
    still = LandmarkLFM(frames=3).extract(faces(lambda _t: np.eye(2, 3)), WHOLE)
    assert np.abs(still).max() < 0.01


def test_landmarks_are_needed():
    with pytest.raises(mertk.DataError, match="eye_similarity"):
        LandmarkLFM().extract(faces(moved, landmarks=False), WHOLE)
