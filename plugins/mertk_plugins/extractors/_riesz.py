"""The Riesz pyramid and how its phase turns between two frames (Wadhwa et al. 2014)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling

Floats = NDArray[np.float32]


def build_riesz_pyramid(picture: NDArray[np.uint8], levels: Sequence[int]) -> list[Floats]:
    """The `levels` of the pyramid of a grey picture `[h, w]`, 1 the finest: `[3, h', w']` each.

    A Laplacian level, and its Riesz transform along x and y, which a difference of neighbours
    stands for. Raises `DataError` where the picture is too small for a level.
    """
    pyramid = resampling.build_laplacian_pyramid(picture.astype(np.float32))
    if max(levels) >= len(pyramid):
        height, width = picture.shape
        raise mertk.DataError(
            f"a face of {width}x{height} px has {len(pyramid) - 1} levels, and levels="
            f"{list(levels)}; use an aligner that gives larger faces, or fewer levels"
        )
    return [_transform_level(pyramid[level - 1]) for level in levels]


def compute_phase_turn(before: Floats, now: Floats) -> tuple[Floats, Floats]:
    """By how much the phase turned `[2, h, w]` (radians, x and y), and its amplitude `[h, w]`.

    The vector points where the pattern moved to, across the orientation of the pattern.
    """
    same = (now * before).sum(axis=0)
    across = now[1:] * before[0] - now[0] * before[1:]
    length = np.hypot(*across)
    angle = np.arctan2(length, same)
    turned = across * (angle / np.where(length > 0, length, np.float32(1)))
    return turned, np.sqrt(np.hypot(same, length))


def blur_phase(phase: Floats, amplitude: Floats) -> Floats:
    """Phase `[2, h, w]` as its mean over 3x3 pixels, weighted by amplitude; 0 where that is 0."""
    total = _blur_picture(amplitude)
    parts = np.stack([_blur_picture(part * amplitude) for part in phase])
    found: Floats = (parts / np.where(total > 0, total, 1)).astype(np.float32)
    return found


def _transform_level(level: Floats) -> Floats:
    import cv2

    difference = np.array([-0.5, 0, 0.5], np.float32)
    x = cv2.filter2D(level, -1, difference[None])
    y = cv2.filter2D(level, -1, difference[:, None])
    return np.stack([level, x, y])


def _blur_picture(picture: Floats) -> Floats:
    import cv2

    return cv2.GaussianBlur(picture, (3, 3), 2)  # type: ignore[return-value]
