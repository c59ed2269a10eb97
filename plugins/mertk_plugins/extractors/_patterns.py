"""Binary patterns of the voxels of a clip, and their histograms over blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Offset = tuple[int, int, int]

Codes = Literal["raw", "uniform"]
Norm = Literal["l1", "l1_sqrt"]


def list_neighbours(points: int, radii: Offset) -> list[list[Offset]]:
    """Per plane (XY, XT, YT) the offsets (dt, dy, dx) of the neighbours, rounded half up."""
    rt, ry, rx = radii
    angles = 2 * np.pi * np.arange(points) / points
    cos, sin, still = np.cos(angles), np.sin(angles), np.zeros(points)
    planes = (
        (still, -ry * sin, rx * cos),
        (-rt * sin, still, rx * cos),
        (-rt * sin, -ry * cos, still),
    )
    found = []
    for plane in planes:
        # Rounded to 9 digits first: the cosine of 60° is a hair above one half.
        dt, dy, dx = np.floor(np.round(plane, 9) + 0.5).astype(int).tolist()
        found.append(list(zip(dt, dy, dx, strict=True)))
    return found


def compute_codes(
    clip: NDArray[np.uint8],
    offsets: Sequence[Offset],
    radii: Offset,
    against: Sequence[Offset] | None = None,
) -> NDArray[np.uint8]:
    """The code of every centre voxel: bit p says whether neighbour p is at least the centre.

    Or at least as bright as the voxel at offset p of `against`, where that is given.
    """

    def moved(offset: Offset) -> NDArray[np.uint8]:
        spans = zip(clip.shape, radii, offset, strict=True)
        return clip[tuple(slice(r + by, length - r + by) for length, r, by in spans)]

    centre = np.ascontiguousarray(moved((0, 0, 0)))
    found = np.zeros(centre.shape, np.uint8)
    hit = np.empty(centre.shape, np.bool_)
    for bit, offset in enumerate(offsets):
        other = centre if against is None else moved(against[bit])
        np.greater_equal(moved(offset), other, out=hit)
        found |= hit.view(np.uint8) << np.uint8(bit)
    return found


def make_code_table(points: int, kind: Codes) -> NDArray[np.intp]:
    """The bin of each code `[2^points]`.

    `uniform`: codes with at most two changes around the circle get a bin each, in their order; all
    others share the last one.
    """
    every = np.arange(2**points)
    if kind == "raw":
        return every.astype(np.intp)
    bits = every[:, None] >> np.arange(points) & 1
    smooth = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    return np.where(smooth, np.cumsum(smooth) - 1, smooth.sum()).astype(np.intp)


class Counter:
    """Histograms of all blocks by one pass over the pixels.

    The blocks' edges cut the picture into cells. Each pixel counts once, in its cell; running sums
    over the cells give every block from its four corners, however much the blocks overlap.
    """

    def __init__(
        self,
        blocks: Sequence[tuple[slice, slice]],
        shape: tuple[int, ...],
        radii: Offset,
        bins: int,
    ) -> None:
        self._rows, row_cells = _locate_block_edges([b[0] for b in blocks], shape[1], radii[1])
        self._columns, column_cells = _locate_block_edges(
            [b[1] for b in blocks], shape[2], radii[2]
        )
        self._shape = (int(row_cells.max()) + 1, int(column_cells.max()) + 1, bins)
        self._cells = (row_cells[:, None] * self._shape[1] + column_cells) * bins

    def count(self, plane: NDArray[np.uint8], table: NDArray[np.intp]) -> NDArray[np.int64]:
        """`[blocks, bins]` of the codes `[time, h, w]`."""
        at = table[plane]
        at += self._cells
        cells = np.bincount(at.ravel(), minlength=int(np.prod(self._shape)))
        sums = np.zeros([n + 1 for n in self._shape[:2]] + [self._shape[2]], np.int64)
        sums[1:, 1:] = cells.reshape(self._shape).cumsum(axis=0).cumsum(axis=1)
        (top, bottom), (left, right) = self._rows, self._columns
        found: NDArray[np.int64] = (
            sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        )
        return found


def _locate_block_edges(
    spans: Sequence[slice], length: int, radius: int
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.intp]]:
    """Per block its first and its end cell, and per centre position its cell."""
    ends = np.array([[span.start, span.stop] for span in spans]) - radius
    ends = np.clip(ends, 0, length - 2 * radius)
    cuts = np.unique(np.append(ends, 0))
    cells = np.searchsorted(cuts, np.arange(length - 2 * radius), side="right") - 1
    return (np.searchsorted(cuts, ends[:, 0]), np.searchsorted(cuts, ends[:, 1])), cells


def block_shares(counts: NDArray[np.int64], norm: Norm) -> NDArray[np.float32]:
    """Counts `[blocks, histograms, bins]` as shares of sum 1 each, or their roots: `[blocks, D]`.

    A histogram without any count stays 0.
    """
    total = np.maximum(counts.sum(axis=2, keepdims=True), 1)
    shares: NDArray[np.float32] = (counts / total).astype(np.float32)
    if norm == "l1_sqrt":
        np.sqrt(shares, out=shares)
    return shares.reshape(len(counts), -1)
