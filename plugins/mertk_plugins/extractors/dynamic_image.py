"""A clip as one picture by approximate rank pooling: Bilen et al. 2016."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling


class DynamicImage:
    """A clip as one picture, the sum of its frames weighted by their order (rank pooling).

    Gives `[regions, channels, size, size]` in [0, 1]. Of T frames the t-th has the weight 2t - T -
    1, so that what does not move cancels out. Each picture is scaled from its least to its largest
    value, over all regions and channels; one without any motion is 0.

    Args:
        phase: which frames are summed: `rise`, onset … apex; `whole`, onset … offset; or `both`,
            which gives rise and fall (apex … offset) side by side,
            `[regions, 2, channels, size, size]`. Before the fusion block `multi_mid` these are two
            training samples of a clip.
        size: side of a region's picture, in pixels, 1 or more.
        colour: whether there are three channels (red, green, blue), not one (grey).
    """

    def __init__(
        self,
        *,
        phase: Literal["rise", "whole", "both"] = "rise",
        size: int = 28,
        colour: bool = False,
    ) -> None:
        if size < 1:
            raise ValueError(f"size={size}; at least 1 pixel")
        self.phase, self.size, self.colour = phase, size, colour

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, channels, size, size]`; raises `DataError` for a clip without frames."""
        if not len(faces.frames):
            raise mertk.DataError("dynamic_image needs frames; this clip has a flow map alone")
        if self.phase == "whole":
            return self._cut_regions(
                self._pool_frames(faces, faces.onset, faces.offset), faces, regions
            )
        rise = self._cut_regions(self._pool_frames(faces, faces.onset, faces.peak), faces, regions)
        if self.phase == "rise":
            return rise
        fall = self._cut_regions(self._pool_frames(faces, faces.peak, faces.offset), faces, regions)
        return np.stack([rise, fall], axis=1)

    def _pool_frames(self, faces: mertk.Faces, first: int, last: int) -> NDArray[np.float32]:
        """The weighted sum `[h, w, channels]` of frames first … last."""
        total = np.zeros((*faces.size[::-1], 3 if self.colour else 1), np.float32)
        for at in range(first, last + 1):
            frame = faces.frames[at] if self.colour else faces.frames.read_grey(at)[..., None]
            total += np.float32(2 * at - first - last) * frame
        return total

    def _cut_regions(
        self, picture: NDArray[np.float32], faces: mertk.Faces, regions: mertk.Regions
    ) -> NDArray[np.float32]:
        size = (self.size, self.size)
        windows = resampling.compute_region_slices(regions, faces.size, faces.size)
        parts = [resampling.resize_picture(picture[window], size) for window in windows]
        found = np.moveaxis(np.stack(parts).reshape(len(parts), *size, -1), -1, 1)
        found -= found.min()
        return found / np.maximum(found.max(), np.float32(1e-9))  # type: ignore[no-any-return]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("dynamic_image", DynamicImage, paper="doi:10.1109/CVPR.2016.331")
