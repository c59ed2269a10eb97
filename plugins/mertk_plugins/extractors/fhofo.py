"""FHOFO: fuzzy histograms of optical flow orientations (Happy and Routray 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow, resampling
from mertk_plugins.extractors._motion import Over, compute_flow_fields
from mertk_plugins.extractors._orientation import count_in_blocks, normalise_counts


class FHOFO:
    """FHOFO: fuzzy histograms of the direction of flow, not weighted by its magnitude.

    Gives `[regions, bins]`. Every vector that is long enough counts 1. It is shared by the two bins
    whose middles lie around its direction, in proportion to its closeness (a triangular
    membership). Bin 0 has its middle at 0° (rightwards), and angles grow to down. The histograms of
    all flow fields are added, then scaled to sum 1; a region without motion gives 0.

    Args:
        bins: number of directions, 1 or more.
        over: see `mertk_plugins.extractors._motion.compute_flow_fields`.
        least: length of the shortest vector that counts, in pixels, 0 or more.
        method: see `mertk.vision.optical_flow.optical_flow`.
    """

    def __init__(
        self,
        *,
        bins: int = 8,
        over: Over = "onset",
        least: float = 0.1,
        method: optical_flow.Method = "farneback",
    ) -> None:
        if bins < 1:
            raise ValueError(f"bins={bins}; at least 1")
        if not least >= 0:
            raise ValueError(f"least={least} pixels; at least 0")
        self.bins = bins
        self.over: Over = over
        self.least = least
        self.method: optical_flow.Method = method

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, bins]`; raises `DataError` where frames are needed and there are none."""
        found = np.zeros((len(regions), self.bins))
        for field in compute_flow_fields("fhofo", faces, self.over, self.method):
            found += self._count_orientations(field.astype(np.float64), faces, regions)
        return normalise_counts(found).astype(np.float32)

    def _count_orientations(
        self, field: NDArray[np.float64], faces: mertk.Faces, regions: mertk.Regions
    ) -> NDArray[np.float64]:
        u, v = field[..., 0], field[..., 1]
        blocks = resampling.compute_region_slices(
            regions, faces.size, (field.shape[1], field.shape[0])
        )
        size = np.hypot(u, v)
        counted = ((size >= self.least) & (size > 0)).astype(np.float64)
        position = np.arctan2(v, u) / (2 * np.pi) * self.bins
        lower = np.floor(position)
        upper_part = position - lower
        first = lower.astype(np.int64) % self.bins
        second = (first + 1) % self.bins
        return count_in_blocks(
            first, counted * (1 - upper_part), blocks, self.bins
        ) + count_in_blocks(second, counted * upper_part, blocks, self.bins)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("fhofo", FHOFO, paper="doi:10.1109/TAFFC.2017.2723386")
