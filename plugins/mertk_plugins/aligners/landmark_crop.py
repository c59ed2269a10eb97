"""The brow-to-chin crop of Aouayeb et al. (2022, doi 10.3389/frsip.2022.861469)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.aligners._landmarks import Detector, Face, find_all_landmarks, landmarks_at

Box = tuple[float, float, float, float]

_WHITE = 255
_SMALLEST = 8  # px: no face, and nearly nothing to enlarge


class LandmarkCrop:
    """Crop the face from brows to chin by its landmarks, and fit it into a white canvas.

    The landmarks of one frame give one crop for all frames. The box runs from point 17 to 26 (outer
    ends of the brows) in x, and from the higher of points 18 and 25 (brows) to point 8 (chin) in y,
    without margin and without rotation. It keeps its aspect ratio and is centred in the canvas;
    what it does not cover is white.

    Args:
        width: width of the canvas, in pixels, 1 or more.
        height: height of the canvas, in pixels, 1 or more.
        upscale: whether a face that is smaller than the canvas is enlarged; the authors' code
            leaves it at its size.
        bars: number of rows that stay white at the top, and as many at the bottom, 0 or more and
            below half of `height`. The paper names none, but its eye regions begin at y = 20.
            Without bars, a face that is clearly taller than wide fills the whole height, and its
            brows lie above these regions; 20 lowers the brows into them.
        frame: the frame whose landmarks are used: `onset`, or `first`, the first frame of the clip,
            which differs where a clip begins before its onset.
        detector, face: see `mertk_plugins.aligners._landmarks.landmarks_at`.
    """

    def __init__(
        self,
        *,
        width: int = 240,
        height: int = 280,
        upscale: bool = True,
        bars: int = 0,
        frame: Literal["onset", "first"] = "onset",
        detector: Detector = "auto",
        face: Face = "one",
    ) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"width and height must be 1 or more, not {width}x{height}")
        if not 0 <= 2 * bars < height:
            raise ValueError(f"bars={bars} leave no room in a height of {height}; use fewer rows")
        if frame == "first" and detector == "dataset":
            raise ValueError("a data set's landmarks are those of the onset frame: frame='onset'")
        self.size = (width, height)
        self.room = (width, height - 2 * bars)
        self.upscale = upscale
        self.frame = frame
        self.detector: Detector = detector
        self.face: Face = face

    def align(self, footage: mertk.Footage) -> mertk.Faces:
        """One crop for all frames; raises `DataError` where no single face is found."""
        at = footage.onset if self.frame == "onset" else 0
        points = landmarks_at(footage, at, self.detector, face=self.face)
        return self._crop_by(points, footage)

    def align_all(self, footage: mertk.Footage) -> list[mertk.Faces]:
        """One crop for every face in the frame of the landmarks; `face` does not count."""
        at = footage.onset if self.frame == "onset" else 0
        return [
            self._crop_by(one, footage) for one in find_all_landmarks(footage, at, self.detector)
        ]

    def _crop_by(self, points: NDArray[np.float32], footage: mertk.Footage) -> mertk.Faces:
        box = _compute_box(points)
        transform, window = _centre_box(
            box, _compute_scale(box, self.room, self.upscale), self.size
        )
        return footage.warped(transform, self.size, landmarks=points, border=_WHITE, window=window)


def _compute_box(points: NDArray[np.float32]) -> Box:
    left, right = float(points[17, 0]), float(points[26, 0])
    top, bottom = float(min(points[18, 1], points[25, 1])), float(points[8, 1])
    if right - left < _SMALLEST or bottom - top < _SMALLEST:
        raise mertk.DataError(
            f"the landmarks give no crop: x {left:g} … {right:g} (points 17, 26), "
            f"y {top:g} … {bottom:g} (points 18, 25, 8); they must be the 68 points of an upright "
            "face in the order of iBUG 300-W, counted from 0. Try detector=dlib"
        )
    return left, top, right, bottom


def _compute_scale(box: Box, room: tuple[int, int], upscale: bool) -> float:
    scale = min(room[0] / (box[2] - box[0]), room[1] / (box[3] - box[1]))
    return scale if upscale else min(scale, 1.0)


def _centre_box(
    box: Box, scale: float, size: tuple[int, int]
) -> tuple[NDArray[np.float64], tuple[int, int, int, int]]:
    """The affine map `[2, 3]` of the box into the middle of `size`, and the window it fills.

    Integer coordinates are pixel centres, so pixel `left` covers left - 0.5 … left + 0.5.
    """
    origin = np.array(box[:2])
    start = (np.array(size) - scale * (np.array(box[2:]) - origin)) / 2
    shift = start - 0.5 - scale * (origin - 0.5)
    x0, y0 = np.floor(np.round(start, 6) + 0.5).astype(int).tolist()
    transform = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return transform, (x0, y0, size[0] - x0, size[1] - y0)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.aligner("landmark_crop", LandmarkCrop, paper="doi:10.3389/frsip.2022.861469")
