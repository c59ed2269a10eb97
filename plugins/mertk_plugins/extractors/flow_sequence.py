"""Optical flow from the onset to several moments of a clip."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow
from mertk_plugins.extractors.flow import Flow


class FlowSequence:
    """Optical flow from the onset to each of several frames, as small pictures.

    Gives `[regions, time, channels, size, size]`. Each moment is what the extractor `flow` gives of
    the onset and that frame, normalised by itself. The frames are evenly spaced; where the clip has
    too few, some come twice.

    Args:
        frames: number of frames that the flow leads to, 1 or more.
        around: where these frames lie: `apex`, around it (as in SLSTT, Zhang et al. 2022);
            `middle`, in the middle half of onset … offset, which needs no apex.
        method: see `mertk.vision.optical_flow.optical_flow`.
        size, normalise: see `mertk_plugins.extractors.flow.Flow`.
        colour: whether the channels are red, green and blue in [0, 1], not u, v and strain. The hue
            is then the direction of the flow and the value its length, scaled from the least to the
            largest of the picture; `normalise` has no effect.
    """

    def __init__(
        self,
        *,
        frames: int = 11,
        around: Literal["apex", "middle"] = "apex",
        method: optical_flow.Method = "farneback",
        size: int = 28,
        normalise: optical_flow.Normalisation = "minmax",
        colour: bool = False,
    ) -> None:
        if frames < 1:
            raise ValueError(f"frames={frames}; at least 1")
        self.frames, self.around, self.colour = frames, around, colour
        channels = ("u", "v") if colour else ("u", "v", "strain")
        mode: optical_flow.Normalisation = "none" if colour else normalise
        self.flow = Flow(method=method, size=size, normalise=mode, channels=channels)

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, time, channels, size, size]`; raises `DataError` for a clip without frames."""
        if not len(faces.frames):
            raise mertk.DataError("flow_sequence needs frames; this clip has a flow map alone")
        moments, back = np.unique(self._choose_moments(faces), return_inverse=True)
        pixels = mertk.Frames.of(faces.frames[[faces.onset, *moments.tolist()]])
        found = [
            self.flow.extract(
                mertk.Faces(frames=pixels, onset=0, apex=at, offset=len(moments)), regions
            )
            for at in range(1, len(moments) + 1)
        ]
        maps = np.stack(found, axis=1)[:, back]
        return _colour_flow(maps) if self.colour else maps

    def _choose_moments(self, faces: mertk.Faces) -> NDArray[np.int64]:
        """Positions of frames after the onset, where the clip has any."""
        onset, offset = faces.onset, faces.offset
        if self.around == "apex":
            first: float = max(faces.peak - self.frames // 2, onset + 1)
            last: float = min(first + self.frames - 1, offset)
        else:
            first, last = onset + (offset - onset) / 4, offset - (offset - onset) / 4
        found = np.linspace(first, last, self.frames).round().astype(np.int64)
        return np.clip(found, min(onset + 1, offset), offset)


def _colour_flow(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Flow `[regions, time, 2, h, w]` as colours `[regions, time, 3, h, w]` in [0, 1]."""
    import cv2

    pictures = np.moveaxis(maps, 2, -1).reshape(-1, maps.shape[3], 2)
    value = np.hypot(maps[:, :, 0], maps[:, :, 1])
    value -= value.min((2, 3), keepdims=True)
    value /= np.maximum(value.max((2, 3), keepdims=True), np.float32(1e-9))
    hue = np.degrees(np.arctan2(pictures[..., 1], pictures[..., 0])) % 360
    hsv = np.stack([hue, np.ones_like(hue), value.reshape(hue.shape)], -1).astype(np.float32)
    rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    regions, time, _, height, width = maps.shape
    shaped: NDArray[np.float32] = np.asarray(rgb, np.float32).reshape(
        regions, time, height, width, 3
    )
    return np.moveaxis(shaped, -1, 2)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("flow_sequence", FlowSequence)
