"""Frames as small grey pictures: enough to tell footage apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Floats, Frames

_SIZE = 12  # pixels


def shrink_frames(frames: Frames, at: Sequence[int]) -> Floats:
    """The frames at the given positions, small `[positions, 12, 12]`."""
    return np.stack([shrink_frame(frames[position].mean(axis=2)) for position in at])


def shrink_frame(picture: NDArray[Any]) -> Floats:
    """A picture `[height, width]` as `[12, 12]` of mean 0 and standard deviation 1."""
    import cv2

    small = cv2.resize(picture.astype(np.float32), (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray((small - small.mean()) / (small.std() or 1), np.float32)
