"""Linear Eulerian video magnification (Wu et al. 2012), one frame after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mertk.vision import resampling

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eulerian:
    """Adds `alpha` times what changes between `low` and `high` Hz to each frame.

    Frames are split into a Laplacian pyramid. What a level shows below `wavelength` pixels is
    magnified less, as the linear model breaks down there (equation 14 of the paper), and neither
    single pixels nor the coarsest level, light, are magnified at all. The band is the difference of
    two first-order low-pass filters, which a clip of a few frames is long enough for.
    """

    alpha: float
    low: float
    high: float
    wavelength: float

    def __call__(self, frames: Iterable[NDArray[np.uint8]], fps: float) -> Iterator[Floats]:
        """Frames `[h, w, 3]`, magnified; the first one as it is, against which others change."""
        slow: list[Floats] = []
        fast: list[Floats] = []
        keep = [np.float32(1 - np.exp(-2 * np.pi * hertz / fps)) for hertz in (self.low, self.high)]
        for frame in frames:
            levels = resampling.build_laplacian_pyramid(frame.astype(np.float32))
            slow = [
                _move_towards(*pair, keep[0]) for pair in zip(slow or levels, levels, strict=True)
            ]
            fast = [
                _move_towards(*pair, keep[1]) for pair in zip(fast or levels, levels, strict=True)
            ]
            moving = [
                self._compute_gain(at, len(levels)) * (new - old)
                for at, (new, old) in enumerate(zip(fast, slow, strict=True))
            ]
            yield frame + _collapse_pyramid(moving)

    def _compute_gain(self, level: int, levels: int) -> np.float32:
        if level in (0, levels - 1):
            return np.float32(0)
        bound = (1 + self.alpha) * 4 * 2**level / self.wavelength - 1
        return np.float32(min(self.alpha, max(bound, 0)))


def _move_towards(state: Floats, given: Floats, part: np.float32) -> Floats:
    return state + part * (given - state)


def _collapse_pyramid(levels: list[Floats]) -> Floats:
    import cv2

    picture = levels[-1]
    for level in reversed(levels[:-1]):
        picture = level + cv2.pyrUp(picture, dstsize=level.shape[1::-1])
    return picture
