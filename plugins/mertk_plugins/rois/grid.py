"""A grid of blocks, as block-wise LBP-TOP, HOOF and their kin use it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk


class Grid:
    """Blocks in rows and columns over the whole picture, named r0c0, r0c1, … row by row.

    Without overlap every pixel is in one block, and the sizes of the blocks differ by 1 pixel at
    most. With overlap the blocks are larger, so that they still reach from edge to edge.

    Args:
        rows: number of rows, 1 or more; no more than the picture has pixels in height.
        cols: number of columns, 1 or more; no more than the picture has pixels in width.
        overlap: share of a block's width and height that it has in common with the next block, 0 or
            more and below 1.
    """

    def __init__(self, *, rows: int = 5, cols: int = 5, overlap: float = 0.0) -> None:
        if rows < 1 or cols < 1:
            raise ValueError(f"rows and cols must be 1 or more, not {rows} and {cols}")
        if not 0 <= overlap < 1:
            raise ValueError(f"overlap must be at least 0 and below 1, not {overlap}")
        self.rows = rows
        self.cols = cols
        self.overlap = overlap

    def locate(self, faces: mertk.Faces) -> mertk.Regions:
        """Boxes `[rows * cols, 4]`; raises `DataError` where there are more blocks than pixels."""
        width, height = faces.size
        if width < self.cols or height < self.rows:
            raise mertk.DataError(
                f"a face of {width}x{height} px cannot be cut into {self.cols} columns and "
                f"{self.rows} rows; use fewer, or an aligner that gives larger faces"
            )
        x0, x1 = _compute_edges(width, self.cols, self.overlap)
        y0, y1 = _compute_edges(height, self.rows, self.overlap)
        rows, columns = np.divmod(np.arange(self.rows * self.cols), self.cols)
        names = tuple(f"r{row}c{column}" for row, column in zip(rows, columns, strict=True))
        boxes = np.column_stack([x0[columns], y0[rows], x1[columns], y1[rows]])
        return mertk.Regions(names=names, boxes=boxes)


def _compute_edges(
    length: int, count: int, overlap: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last pixel (exclusive) of `count` blocks along `length` pixels."""
    block = length / (count - (count - 1) * overlap)
    starts = np.arange(count) * block * (1 - overlap)
    return _round_edges(starts), _round_edges(starts + block)


def _round_edges(edges: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    # An end and the next start are one number but for float noise, which must not decide at .5.
    return np.floor(np.round(edges, 6) + 0.5).astype(np.int64)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.roi("grid", Grid)
