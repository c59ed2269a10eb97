"""ELBPTOP: extended local binary patterns on three orthogonal planes (Guo et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

Offset = tuple[int, int, int]


class ELBPTOP:
    """ELBPTOP: LBP-TOP with radial and angular differences, nine histograms per region.

    Gives `[regions, 9 * bins]`. Per plane (XY, XT, YT) there are three codes: LBP compares the
    neighbours on a circle with the centre; RD compares them with those at the same angle on a
    smaller circle; AD compares each with the next one around. Histograms stand in the order LBP,
    RD, AD, each in the three planes. Where no radius is above `delta`, the smaller circle is the
    centre, and RD equals LBP.

    Args:
        rx, ry, rt: see `mertk_plugins.extractors.lbptop.LBPTOP`.
        delta: by how much the radii of the smaller circle are below `rx`, `ry` (pixels) and `rt`
            (frames), 1 or more; a radius that would be negative is 0.
        points: number of neighbours on each circle, 2 … 8.
        codes, normalise: see `mertk_plugins.extractors.lbptop.LBPTOP`.
        frames, resample, size: see `mertk_plugins.extractors._expression.Expression`.
    """

    def __init__(
        self,
        *,
        rx: int = 2,
        ry: int = 2,
        rt: int = 2,
        delta: int = 1,
        points: int = 8,
        codes: Codes = "uniform",
        frames: int = 10,
        resample: Resample = "tim",
        size: tuple[int, int] | None = (140, 170),
        normalise: Norm = "l1",
    ) -> None:
        if not 2 <= points <= 8:
            raise ValueError(f"points={points}; a code has 2 to 8 bits")
        if delta < 1:
            raise ValueError(f"delta={delta}; at least 1")
        self.expression = Expression("elbptop", (rt, ry, rx), frames, resample, size)
        self.delta = delta
        self.points = points
        self.codes: Codes = codes
        self.normalise: Norm = normalise

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 9 * bins]`; raises `DataError` where a clip is too short or too small."""
        clip = self.expression.clip(faces)
        radii = self.expression.radii
        blocks = resampling.compute_region_slices(
            regions, faces.size, (clip.shape[2], clip.shape[1])
        )
        bins = make_code_table(self.points, self.codes)
        found = count_patterns(clip, list(self._list_comparisons()), blocks, radii, bins)
        return block_shares(found, self.normalise)

    def _list_comparisons(self) -> Iterator[tuple[Sequence[Offset], Sequence[Offset] | None]]:
        """What is compared with what, descriptor by descriptor and plane by plane."""
        rt, ry, rx = self.expression.radii
        inner = (max(rt - self.delta, 0), max(ry - self.delta, 0), max(rx - self.delta, 0))
        rings = list_neighbours(self.points, (rt, ry, rx))
        yield from ((ring, None) for ring in rings)
        yield from zip(rings, list_neighbours(self.points, inner), strict=True)
        yield from ((ring, [*ring[1:], ring[0]]) for ring in rings)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("elbptop", ELBPTOP, paper="doi:10.1109/ACCESS.2019.2942358")
