"""Flow as a picture: colours, and the arrows to draw; flow is float32 `[height, width, 2]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Floats, Pixels

_ARROWS = 12  # across the picture


def colour_flow(flow: Floats, largest: float) -> Pixels:
    """Flow as colours: the hue is the direction, white is rest, `largest` and above are pure.

    Hues go round as angles on the screen do, from red to the right over yellow-green downwards
    and cyan to the left to violet upwards.
    """
    import cv2

    u, v = flow[..., 0], flow[..., 1]
    degrees = np.rad2deg(np.arctan2(v, u)) % 360
    size = np.clip(np.hypot(u, v) / max(largest, 1e-6), 0, 1)
    hsv = np.dstack([degrees, size, np.ones_like(size)]).astype(np.float32)
    return np.asarray(np.rint(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)), np.uint8)


def find_largest_motion(flow: Floats) -> float:
    """The 99th percentile of motion in pixels: at edges, flow has outliers."""
    return float(np.percentile(np.hypot(flow[..., 0], flow[..., 1]), 99))


def sample_arrows(flow: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """A grid of points `[arrows, 2]` (x, y), the motion there `[arrows, 2]`, and a scale.

    Motion times the scale makes the longest arrow reach to the next point. There is no arrow where
    nothing moves.
    """
    height, width = flow.shape[:2]
    gap = width / _ARROWS
    rows = np.arange(gap / 2, height, gap).astype(int)
    columns = np.arange(gap / 2, width, gap).astype(int)
    motions = flow[np.ix_(rows, columns)].reshape(-1, 2).astype(float)
    largest = float(np.hypot(*motions.T).max(initial=0.0))
    if not largest > 1e-3:
        return np.empty((0, 2)), np.empty((0, 2)), 1.0
    y, x = np.meshgrid(rows, columns, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(float), motions, gap / largest
