"""The four regions of HTNet (Wang et al. 2024): both eyes and both corners of the mouth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk

_POINTS = {  # of the 68 landmarks; left and right are those of the picture
    "eye_left": slice(36, 42),
    "eye_right": slice(42, 48),
    "mouth_left": slice(48, 49),
    "mouth_right": slice(54, 55),
}
# where the authors' code puts them when it finds no face, as parts of the picture (x, y)
_USUAL = np.array([[9.53, 11.06], [21.40, 10.92], [10.26, 22.12], [20.58, 22.26]]) / 28


class HTNet4:
    """Windows around both eyes and both corners of the mouth, half as wide and high as the face.

    A window is moved until it lies in the picture. Without landmarks the windows lie where they do
    on a usual face, as in the authors' code.

    Args:
        face: whether the whole picture is a fifth region, which comes first.
    """

    def __init__(self, *, face: bool = False) -> None:
        self.face = face

    def locate(self, faces: mertk.Faces) -> mertk.Regions:
        """Boxes `[4, 4]`, or `[5, 4]` with the face; raises `DataError` for a face below 2x2."""
        size = np.array(faces.size)
        if size.min() < 2:
            raise mertk.DataError(f"a face of {size[0]}x{size[1]} px is too small for htnet4")
        half = size // 2
        corners = np.floor(self._locate_centres(faces) - half / 2 + 0.5).astype(np.int64)
        corners = np.clip(corners, 0, size - half)
        boxes = np.hstack([corners, corners + half])
        if not self.face:
            return mertk.Regions(names=tuple(_POINTS), boxes=boxes)
        return mertk.Regions(names=("face", *_POINTS), boxes=np.vstack([[0, 0, *size], boxes]))

    def _locate_centres(self, faces: mertk.Faces) -> NDArray[np.float64]:
        if faces.landmarks is None:
            return _USUAL * faces.size
        return np.stack([faces.landmarks[points].mean(axis=0) for points in _POINTS.values()])


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.roi("htnet4", HTNet4, paper="arxiv:2307.14637")
