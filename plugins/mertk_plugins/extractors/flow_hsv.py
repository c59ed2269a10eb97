"""Onset-to-apex flow as a colour picture: the input of Liu et al. 2019."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

import mertk
from mertk.vision import optical_flow, resampling

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FlowHSV:
    """Onset-to-apex flow as a colour picture: direction as hue, length as brightness.

    Gives `[regions, 3, size, size]`: red, green and blue in [-1, 1]. The saturation is that of the
    apex frame. The lengths of the flow are scaled to 0 … 1 over the whole face, which is then cut
    into regions and resized.

    Args:
        size: side of a region's picture, in pixels, 1 or more.
        method: see `mertk.vision.optical_flow.optical_flow`.
        hsv_scaling: `correct`, or `as_published`, which does what the authors' code does. It hands
            saturation and value of 0 … 255, and half the hue, to a conversion that expects 0 … 1
            and degrees, and keeps the last eight bits of each result, which lies in some -65,000 …
            255.
    """

    def __init__(
        self,
        *,
        size: int = 224,
        method: optical_flow.Method = "farneback_emr",
        hsv_scaling: Literal["correct", "as_published"] = "correct",
    ) -> None:
        if size < 1:
            raise ValueError(f"size={size}; at least 1 pixel")
        self.size = size
        self.method = method
        self.hsv_scaling = hsv_scaling

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 3, size, size]`; raises `DataError` for a clip without frames."""
        if not len(faces.frames):
            raise mertk.DataError("flow_hsv needs frames; this clip has a flow map alone")
        onset, apex = faces.frames[faces.onset], faces.frames[faces.peak]
        vectors = optical_flow.optical_flow(
            optical_flow.convert_to_grey(onset), optical_flow.convert_to_grey(apex), self.method
        )
        picture = self._code_as_colours(vectors, apex)
        windows = resampling.compute_region_slices(regions, faces.size, faces.size)
        parts = [
            resampling.resize_picture(picture[window], (self.size, self.size)) for window in windows
        ]
        return np.moveaxis(np.stack(parts) * np.float32(2) - np.float32(1), -1, 1)

    def _code_as_colours(
        self, vectors: NDArray[np.float32], apex: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Flow `[h, w, 2]` as colours `[h, w, 3]` in 0 … 1."""
        import cv2

        length, degrees = cv2.cartToPolar(vectors[..., 0], vectors[..., 1], angleInDegrees=True)
        value = optical_flow.normalise_flow(np.asarray(length, np.float32)[..., None], "minmax")[
            ..., 0
        ]
        saturation = cv2.cvtColor(apex, cv2.COLOR_RGB2HSV)[..., 1]
        hsv = np.dstack([degrees, saturation / np.float32(255), value]).astype(np.float32)
        if self.hsv_scaling == "as_published":
            rgb = cv2.cvtColor(hsv * np.array([0.5, 255, 255], np.float32), cv2.COLOR_HSV2RGB)
            return rgb.astype(np.int64).astype(np.uint8).astype(np.float32) / np.float32(255)
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)  # type: ignore[return-value]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the extractor."""
    register.extractor("flow_hsv", FlowHSV)
