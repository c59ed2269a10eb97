"""Smooth displacement fields, and the way back through them.

All warps of the synthetic set are sums of Gaussian bumps that are known as formulas, so points and
optical flow are carried through them exactly (to a thousandth of a pixel) and never measured.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk import DataError

Points = NDArray[np.floating[Any]]

_STEPS = 100
_EXACT = 1e-3  # pixels


@dataclass(frozen=True, slots=True, eq=False)
class Bump:
    """A `shift` and a `stretch` along x and y about `centre`, fading with `spread` (pixels)."""

    centre: tuple[float, float]
    spread: float
    shift: tuple[float, float] = (0.0, 0.0)
    stretch: tuple[float, float] = (0.0, 0.0)

    def at(self, points: Points) -> Points:
        """The displacement `[…, 2]` at `points` `[…, 2]`, in their dtype."""
        away = points - np.asarray(self.centre, points.dtype)
        fade = np.exp((away * away).sum(axis=-1, keepdims=True) / (-2 * self.spread**2))
        pull = away * np.asarray(self.stretch, points.dtype) + np.asarray(self.shift, points.dtype)
        return np.asarray(pull * fade, points.dtype)

    def scaled(self, by: float) -> Bump:
        """The same bump, `by` times as strong."""
        shift = (self.shift[0] * by, self.shift[1] * by)
        return Bump(self.centre, self.spread, shift, (self.stretch[0] * by, self.stretch[1] * by))


def sum_bumps(bumps: Sequence[Bump], points: Points) -> Points:
    """The sum of all bumps at `points` `[…, 2]`."""
    total = np.zeros_like(points)
    for bump in bumps:
        total += bump.at(points)
    return total


def invert_field(field: Callable[[Points], Points], points: Points) -> Points:
    """The x with x + field(x) = `points` `[…, 2]`, by iteration.

    Raises `DataError` where the field is so strong that it folds the picture.
    """
    x = points - field(points)
    for _ in range(_STEPS):
        step = points - field(x) - x
        x = x + step
        if np.abs(step).max() < _EXACT:
            return x
    raise DataError(
        "a synthetic motion folds the face: it is too strong for its size; "
        "give a smaller amplitude or nuisance, or a larger size"
    )


@functools.lru_cache(maxsize=8)
def make_grid(side: int) -> NDArray[np.float32]:
    """The pixel positions (x, y) of a square picture `[side, side, 2]`; not to be written to."""
    axis = np.arange(side, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    grid.flags.writeable = False
    return grid


def sample_picture(picture: NDArray[Any], at: Points) -> NDArray[Any]:
    """`picture` at positions `[height, width, 2]` (x, y), bicubic, mirrored at its edge."""
    import cv2

    where = np.ascontiguousarray(at, np.float32)
    mode = cv2.BORDER_REFLECT_101
    return np.asarray(
        cv2.remap(picture, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=mode)
    )
