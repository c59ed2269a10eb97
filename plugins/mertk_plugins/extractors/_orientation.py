"""Histograms of directions in the plane, as HOOF, Bi-WOOF, HOG and their kin count them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bins = NDArray[np.int64]
Numbers = NDArray[np.float64]


def angle_bins(angles: Numbers, bins: int, low: float = -np.pi, span: float = 2 * np.pi) -> Bins:
    """Which of `bins` equal bins of low … low + span (both included) each angle is in."""
    return np.minimum(((angles - low) / span * bins).astype(np.int64), bins - 1)


def count_in_blocks(
    at: Bins, weights: Numbers, blocks: Sequence[tuple[slice, slice]], bins: int
) -> Numbers:
    """Weighted counts `[blocks, bins]` of the bins `at` `[…, h, w]`; blocks are (rows, columns)."""
    return np.stack(
        [
            np.bincount(at[..., rows, columns].ravel(), weights[..., rows, columns].ravel(), bins)
            for rows, columns in blocks
        ]
    ).astype(np.float64)


def normalise_counts(counts: Numbers) -> Numbers:
    """Each histogram of the last axis at sum 1; one that is 0 stays 0."""
    total = counts.sum(axis=-1, keepdims=True)
    return counts / np.where(total > 0, total, 1)
