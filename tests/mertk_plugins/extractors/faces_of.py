"""Faces made of arrays, and regions over them."""

from __future__ import annotations

import numpy as np

from mertk import Faces, Frames, Regions
from mertk.vision import optical_flow


def of_clip(clip: np.ndarray, **about) -> Faces:
    """A grey clip `[time, h, w]` as faces."""
    frames = Frames.of(np.repeat(clip.astype(np.uint8)[..., None], 3, 3))
    return Faces(frames=frames, **{"onset": 0, "offset": len(clip) - 1} | about)


def of_flow(uv: np.ndarray) -> Faces:
    """A flow map `[h, w, 2]` from onset to apex as faces without frames."""
    uv = uv.astype(np.float32)
    none = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    return Faces(frames=none, onset=0, offset=1, flow=np.dstack([uv, optical_flow.strain(uv)]))


def noise(*shape: int, seed: int = 0, levels: int = 6) -> np.ndarray:
    """Random pixels of few levels, so that ties are common."""
    return np.random.default_rng(seed).integers(0, levels, shape).astype(np.uint8)


def random_flow(height: int = 20, width: int = 20) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(height, width, 2))


def texture(frames: int, height: int, width: int, step: float = 0.0) -> np.ndarray:
    """A smooth pattern `[time, h, w]` that moves by `step` pixels a frame to the right."""
    y, x = np.mgrid[:height, :width].astype(float)
    at = [x - step * t for t in range(frames)]
    return np.stack(
        [127 + 50 * np.sin(x / 3) * np.cos(y / 4) + 40 * np.sin((x + 2 * y) / 7) for x in at]
    ).astype(np.uint8)


def regions(*boxes: tuple[int, int, int, int]) -> Regions:
    return Regions(names=tuple(f"r{i}" for i in range(len(boxes))), boxes=np.array(boxes))


HALVES = regions((0, 0, 10, 20), (10, 0, 20, 20))
OVERLAPPING = regions((0, 0, 12, 9), (5, 3, 20, 18), (5, 3, 14, 9), (0, 0, 20, 20))
