"""LBP-TOP: local binary patterns on three orthogonal planes.

Zhao and Pietikäinen, TPAMI 2007. Per voxel and plane (XY, XT, YT) the neighbours on a circle are
compared with the centre; a region is described by the histograms of these codes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling
from mertk_plugins.extractors._expression import Expression, Resample
from mertk_plugins.extractors._patterns import (
    Codes,
    Norm,
    block_shares,
    count_patterns,
    list_neighbours,
    make_code_table,
)


class LBPTOP:
    """LBP-TOP: histograms of local binary patterns in space and time, one block per region.

    Gives `[regions, 3 * bins]`, planes in the order XY, XT, YT. Counted are the centre voxels at
    least rx, ry and rt away from the clip's border, the same ones in all planes. A region that
    holds none of them is all 0.

    Args:
        rx: radius of the neighbourhood to the left and right, in pixels, 1 or more.
        ry: radius of the neighbourhood up and down, in pixels, 1 or more.
        rt: radius of the neighbourhood in time, in frames, 1 or more.
        points: number of neighbours on each circle, 1 … 8.
        codes: `raw`, a bin for each of the 2^points codes; or `uniform`, a bin for each code with
            at most two changes around the circle and one for all others, points·(points - 1) + 3 in
            all.
        frames, resample, size: see `mertk_plugins.extractors._expression.Expression`.
        normalise: `l1`, each histogram has sum 1; or `l1_sqrt`, the square roots of that, by which
            the inner product of two clips is a Hellinger similarity.
    """

    def __init__(
        self,
        *,
        rx: int = 1,
        ry: int = 1,
        rt: int = 4,
        points: int = 4,
        codes: Codes = "raw",
        frames: int = 10,
        resample: Resample = "tim",
        size: tuple[int, int] | None = (140, 170),
        normalise: Norm = "l1",
    ) -> None:
        if not 1 <= points <= 8:
            raise ValueError(f"points={points}; a code has 1 to 8 bits")
        self.expression = Expression("lbptop", (rt, ry, rx), frames, resample, size)
        self.points = points
        self.codes: Codes = codes
        self.normalise: Norm = normalise

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 3 * bins]`; raises `DataError` where a clip is too short or too small."""
        clip = self.expression.clip(faces)
        blocks = resampling.compute_region_slices(
            regions, faces.size, (clip.shape[2], clip.shape[1])
        )
        bins = make_code_table(self.points, self.codes)
        return block_shares(
            lbptop(clip, blocks, radii=self.expression.radii, table=bins), self.normalise
        )


def lbptop(
    clip: NDArray[np.uint8],
    blocks: Sequence[tuple[slice, slice]],
    *,
    radii: tuple[int, int, int],
    table: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Counts `[blocks, planes, bins]` over a grey clip `[time, h, w]`; `radii` are rt, ry, rx.

    Blocks are (rows, columns) of the clip and may overlap. `table` maps a code to its bin.
    """
    points = len(table).bit_length() - 1
    rings = [(ring, None) for ring in list_neighbours(points, radii)]
    return count_patterns(clip, rings, blocks, radii, table)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("lbptop", LBPTOP, paper="doi:10.1109/TPAMI.2007.1110")
