"""Twelve regions that single action units move, as boxes around landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.rois._landmarks import eye_distance, require_landmarks

# The landmarks around which a box is laid, and by how much of the distance between the eyes it
# reaches over them: left, up, right, down.
_BOXES: dict[str, tuple[list[int], tuple[float, float, float, float]]] = {
    "forehead": ([19, 24], (0.1, 0.5, 0.1, -0.1)),
    "brow_left": ([*range(17, 22)], (0.1, 0.15, 0.0, 0.1)),
    "brow_right": ([*range(22, 27)], (0.0, 0.15, 0.1, 0.1)),
    "between_brows": ([21, 22, 27], (0.05, 0.1, 0.05, 0.0)),
    "eye_left": ([*range(36, 42)], (0.1, 0.1, 0.1, 0.1)),
    "eye_right": ([*range(42, 48)], (0.1, 0.1, 0.1, 0.1)),
    "nose": ([28, *range(31, 36)], (0.1, 0.0, 0.1, 0.05)),
    "cheek_left": ([36, 41, 31, 3], (0.0, -0.2, 0.0, 0.0)),
    "cheek_right": ([45, 46, 35, 13], (0.0, -0.2, 0.0, 0.0)),
    "mouth_left": ([48, 49, 51, 57, 59], (0.15, 0.1, 0.0, 0.1)),
    "mouth_right": ([51, 53, 54, 55, 57], (0.0, 0.1, 0.15, 0.1)),
    "chin": ([6, 8, 10, 57], (0.0, -0.1, 0.0, 0.0)),
}


class FACS12:
    """Twelve boxes around landmarks, one for each part of the face that an action unit moves.

    They are the forehead, the brows, the space between them, the eyes, the nose, the cheeks, the
    corners of the mouth and the chin. Polikovsky et al. 2009 cut faces into twelve regions by the
    action units that show in them. Their drawing gives no coordinates; the boxes here are laid
    around the 68 landmarks.
    """

    def locate(self, faces: mertk.Faces) -> mertk.Regions:
        """Boxes `[12, 4]`, cut at the picture's edge; raises `DataError` without 68 landmarks."""
        points = require_landmarks("facs12", faces)
        unit = eye_distance(points)
        limit = np.array(faces.size)
        boxes = [
            _make_box(points[at], np.array(reach) * unit, limit) for at, reach in _BOXES.values()
        ]
        return mertk.Regions(names=tuple(_BOXES), boxes=np.array(boxes, np.int64))


def _make_box(
    points: NDArray[np.float64], reach: NDArray[np.float64], limit: NDArray[np.int64]
) -> NDArray[np.float64]:
    """x0, y0, x1, y1 in whole pixels of the picture, at least one wide and high."""
    low = np.clip(np.floor(points.min(axis=0) - reach[:2] + 0.5), 0, limit - 1)
    high = np.clip(np.floor(points.max(axis=0) + reach[2:] + 0.5), low + 1, limit)
    return np.concatenate([low, high])


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.roi("facs12", FACS12, paper="doi:10.1049/ic.2009.0244")
