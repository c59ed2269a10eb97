"""Bi-WOOF: bi-weighted oriented optical flow (Liong et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

import mertk
from mertk import flow, sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BiWOOF:
    """Orientation histograms of onset-to-apex flow, weighted by magnitude and by strain.

    Gives `[regions, bins]`. Within a region each pixel counts with its flow magnitude, and the
    histogram is brought to sum 1; regions are then weighted by their `mean` strain (the paper) or
    its `sum` (the authors' code), and the whole is brought to length 1. Flow that is 0 everywhere
    gives 0. The paper's flow is `tvl1`, which takes about a second a clip. Bin 0 begins at -180°
    (leftwards), and angles grow from right to down.
    """

    def __init__(
        self,
        *,
        bins: int = 8,
        weight: Literal["mean", "sum"] = "mean",
        method: flow.Method = "farneback",
    ) -> None:
        if bins < 1:
            raise ValueError(f"bins={bins}; at least 1")
        self.bins = bins
        self.weight = weight
        self.method = method

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, bins]`."""
        whole = flow.onset_apex(faces, self.method).astype(np.float64)
        places = sampling.windows(regions, faces.size, (whole.shape[1], whole.shape[0]))
        found = np.stack([self._block(whole[place]) for place in places])
        return _over(found, np.linalg.norm(found)).astype(np.float32)

    def _block(self, part: NDArray[np.float64]) -> NDArray[np.float64]:
        """One region's histogram `[bins]` times its strain."""
        u, v, strain = part[..., 0], part[..., 1], part[..., 2]
        turn = (np.arctan2(v, u) + np.pi) / (2 * np.pi)
        at = np.minimum((turn * self.bins).astype(np.int64), self.bins - 1)
        counts = np.bincount(at.ravel(), np.hypot(u, v).ravel(), self.bins).astype(np.float64)
        weight = float(strain.mean() if self.weight == "mean" else strain.sum())
        return weight * _over(counts, counts.sum())


def _over(values: NDArray[np.float64], total: float | np.floating) -> NDArray[np.float64]:
    return values / total if total > 0 else values


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the extractor."""
    register.extractor("biwoof", BiWOOF, paper="doi:10.1016/j.image.2017.11.006")
