"""HOOF: histograms of oriented optical flow (Chaudhry et al. 2009)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow, resampling
from mertk_plugins.extractors._motion import Over, compute_flow_fields
from mertk_plugins.extractors._orientation import angle_bins, count_in_blocks, normalise_counts


class HOOF:
    """HOOF: histograms of the direction of flow, weighted by its magnitude.

    Gives `[regions, bins]`; the histograms of several flow fields are averaged. A region without
    any flow gives 0. Bin 0 begins at -180° (leftwards), and angles grow from right
    to down.

    Args:
        bins: number of directions, 1 or more.
        over: see `mertk_plugins.extractors._motion.compute_flow_fields`.
        folded: whether left and right count as one, as in the paper. The bins then go from -90°
            (up) to 90° (down), and mirroring a clip mirrors its regions and changes no histogram.
        normalise: what has sum 1 in a flow field: the histogram of each `region`, as in the paper;
            or those of a `clip` together, which keeps how much each region moves.
        method: see `mertk.vision.optical_flow.optical_flow`.
    """

    def __init__(
        self,
        *,
        bins: int = 8,
        over: Over = "apex",
        folded: bool = False,
        normalise: Literal["region", "clip"] = "region",
        method: optical_flow.Method = "farneback",
    ) -> None:
        if bins < 1:
            raise ValueError(f"bins={bins}; at least 1")
        self.bins = bins
        self.over: Over = over
        self.folded = folded
        self.normalise = normalise
        self.method: optical_flow.Method = method

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, bins]`; raises `DataError` where frames are needed and there are none."""
        found = np.zeros((len(regions), self.bins))
        fields = 0
        for field in compute_flow_fields("hoof", faces, self.over, self.method):
            found += self._count_orientations(field.astype(np.float64), faces, regions)
            fields += 1
        return (found / fields).astype(np.float32)

    def _count_orientations(
        self, field: NDArray[np.float64], faces: mertk.Faces, regions: mertk.Regions
    ) -> NDArray[np.float64]:
        u, v = field[..., 0], field[..., 1]
        blocks = resampling.compute_region_slices(
            regions, faces.size, (field.shape[1], field.shape[0])
        )
        if self.folded:
            at = angle_bins(np.arctan2(v, np.abs(u)), self.bins, low=-np.pi / 2, span=np.pi)
        else:
            at = angle_bins(np.arctan2(v, u), self.bins)
        counts = count_in_blocks(at, np.hypot(u, v), blocks, self.bins)
        if self.normalise == "clip":
            return normalise_counts(counts.reshape(1, -1)).reshape(counts.shape)
        return normalise_counts(counts)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("hoof", HOOF, paper="doi:10.1109/CVPR.2009.5206821")
