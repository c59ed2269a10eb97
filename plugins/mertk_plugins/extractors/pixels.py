"""The simplest extractor: pixels of one frame, of the difference of two, or of the whole clip."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling


class Pixels:
    """Pixels of one frame, of the difference of two frames, or of the whole clip.

    Gives `[regions, channels, size, size]`, or of the whole clip
    `[regions, frames, channels, size, size]`. Values are in [0, 1], those of a difference in [-1,
    1].

    Args:
        frame: what is given: the `onset` frame; the `apex` frame, or the middle one where no apex
            is known; the `difference`, apex minus onset; or the whole `clip`, onset … offset.
        size: side of a region's picture, in pixels, 1 or more.
        colour: whether there are three channels (red, green, blue), not one (grey).
        raw: whether values are whole numbers from 0 to 255, for a network to scale; they take a
            quarter of the space. Not for a difference.
        frames: number of frames that the whole clip is resampled to, 1 or more.
        resample: how the whole clip is resampled in time: `linear`, or `tim`, the temporal
            interpolation model of Zhou et al. 2011.
    """

    def __init__(
        self,
        *,
        frame: Literal["onset", "apex", "difference", "clip"] = "apex",
        size: int = 28,
        colour: bool = False,
        raw: bool = False,
        frames: int = 16,
        resample: Literal["linear", "tim"] = "linear",
    ) -> None:
        if size < 1 or frames < 1:
            raise ValueError(f"size={size}, frames={frames}; at least 1 pixel and 1 frame")
        if raw and frame == "difference":
            raise ValueError("raw=true: a difference has negative values, which uint8 cannot hold")
        self.frame = frame
        self.size = size
        self.colour = colour
        self.raw = raw
        self.frames = frames
        self.resample = resample

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[Any]:
        """`[regions, …, channels, size, size]`; raises `DataError` for a clip without frames."""
        if not len(faces.frames):
            raise mertk.DataError("pixels needs frames; this clip has a flow map alone")
        if self.frame == "clip":
            span = range(faces.onset, faces.offset + 1)
            found = self._resample_clip([self._cut_regions(faces, regions, at) for at in span])
        elif self.frame == "difference":
            apex, onset = (
                self._cut_regions(faces, regions, at) for at in (faces.peak, faces.onset)
            )
            found = apex - onset
        else:
            at = faces.onset if self.frame == "onset" else faces.peak
            found = self._cut_regions(faces, regions, at)
        return np.moveaxis(found, -1, -3)

    def _cut_regions(self, faces: mertk.Faces, regions: mertk.Regions, at: int) -> NDArray[Any]:
        """The regions of one frame `[regions, size, size, channels]`."""
        picture = faces.frames[at] if self.colour else faces.frames.read_grey(at)
        values: Any = picture if self.raw else picture.astype(np.float32) * np.float32(1 / 255)
        windows = resampling.compute_region_slices(regions, faces.size, faces.size)
        size = (self.size, self.size)
        parts = [resampling.resize_picture(values[window], size) for window in windows]
        return np.stack(parts).reshape(len(parts), *size, -1)

    def _resample_clip(self, pictures: list[NDArray[Any]]) -> NDArray[Any]:
        """The clip at `frames` moments `[regions, frames, size, size, channels]`."""
        change = resampling.tim if self.resample == "tim" else resampling.resample_linearly
        found = np.swapaxes(change(np.stack(pictures), self.frames), 0, 1)
        return np.clip(np.rint(found), 0, 255).astype(np.uint8) if self.raw else found


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("pixels", Pixels)
