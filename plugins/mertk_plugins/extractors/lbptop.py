"""LBP-TOP: local binary patterns on three orthogonal planes.

Zhao and Pietikäinen, TPAMI 2007. Per voxel and plane (XY, XT, YT) the neighbours on a circle are
compared with the centre; a region is described by the histograms of these codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

import mertk
from mertk import flow, sampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Offset = tuple[int, int, int]


class LBPTOP:
    """Histograms of local binary patterns in space and time, one block per region.

    Gives `[regions, 3 * bins]`, planes in the order XY, XT, YT; bins are 2^points for `raw` codes
    and points·(points - 1) + 3 for `uniform` ones. The expression (onset … offset) is resampled to
    `frames` (0: all frames as they are), at the face size `size` (width, height; null: as
    aligned). Counted are the centre voxels at least rx, ry and rt away from the clip's border, the
    same ones in all planes. A region that holds none of them is all 0.
    """

    def __init__(
        self,
        *,
        rx: int = 1,
        ry: int = 1,
        rt: int = 4,
        points: int = 4,
        codes: Literal["raw", "uniform"] = "raw",
        frames: int = 10,
        resample: Literal["tim", "linear"] = "tim",
        size: tuple[int, int] | None = (140, 170),
        normalise: Literal["l1", "l1_sqrt"] = "l1_sqrt",
    ) -> None:
        if min(rx, ry, rt) < 1:
            raise ValueError(f"the radii are rx={rx}, ry={ry}, rt={rt}; each must be at least 1")
        if not 1 <= points <= 8:
            raise ValueError(f"points={points}; a code has 1 to 8 bits")
        if frames and frames <= 2 * rt:
            raise ValueError(f"frames={frames} leaves no centre frame; rt={rt} needs {2 * rt + 1}")
        if size is not None and (len(size) != 2 or min(size) < 1):
            raise ValueError(f"size={size!r}; give [width, height] in pixels, or null")
        self.radii = (rt, ry, rx)
        self.points = points
        self.codes = codes
        self.frames = frames
        self.resample = resample
        self.size = size
        self.normalise = normalise

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 3 * bins]`; raises `DataError` where a clip is too short or too small."""
        clip = self._clip(faces)
        blocks = sampling.windows(regions, faces.size, (clip.shape[2], clip.shape[1]))
        found = lbptop(clip, blocks, radii=self.radii, table=table(self.points, self.codes))
        total = np.maximum(found.sum(axis=2, keepdims=True), 1)
        shares: NDArray[np.float32] = (found / total).astype(np.float32)
        if self.normalise == "l1_sqrt":
            np.sqrt(shares, out=shares)
        return shares.reshape(len(regions), -1)

    def _clip(self, faces: mertk.Faces) -> NDArray[np.uint8]:
        """The expression in grey, `[time, h, w]` uint8, resampled."""
        if not len(faces.frames):
            raise mertk.DataError("lbptop needs frames; this clip has a flow map alone")
        size = faces.size if self.size is None else (self.size[0], self.size[1])
        span = range(faces.onset, faces.offset + 1)
        clip = np.stack([sampling.resize(flow.grey(faces.frames[at]), size) for at in span])
        if self.frames:
            change = sampling.tim if self.resample == "tim" else sampling.linear
            clip = np.clip(np.rint(change(clip, self.frames)), 0, 255).astype(np.uint8)
        self._check(clip)
        return clip

    def _check(self, clip: NDArray[np.uint8]) -> None:
        axes = ("frames", "rows", "columns")
        for length, radius, what in zip(clip.shape, self.radii, axes, strict=True):
            if length <= 2 * radius:
                raise mertk.DataError(
                    f"lbptop: the expression has {length} {what}, a radius of {radius} needs "
                    f"{2 * radius + 1}; set a smaller radius, or resample with frames and size"
                )


def lbptop(
    clip: NDArray[np.uint8],
    blocks: Sequence[tuple[slice, slice]],
    *,
    radii: Offset,
    table: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Counts `[blocks, planes, bins]` over a grey clip `[time, h, w]`; `radii` are rt, ry, rx.

    Blocks are (rows, columns) of the clip and may overlap. `table` maps a code to its bin.
    """
    counter = _Counter(blocks, clip.shape, radii, int(table.max()) + 1)
    points = len(table).bit_length() - 1
    planes = [codes(clip, offsets, radii) for offsets in neighbours(points, radii)]
    return np.stack([counter.count(plane, table) for plane in planes], axis=1)


def neighbours(points: int, radii: Offset) -> list[list[Offset]]:
    """Per plane (XY, XT, YT) the offsets (dt, dy, dx) of the neighbours, rounded half up."""
    rt, ry, rx = radii
    angles = 2 * np.pi * np.arange(points) / points
    cos, sin, still = np.cos(angles), np.sin(angles), np.zeros(points)
    planes = (
        (still, -ry * sin, rx * cos),
        (-rt * sin, still, rx * cos),
        (-rt * sin, -ry * cos, still),
    )
    # Rounded to 9 digits first: the cosine of 60° is a hair above one half.
    whole = [np.floor(np.round(plane, 9) + 0.5).astype(int).T.tolist() for plane in planes]
    return [[(dt, dy, dx) for dt, dy, dx in plane] for plane in whole]


def codes(clip: NDArray[np.uint8], offsets: Sequence[Offset], radii: Offset) -> NDArray[np.uint8]:
    """The code of every centre voxel: bit p says whether neighbour p is at least the centre."""

    def moved(offset: Offset) -> NDArray[np.uint8]:
        spans = zip(clip.shape, radii, offset, strict=True)
        return clip[tuple(slice(r + by, length - r + by) for length, r, by in spans)]

    centre = np.ascontiguousarray(moved((0, 0, 0)))
    found = np.zeros(centre.shape, np.uint8)
    hit = np.empty(centre.shape, np.bool_)
    for bit, offset in enumerate(offsets):
        np.greater_equal(moved(offset), centre, out=hit)
        found |= hit.view(np.uint8) << np.uint8(bit)
    return found


def table(points: int, kind: Literal["raw", "uniform"]) -> NDArray[np.intp]:
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


class _Counter:
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
        self._rows, row_cells = _edges([b[0] for b in blocks], shape[1], radii[1])
        self._columns, column_cells = _edges([b[1] for b in blocks], shape[2], radii[2])
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


def _edges(
    spans: Sequence[slice], length: int, radius: int
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.intp]]:
    """Per block its first and its end cell, and per centre position its cell."""
    ends = np.array([[span.start, span.stop] for span in spans]) - radius
    ends = np.clip(ends, 0, length - 2 * radius)
    cuts = np.unique(np.append(ends, 0))
    cells = np.searchsorted(cuts, np.arange(length - 2 * radius), side="right") - 1
    return (np.searchsorted(cuts, ends[:, 0]), np.searchsorted(cuts, ends[:, 1])), cells


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the extractor."""
    register.extractor("lbptop", LBPTOP, paper="doi:10.1109/TPAMI.2007.1110")
