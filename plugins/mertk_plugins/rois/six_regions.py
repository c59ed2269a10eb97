"""The six facial regions of Aouayeb et al. (2022, doi 10.3389/frsip.2022.861469)."""

from __future__ import annotations

import numpy as np

import mertk

_CANVAS = (240, 280)
_BOXES = {  # x0, y0, x1, y1 on the canvas
    "eye_left": (0, 20, 100, 100),
    "eye_right": (140, 20, 240, 100),
    "nose": (60, 80, 180, 160),
    "cheek_left": (0, 120, 60, 180),
    "cheek_right": (180, 120, 240, 180),
    "mouth": (40, 180, 200, 240),
}


class SixRegions:
    """Both eyes with their brows, nose, both cheeks and mouth, as fixed boxes.

    The order is the authors' R0 … R5: eye_left, eye_right, nose, cheek_left, cheek_right, mouth;
    left and right are those of the picture, not of the person. The boxes are made for the
    240x280 picture of the aligner `landmark_crop` and are scaled to a face of another size. They
    overlap (eyes and nose) and leave gaps.
    """

    def locate(self, faces: mertk.Faces) -> mertk.Regions:
        """Boxes `[6, 4]`; raises `DataError` where the face is too small to hold them."""
        scale = np.array(faces.size) / _CANVAS
        boxes = np.array(list(_BOXES.values())) * np.tile(scale, 2)
        boxes = np.floor(boxes + 0.5).astype(np.int64)
        if (boxes[:, 2:] <= boxes[:, :2]).any():
            raise mertk.DataError(
                f"a face of {faces.size[0]}x{faces.size[1]} px is too small for six regions; "
                "use an aligner that gives larger faces"
            )
        return mertk.Regions(names=tuple(_BOXES), boxes=boxes)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.roi("six_regions", SixRegions, paper="doi:10.3389/frsip.2022.861469")
