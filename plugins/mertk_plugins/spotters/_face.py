"""Small grey pictures of a registered face, with positions relative to the eyes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

Around = tuple[float, float, float, float]
"""How far a picture reaches to the left, up, right and down, in distances between the eyes."""

_EYES = (slice(36, 42), slice(42, 48))
_FIXED = (0.36, 0.28)  # distance and height of the eyes, as the aligner eye_similarity puts them
_NEAREST = 8.0  # pixels between eyes that are eyes


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the picture and how it is shrunk.

    `middle` (x, y) lies between the eyes and `unit` is the distance between them, both in pixels of
    the small picture, which is `size` (width, height).
    """

    rows: slice
    columns: slice
    size: tuple[int, int]
    middle: tuple[float, float]
    unit: float

    def small(self, frame: Pixels) -> Pixels:
        """The part of a frame `[h, w, 3]` as a small grey picture `[height, width]`."""
        import cv2

        part = optical_flow.convert_to_grey(frame[self.rows, self.columns])
        found: Pixels = cv2.resize(part, self.size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return found

    def box(self, centre: tuple[float, float], reach: float) -> tuple[slice, slice]:
        """Rows and columns around a point (x, y), relative to the eyes, in distances of them."""
        ends = []
        for middle, at, length in zip(self.middle, centre, self.size, strict=True):
            low, high = (middle + (at + side * reach) * self.unit for side in (-1, 1))
            ends.append(slice(max(round(low), 0), min(max(round(high), 0), length)))
        return ends[1], ends[0]


def locate_window(faces: mertk.Faces, around: Around, unit: float) -> Window:
    """The face around the eyes, shrunk to eyes that are `unit` pixels apart, or less.

    Raises `DataError` where the eyes lie outside the picture.
    """
    middle, distance = _locate_eyes(faces)
    low = np.floor(middle - distance * np.array(around[:2])).clip(0).astype(int)
    high = np.ceil(middle + distance * np.array(around[2:])).astype(int)
    high = np.minimum(high, faces.size)
    if (high - low < 1).any():
        raise mertk.DataError(
            f"the landmarks put the eyes at {middle.round().tolist()}, outside the picture of "
            f"{faces.size[0]}x{faces.size[1]}; register the frames first"
        )
    scale = min(unit / distance, 1.0)
    width, height = np.maximum(np.rint((high - low) * scale), 1).astype(int).tolist()
    x, y = ((middle - low + 0.5) * scale - 0.5).tolist()
    rows, columns = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
    return Window(rows, columns, (width, height), (x, y), distance * scale)


def _locate_eyes(faces: mertk.Faces) -> tuple[Points, float]:
    """The middle between the eyes (x, y), and their distance, in pixels of the frames."""
    points = faces.landmarks
    if points is not None and points.shape == (68, 2):
        left, right = (points[eye].mean(axis=0, dtype=np.float64) for eye in _EYES)
        distance = float(np.hypot(*(right - left)))
        if distance >= _NEAREST:
            return (left + right) / 2, distance
    width, height = faces.size
    return np.array([width / 2, _FIXED[1] * height]) - 0.5, _FIXED[0] * min(width, height)


def choose_step(faces: mertk.Faces, rate: float) -> tuple[int, float]:
    """Every which frame is read, and how many of them there are a second: at least `rate`."""
    step = max(int(faces.fps / rate), 1)
    return step, faces.fps / step


def iterate_pictures(faces: mertk.Faces, view: Window, step: int) -> Iterator[Pixels]:
    """Small pictures of each `step`-th frame, in order; each is read once."""
    return (view.small(faces.frames[at]) for at in range(0, len(faces.frames), step))
