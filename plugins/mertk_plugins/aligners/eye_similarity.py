"""Rotate, scale and shift by the eyes: the common similarity registration of faces."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.aligners._landmarks import Detector, Face, find_all_landmarks, landmarks_at

_ALL = 68
_EYES = {68: (slice(36, 42), slice(42, 48)), 5: (slice(2, 4), slice(0, 2))}
"""By the number of landmarks, those of the left and the right eye in the picture."""


class EyeSimilarity:
    """Rotate, scale and shift the face so that the centres of the eyes lie at fixed positions.

    The transform is found on the onset frame and used for all frames. An eye centre is the mean of
    its two corners, or of its six landmarks (36-41, 42-47). In the result, a square, the eyes are
    level and lie symmetrically in x; with the defaults the face just fits from brows to chin.
    Pixels from outside the picture are black.

    Args:
        size: side of the square, in pixels, 1 or more.
        eye_distance: distance between the eye centres, as a share of `size`, between 0 and 1.
        eye_height: distance of the eye centres from the top edge, as a share of `size`, between 0
            and 1.
        points: how many landmarks dlib finds: 5 are enough for the eyes, and their model is free
            of iBUG 300-W, whose licence excludes commercial use; regions that are laid by landmarks
            need 68. Landmarks of the data set are 68 in any case.
        detector, face: see `mertk_plugins.aligners._landmarks.landmarks_at`.
    """

    def __init__(
        self,
        *,
        size: int = 224,
        eye_distance: float = 0.36,
        eye_height: float = 0.28,
        points: Literal[5, 68] = 5,
        detector: Detector = "auto",
        face: Face = "one",
    ) -> None:
        if size < 1:
            raise ValueError(f"size must be 1 or more, not {size}")
        if not 0 < eye_distance < 1 or not 0 < eye_height < 1:
            raise ValueError(
                "eye_distance and eye_height are parts of the size, between 0 and 1, not "
                f"{eye_distance} and {eye_height}"
            )
        self.size = size
        self.eye_distance = eye_distance
        self.eye_height = eye_height
        self.points: Literal[5, 68] = points
        self.detector: Detector = detector
        self.face: Face = face

    def align(self, footage: mertk.Footage) -> mertk.Faces:
        """One similarity for all frames; raises `DataError` where no single face is found."""
        points = landmarks_at(
            footage, footage.onset, self.detector, count=self.points, face=self.face
        )
        return self._align_by(points, footage)

    def align_all(self, footage: mertk.Footage) -> list[mertk.Faces]:
        """One similarity for every face in the onset frame; `face` does not count."""
        found = find_all_landmarks(footage, footage.onset, self.detector, count=self.points)
        return [self._align_by(points, footage) for points in found]

    def _align_by(self, points: NDArray[np.float32], footage: mertk.Footage) -> mertk.Faces:
        transform = _compute_similarity(_compute_eye_centres(points), self._compute_targets())
        known = points if len(points) == _ALL else None
        return footage.warped(transform, (self.size, self.size), landmarks=known)

    def _compute_targets(self) -> NDArray[np.float64]:
        half = self.eye_distance / 2
        targets = np.array([[0.5 - half, self.eye_height], [0.5 + half, self.eye_height]])
        return targets * self.size - 0.5  # integer coordinates are pixel centres


def _compute_eye_centres(points: NDArray[np.float32]) -> NDArray[np.float64]:
    centres = np.stack([points[eye].mean(axis=0, dtype=np.float64) for eye in _EYES[len(points)]])
    if np.hypot(*(centres[1] - centres[0])) < 1:
        raise mertk.DataError(
            "the landmarks put both eyes (points 36-41 and 42-47) at one point; they must be the "
            "68 points in the order of iBUG 300-W, counted from 0. Try detector=dlib"
        )
    return centres


def _compute_similarity(
    source: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The rotation, scale and shift `[2, 3]` that takes two points `[2, 2]` to two others."""
    # As complex numbers, a similarity is one multiplication (turn and scale) and one addition.
    a0, a1 = source @ [1, 1j]
    b0, b1 = target @ [1, 1j]
    turn = (b1 - b0) / (a1 - a0)
    shift = b0 - turn * a0
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.aligner("eye_similarity", EyeSimilarity)
