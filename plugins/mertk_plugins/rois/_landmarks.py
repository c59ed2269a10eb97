"""The 68 landmarks of a face, for regions that are laid by them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk


def require_landmarks(scheme: str, faces: mertk.Faces) -> NDArray[np.float64]:
    """The points `[68, 2]` (x, y); raises `DataError` for a face without them."""
    points = faces.landmarks
    if points is None or np.shape(points) != (68, 2) or not np.isfinite(points).all():
        given = "none" if points is None else f"{list(np.shape(points))}, or some not finite"
        raise mertk.DataError(
            f"{scheme} is laid by 68 landmarks [68, 2]; this face has {given}: use an aligner "
            "that finds them, such as eye_similarity:points=68"
        )
    return np.asarray(points, np.float64)


def eye_distance(points: NDArray[np.float64]) -> float:
    """Pixels between the centres of the eyes."""
    return float(np.hypot(*(points[42:48].mean(axis=0) - points[36:42].mean(axis=0))))
