"""Onset-to-apex flow as a colour picture: the input of Liu et al. 2019."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow, resampling


class FlowHSV:
    """Onset-to-apex flow as a colour picture: direction as hue, magnitude as brightness.

    Gives `[regions, 3, size, size]`: red, green and blue in [-1, 1]. The lengths of the flow are
    scaled to 0 … 1 over the whole face, which is then cut into regions and resized. A clip's
    precomputed flow map is used as it is.

    Args:
        size: side of a region's picture, in pixels, 1 or more.
        method: see `mertk.vision.optical_flow.optical_flow`.
        hsv_scaling: `correct`, or `as_published`, which does what the authors' code does. It hands
            saturation and value of 0 … 255, and half the hue, to a conversion that expects 0 … 1
            and degrees, and keeps the last eight bits of each result, which lies in some -65,000 …
            255.
        saturation: that of the `apex` frame, as in the paper; or `full`, which needs no frames.
    """

    def __init__(
        self,
        *,
        size: int = 224,
        method: optical_flow.Method = "farneback_emr",
        hsv_scaling: Literal["correct", "as_published"] = "correct",
        saturation: Literal["apex", "full"] = "apex",
    ) -> None:
        if size < 1:
            raise ValueError(f"size={size}; at least 1 pixel")
        self.size = size
        self.method = method
        self.hsv_scaling = hsv_scaling
        self.saturation = saturation

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 3, size, size]`; raises `DataError` where frames are needed and missing."""
        if self.saturation == "apex" and not len(faces.frames):
            raise mertk.DataError(
                "flow_hsv takes the saturation from the apex frame, and this clip has a flow map "
                "alone; set extractor.saturation=full, or give frames"
            )
        vectors = np.ascontiguousarray(self._find_flow(faces), np.float32)
        size = (vectors.shape[1], vectors.shape[0])
        picture = self._code_as_colours(vectors, self._find_saturation(faces, size))
        windows = resampling.compute_region_slices(regions, faces.size, size)
        parts = [
            resampling.resize_picture(picture[window], (self.size, self.size)) for window in windows
        ]
        return np.moveaxis(np.stack(parts) * np.float32(2) - np.float32(1), -1, 1)

    def _find_flow(self, faces: mertk.Faces) -> NDArray[np.float32]:
        if faces.flow is not None:
            return faces.flow[..., :2]
        onset, apex = (faces.frames[at] for at in (faces.onset, faces.peak))
        return optical_flow.optical_flow(
            optical_flow.convert_to_grey(onset), optical_flow.convert_to_grey(apex), self.method
        )

    def _find_saturation(self, faces: mertk.Faces, size: tuple[int, int]) -> NDArray[np.float32]:
        """Values `[h, w]` in 0 … 1 for a picture of `size` (width, height)."""
        import cv2

        if self.saturation == "full":
            return np.ones(size[::-1], np.float32)
        found = cv2.cvtColor(faces.frames[faces.peak], cv2.COLOR_RGB2HSV)[..., 1]
        values = np.asarray(found / np.float32(255), np.float32)
        return resampling.resize_picture(values, size)

    def _code_as_colours(
        self, vectors: NDArray[np.float32], saturation: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Flow `[h, w, 2]` as colours `[h, w, 3]` in 0 … 1."""
        import cv2

        length, degrees = cv2.cartToPolar(vectors[..., 0], vectors[..., 1], angleInDegrees=True)
        value = optical_flow.normalise_flow(np.asarray(length, np.float32)[..., None], "minmax")[
            ..., 0
        ]
        hsv = np.dstack([degrees, saturation, value]).astype(np.float32)
        if self.hsv_scaling == "as_published":
            rgb = cv2.cvtColor(hsv * np.array([0.5, 255, 255], np.float32), cv2.COLOR_HSV2RGB)
            return rgb.astype(np.int64).astype(np.uint8).astype(np.float32) / np.float32(255)
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)  # type: ignore[return-value]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("flow_hsv", FlowHSV)
