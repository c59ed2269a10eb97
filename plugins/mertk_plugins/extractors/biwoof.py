"""Bi-WOOF: bi-weighted oriented optical flow (Liong et al. 2018)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow, resampling
from mertk_plugins.extractors._orientation import angle_bins, count_in_blocks, normalise_counts


class BiWOOF:
    """Bi-WOOF: orientation histograms of onset-to-apex flow, weighted by magnitude and strain.

    Gives `[regions, bins]`. Within a region each pixel counts with its flow magnitude, and the
    histogram is scaled to sum 1. The regions are then weighted by their strain, and all of them
    together scaled to length 1. Flow that is 0 everywhere gives 0. Bin 0 begins at -180°
    (leftwards), and angles grow from right to down. The paper's flow is `tvl1`.

    Args:
        bins: number of directions, 1 or more.
        weight: what a region is weighted by: the `mean` of its strain (the paper), or the `sum`
            (the authors' code).
        last_bin: whether the last bin counts. In the authors' code it holds the angles that equal
            its lower edge alone, 135° of eight bins: all further ones are lost.
        method: see `mertk.vision.optical_flow.optical_flow`.
    """

    def __init__(
        self,
        *,
        bins: int = 8,
        weight: Literal["mean", "sum"] = "mean",
        last_bin: bool = True,
        method: optical_flow.Method = "farneback",
    ) -> None:
        if bins < 1:
            raise ValueError(f"bins={bins}; at least 1")
        self.bins = bins
        self.weight = weight
        self.last_bin = last_bin
        self.method = method

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, bins]`."""
        whole = optical_flow.onset_apex(faces, self.method).astype(np.float64)
        windows = resampling.compute_region_slices(
            regions, faces.size, (whole.shape[1], whole.shape[0])
        )
        u, v, strain = np.moveaxis(whole, -1, 0)
        angles, lengths = np.arctan2(v, u), np.hypot(u, v)
        at = angle_bins(angles, self.bins)
        if not self.last_bin:
            lengths = np.where(angles > np.pi * (1 - 2 / self.bins), 0.0, lengths)
        found = normalise_counts(count_in_blocks(at, lengths, windows, self.bins))
        parts = [strain[window] for window in windows]
        weights = [part.mean() if self.weight == "mean" else part.sum() for part in parts]
        found *= np.array(weights)[:, None]
        length = np.linalg.norm(found)
        return (found / length if length > 0 else found).astype(np.float32)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("biwoof", BiWOOF, paper="doi:10.1016/j.image.2017.11.006")
