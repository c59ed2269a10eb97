"""Takes the motion of the head out of that of the face."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

_ROUNDS = 5
_STILL = 1e-4  # distances between the eyes: less is no motion
_CHUNK = 4096  # frames at once


def remove_head_motion(motion: Floats, centres: Floats, trusted: NDArray[np.bool_]) -> Floats:
    """Motion `[frames, cells, 2]` less the shift, turn and growth that most cells share.

    The similarity is fitted anew to each frame by least squares over the `trusted` cells `[cells]`,
    those that do not follow it counting less and less: an expression moves a few of them.
    """
    design = _make_design(centres)
    parts = [
        _fit_and_subtract(motion[start : start + _CHUNK], design, trusted)
        for start in range(0, len(motion), _CHUNK)
    ]
    return np.concatenate(parts).astype(motion.dtype, copy=False) if parts else motion


def _make_design(centres: Floats) -> Floats:
    """What a shift (x, y), a growth and a turn do at the centres of cells `[cells, 2, 4]`."""
    x, y = (centres - centres.mean(axis=0)).T
    one, none = np.ones_like(x), np.zeros_like(x)
    return np.stack(
        [np.stack([one, none, x, -y], axis=-1), np.stack([none, one, y, x], axis=-1)], 1
    )


def _fit_and_subtract(motion: Floats, design: Floats, trusted: NDArray[np.bool_]) -> Floats:
    weights = np.broadcast_to(trusted.astype(np.float64), motion.shape[:2])
    rest = motion
    for _ in range(_ROUNDS):
        weighted = design[None] * weights[..., None, None]
        squares = np.einsum("tcai,caj->tij", weighted, design) + _STILL**2 * np.eye(4)
        shared = np.linalg.solve(squares, np.einsum("tcai,tca->ti", weighted, motion)[..., None])
        rest = motion - np.einsum("cai,ti->tca", design, shared[..., 0])
        off = np.linalg.norm(rest, axis=2)
        usual = np.median(off[:, trusted], axis=1, keepdims=True) + _STILL
        weights = trusted / np.maximum(off / usual, 1) ** 2
    return rest
