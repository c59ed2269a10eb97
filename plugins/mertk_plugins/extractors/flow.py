"""Onset-to-apex optical flow with its strain, as small pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow, resampling

_CHANNELS = ("u", "v", "strain")


class Flow:
    """Onset-to-apex optical flow and strain of each region, as small pictures.

    Gives `[regions, channels, size, size]`. Flow is computed on the whole face at full resolution,
    then cut into regions, resized by area, and normalised over all regions together. Vectors are in
    pixels of the aligned face. A clip's precomputed flow map is used as it is.

    Args:
        method: see `mertk.vision.optical_flow.optical_flow`.
        size: side of a region's picture, in pixels; 0 keeps the size of the regions, which must
            then be the same for all.
        normalise: how each channel is scaled: `minmax` to 0 … 1, which most papers do and which
            loses sign and zero point; `minmax255` to 0 … 255 in the same way; `signed_max` by its
            largest magnitude to -1 … 1, which keeps both; `none`, not at all.
        channels: what is given, in this order: any of `u` (flow to the right), `v` (flow down) and
            `strain`.
        target: where the flow leads to: `apex`, or the middle where no apex is known; `middle`,
            always the middle of onset … offset.
    """

    def __init__(
        self,
        *,
        method: optical_flow.Method = "farneback",
        size: int = 28,
        normalise: optical_flow.Normalisation = "minmax",
        channels: tuple[str, ...] = _CHANNELS,
        target: Literal["apex", "middle"] = "apex",
    ) -> None:
        if size < 0:
            raise ValueError(f"size={size}; give pixels, or 0 to keep the size")
        if not channels or not set(channels) <= set(_CHANNELS):
            raise ValueError(f"channels={list(channels)}; choose from {', '.join(_CHANNELS)}")
        self.method = method
        self.size = size
        self.normalise = normalise
        self.channels = [_CHANNELS.index(name) for name in channels]
        self.target = target

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, channels, size, size]`; raises `DataError` for a flow map to the middle."""
        if self.target == "middle":
            if faces.flow is not None:
                raise mertk.DataError(
                    "flow: this clip comes with a flow map, which goes to its apex, and "
                    "target=middle asks for one to the middle; set extractor.target=apex, or give "
                    "frames"
                )
            faces = replace(faces, apex=None)
        whole = optical_flow.onset_apex(faces, self.method)
        windows = resampling.compute_region_slices(
            regions, faces.size, (whole.shape[1], whole.shape[0])
        )
        parts = [whole[window] for window in windows]
        if self.size:
            parts = [resampling.resize_picture(part, (self.size, self.size)) for part in parts]
        if len({part.shape for part in parts}) > 1:
            raise mertk.ComponentError(
                "flow: the regions differ in size; set size to bring them to one"
            )
        found = optical_flow.normalise_flow(np.stack(parts), self.normalise)
        return np.moveaxis(found[..., self.channels], -1, 1)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("flow", Flow)
