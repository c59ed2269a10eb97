"""Binary patterns of the voxels of a clip, and their histograms over blocks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mertk.vision.compiled import compile_loop

Offset = tuple[int, int, int]

Codes = Literal["raw", "uniform"]
Norm = Literal["l1", "l1_sqrt"]


@functools.lru_cache(maxsize=16)
def list_neighbours(points: int, radii: Offset) -> tuple[tuple[Offset, ...], ...]:
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
        found.append(tuple(zip(dt, dy, dx, strict=True)))
    return tuple(found)


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


def count_patterns(
    clip: NDArray[np.uint8],
    rings: Sequence[tuple[Sequence[Offset], Sequence[Offset] | None]],
    blocks: Sequence[tuple[slice, slice]],
    radii: Offset,
    table: NDArray[np.intp],
) -> NDArray[np.int64]:
    """The counts `[blocks, rings, bins]` of the codes of a grey clip `[time, h, w]`.

    A ring is a list of neighbours, and what they are compared with (see `compute_codes`). Blocks
    are (rows, columns) of the clip and may overlap. `table` maps a code to its bin.
    """
    cells = _Cells(blocks, clip.shape, radii, int(table.max()) + 1)
    compiled = compile_loop(_count_codes)
    if compiled is not None:
        return cells.add_up(_count_compiled(compiled, clip, rings, cells, table))
    found = []
    for ring, against in rings:
        found.append(cells.count(compute_codes(clip, ring, radii, against), table))
    return cells.add_up(np.stack(found))


class _Cells:
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
        self.radii = radii
        self._rows, row_cells = _locate_block_edges([b[0] for b in blocks], shape[1], radii[1])
        self._columns, column_cells = _locate_block_edges(
            [b[1] for b in blocks], shape[2], radii[2]
        )
        self.shape = (int(row_cells.max()) + 1, int(column_cells.max()) + 1, bins)
        self.row_starts = row_cells.astype(np.int32) * np.int32(self.shape[1] * bins)
        self.column_starts = column_cells.astype(np.int32) * np.int32(bins)

    def count(self, plane: NDArray[np.uint8], table: NDArray[np.intp]) -> NDArray[np.intp]:
        """The counts of all cells, of the codes `[time, h, w]`."""
        at = table[plane]
        at += self.row_starts[:, None] + self.column_starts
        return np.bincount(at.ravel(), minlength=int(np.prod(self.shape)))

    def add_up(self, counts: NDArray[np.intp]) -> NDArray[np.int64]:
        """`[blocks, rings, bins]` of the counts of all cells `[rings, …]`."""
        rows, columns, bins = self.shape
        sums = np.zeros((rows + 1, columns + 1, len(counts), bins), np.int64)
        cells = counts.reshape(-1, *self.shape).transpose(1, 2, 0, 3)
        sums[1:, 1:] = cells.cumsum(axis=0).cumsum(axis=1)
        (top, bottom), (left, right) = self._rows, self._columns
        found: NDArray[np.int64] = (
            sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        )
        return found


def _count_compiled(
    compiled: Callable[..., Any],
    clip: NDArray[np.uint8],
    rings: Sequence[tuple[Sequence[Offset], Sequence[Offset] | None]],
    cells: _Cells,
    table: NDArray[np.intp],
) -> NDArray[np.int64]:
    """The counts of all cells, ring by ring."""
    _, height, width = clip.shape
    strides = np.array([height * width, width, 1])
    steps = np.zeros((2, len(rings), len(rings[0][0])), np.int64)
    for at, (ring, against) in enumerate(rings):
        steps[0, at] = np.array(ring) @ strides
        if against is not None:
            steps[1, at] = np.array(against) @ strides
    counts = np.zeros((len(rings), int(np.prod(cells.shape))), np.int64)
    bins = cells.row_starts, cells.column_starts, table.astype(np.int32)
    compiled(np.ascontiguousarray(clip), steps, cells.radii, bins, counts)
    return counts


def _count_codes(
    clip: NDArray[np.uint8],
    steps: NDArray[np.int64],
    radii: Offset,
    bins: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]],
    counts: NDArray[np.int64],
) -> None:
    """Add the codes of every ring to `counts` `[rings, cells * bins]`; a loop for numba.

    `steps` `[2, rings, points]` lead from a voxel to its neighbours and to what they are compared
    with. The codes of a frame are written as one run, from its first centre voxel to its last;
    those of voxels in between that are no centres are not counted. A bin is the sum of three
    `bins`: of the voxel's row, of its column, and of its code.
    """
    rt, ry, rx = radii
    frames, height, width = clip.shape
    rows, columns = height - 2 * ry, width - 2 * rx
    length = (rows - 1) * width + columns
    pixels, codes = clip.reshape(-1), np.empty(length, np.uint8)
    near, far = steps[0], steps[1]
    row_starts, column_starts, table = bins
    for t in range(rt, frames - rt):
        first = (t * height + ry) * width + rx
        for ring in range(len(near)):
            codes[:] = 0
            for bit in range(near.shape[1]):
                one = pixels[first + near[ring, bit] :][:length]
                other = pixels[first + far[ring, bit] :][:length]
                value = np.uint8(1 << bit)
                for x in range(length):
                    codes[x] |= np.uint8(one[x] >= other[x]) * value
            found = counts[ring]
            for y in range(rows):
                row, code = found[row_starts[y] :], codes[y * width :]
                for x in range(columns):
                    row[column_starts[x] + table[code[x]]] += 1


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
