"""The 36 regions of MDMO, laid between the 68 landmarks (Liu et al. 2016)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.rois._landmarks import eye_distance, require_landmarks

_LIFT = 0.3

# Corners beside the 68 points: the middle between two of them, by name.
_MIDDLES = {
    "a": (3, 29),
    "b": (13, 29),
    "c": (2, 41),
    "d": (14, 46),
    "e": (4, 33),
    "f": (12, 33),
    "g": (5, 59),
    "h": (11, 55),
    "p": (6, 58),
    "q": (8, 57),
    "r": (10, 56),
}

# Per part of the face the corners of its regions, in the order in which they are walked around.
# ^17 is point 17 moved up, ^27 the middle between points 21 and 22 moved up.
_QUADS = {
    "forehead": "17 19 ^19 ^17|19 21 ^21 ^19|21 27 ^27 ^21|27 22 ^22 ^27|22 24 ^24 ^22|"
    "24 26 ^26 ^24",
    "brow": "1 0 17 36|36 17 19 38|38 19 21 39|39 21 27 28|28 27 22 42|42 22 24 43|43 24 26 45|"
    "45 26 16 15",
    "cheek": "3 2 c a|a c 41 39|a 39 28 29|29 28 42 b|b 42 46 d|b d 14 13",
    "nose": "e a 29 33|33 29 b f",
    "lip": "g e 33 59|55 33 f h",
    "mouth": "p g 59 58|q p 58 57|r q 57 56|h r 56 55",
    "jaw": "4 3 a e|f b 13 12|5 4 e g|h f 12 11",
    "chin": "6 5 g p|8 6 p q|10 8 q r|11 10 r h",
}


class MDMO36:
    """36 quadrilaterals between brows, eyes, nose, mouth and jaw, laid by 68 landmarks.

    They are named forehead1 … chin4, part by part from left to right in the picture. Corners
    outside the picture are moved to its edge.

    Args:
        lift: height of the forehead above the brows, as a share of the distance between the eye
            centres, above 0. 0.3 is a choice made here, as the published regions are drawings.
    """

    def __init__(self, *, lift: float = _LIFT) -> None:
        if not lift > 0:
            raise ValueError(f"lift={lift}; above 0")
        self.lift = lift

    def locate(self, faces: mertk.Faces) -> mertk.Regions:
        """Polygons `[4, 2]` with their boxes `[36, 4]`; raises `DataError` without 68 landmarks."""
        corners = _locate_corners(require_landmarks("mdmo36", faces), self.lift)
        limit = np.array(faces.size) - 1
        names, polygons = [], []
        for part, quads in _QUADS.items():
            for number, quad in enumerate(quads.split("|"), start=1):
                names.append(f"{part}{number}")
                polygons.append([corners[corner] for corner in quad.split()])
        found = np.clip(np.array(polygons), 0, limit).astype(np.float32)  # [regions, corners, 2]
        low, high = np.floor(found.min(axis=1)), np.floor(found.max(axis=1)) + 1
        boxes = np.hstack([low, np.maximum(high, low + 1)]).astype(np.int64)
        return mertk.Regions(names=tuple(names), boxes=boxes, polygons=tuple(found))


def _locate_corners(points: NDArray[np.float64], lift: float) -> dict[str, NDArray[np.float64]]:
    """Every corner by its name in the table above, `[2]` each."""
    up = np.array([0, -lift * eye_distance(points)])
    found = {str(at): point for at, point in enumerate(points)}
    found |= {name: points[list(pair)].mean(axis=0) for name, pair in _MIDDLES.items()}
    found |= {f"^{at}": points[at] + up for at in (17, 19, 21, 22, 24, 26)}
    found["^27"] = points[[21, 22]].mean(axis=0) + up
    return found


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.roi("mdmo36", MDMO36, paper="doi:10.1109/TAFFC.2015.2485205")
