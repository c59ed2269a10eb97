"""An apex where none is annotated: the frame that differs most from both ends of the clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mertk.vision import optical_flow, resampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Frames, Pixels

WIDTH = 160
"""Pictures are shrunk to this width in pixels: small motion survives, sensor noise does less."""

_MOST = 90  # per cent: an expression moves a part of the picture


def spot_apex(frames: Frames) -> int:
    """The position of the apex in a clip that begins and ends near neutral.

    Farneback flow from the first frame to each other one, less what each pixel has drifted by the
    end (in proportion to time: a slow turn of the head is larger than an expression), less its
    median (the head's motion). Of the magnitudes the 90th percentile is taken, the curve is
    smoothed, and its highest point is the apex; of several the first.
    """
    pictures = [_shrink_picture(picture) for picture in frames]
    moved = np.stack([optical_flow.optical_flow(pictures[0], picture) for picture in pictures])
    moved -= np.linspace(0, 1, len(moved), dtype=np.float32)[:, None, None, None] * moved[-1]
    moved -= np.median(moved, axis=(1, 2), keepdims=True)
    motion = np.percentile(np.hypot(moved[..., 0], moved[..., 1]), _MOST, axis=(1, 2))
    return int(np.argmax(_smooth_curve(_smooth_curve(motion))))


def _smooth_curve(curve: NDArray[np.floating]) -> NDArray[np.floating]:
    """The mean over three frames; the ends count twice."""
    padded = np.pad(curve, 1, mode="edge")
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def _shrink_picture(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    grey = optical_flow.convert_to_grey(picture)
    if width <= WIDTH:
        return grey
    return resampling.resize_picture(grey, (WIDTH, max(1, round(height * WIDTH / width))))
