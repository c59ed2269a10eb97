"""LBP-SIP: local binary patterns with six intersection points (Wang et al. 2014)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling
from mertk_plugins.extractors._expression import Expression, Resample
from mertk_plugins.extractors._patterns import Norm, block_shares, count_patterns, make_code_table

_SPATIAL = 4  # neighbours in the picture; the others lie in time


class LBPSIP:
    """LBP-SIP: histograms of patterns of six neighbours in space and time, one block per region.

    Gives `[regions, 20 * levels]`, or `[regions, 64 * levels]`. The three planes of LBP-TOP meet in
    three lines, and their six neighbours hold what the planes share: bits say whether the voxels at
    +rx, -rx, +ry, -ry (in the picture) and at +rt, -rt (in time) are at least the centre. Counted
    are the voxels at least rx, ry and rt away from the clip's border; a region that holds none of
    them is all 0.

    Args:
        rx, ry, rt: see `mertk_plugins.extractors.lbptop.LBPTOP`.
        frames, resample, size: see `mertk_plugins.extractors._expression.Expression`.
        patterns: `split`, a histogram of the four bits of the picture (16 bins) and one of the two
            bits in time (4 bins), which is most likely the paper's; or `joint`, one of all six bits
            (64 bins).
        levels: number of levels of a Gaussian pyramid, 1 or more; each is half as wide and high as
            the one before and gives 20 or 64 numbers a region.
        normalise: see `mertk_plugins.extractors.lbptop.LBPTOP`.
    """

    def __init__(
        self,
        *,
        rx: int = 1,
        ry: int = 1,
        rt: int = 4,
        frames: int = 10,
        resample: Resample = "tim",
        size: tuple[int, int] | None = (140, 170),
        patterns: Literal["split", "joint"] = "split",
        levels: int = 1,
        normalise: Norm = "l1",
    ) -> None:
        if levels < 1:
            raise ValueError(f"levels={levels}; at least 1")
        self.expression = Expression("lbpsip", (rt, ry, rx), frames, resample, size)
        self.patterns = patterns
        self.levels = levels
        self.normalise: Norm = normalise

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 20 or 64 * levels]`; raises `DataError` for a clip too short or too small."""
        clip = self.expression.clip(faces)
        found = [self._count_codes(clip, faces, regions)]
        for _ in range(self.levels - 1):
            clip = np.stack([_halve_picture(picture) for picture in clip])
            self.expression.check(clip)
            found.append(self._count_codes(clip, faces, regions))
        return np.concatenate(found, axis=1)

    def _count_codes(
        self, clip: NDArray[np.uint8], faces: mertk.Faces, regions: mertk.Regions
    ) -> NDArray[np.float32]:
        """`[regions, 20 or 64]`."""
        radii = rt, ry, rx = self.expression.radii
        around = [(0, 0, rx), (0, 0, -rx), (0, ry, 0), (0, -ry, 0), (rt, 0, 0), (-rt, 0, 0)]
        parts = [around]
        if self.patterns == "split":
            parts = [around[:_SPATIAL], around[_SPATIAL:]]
        blocks = resampling.compute_region_slices(
            regions, faces.size, (clip.shape[2], clip.shape[1])
        )
        found = []
        for part in parts:
            table = make_code_table(len(part), "raw")
            counts = count_patterns(clip, [(part, None)], blocks, radii, table)
            found.append(block_shares(counts, self.normalise))
        return np.concatenate(found, axis=1)


def _halve_picture(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    return cv2.pyrDown(picture)  # type: ignore[return-value]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("lbpsip", LBPSIP, paper="doi:10.1007/978-3-319-16865-4_34")
