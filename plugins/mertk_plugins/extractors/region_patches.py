"""Patches of facial regions over time: the paper's frames, or the motion in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_GREY = 128  # where nothing moves
_REACH = 127
_GAINS = {"frames": 1.0, "difference": 4.0, "flow": 48.0}
_STRAIN = 8  # strain is that much smaller than flow
_DIFFERENCE_BLUR = 1.5  # pixels; smaller changes are mostly noise
_FLOW_BLUR = 3.0
_STRAIN_BLUR = 2.6
_STRONGEST = 99.5  # per cent: a few wrong vectors do not set the scale


class RegionPatches:
    """Cut each region into a square grid of patches, in several frames of a clip.

    Gives one stream for each region, `[1, time, height, width, patches·3]` in whole numbers from 0
    to 255, patches row by row. Where the last frame is not the apex, there is also the stream
    `apex` `[1, time]`, which is 1 at the frame that is nearest to the apex.

    Frames are spread evenly over onset … offset, or onset … apex, with both ends in; the inner one
    that is nearest to the apex moves there, and a single one is the apex.

    Args:
        input: what is shown of a frame. `frames`: its colours, as in Aouayeb et al. 2022.
            `difference`: its colours less those of the onset frame, blurred by 1.5 pixels.
            `flow`: the optical flow from the onset frame to it, as three channels: to the right,
            down, and strain, blurred by 3 pixels. In both of the latter, 128 is no change. What
            most pixels of the regions have in common is taken out: light in a difference, shift,
            turn and scale of the head in a flow. A precomputed flow map of a clip is taken as it
            is, and is the clip's only frame.
        patches: number of patches of a region: 1, 4, 9 or 16.
        patch_size: height and width of a patch, in pixels, each 8 or more.
        frames: number of frames of a clip, 0 or more; 0 is all.
        until: the last of these frames: `offset`, or `apex`, or the middle where no apex is known.
        gain: grey levels for a change by one grey level in a `difference`, or for a motion of one
            pixel in a `flow` (8 times as many for strain), 0 or more; 0 is 4 for a `difference` and
            48 for a `flow`. A precomputed flow map, whose unit is not known, is scaled so that its
            strongest motion uses the whole range.
        method: see `mertk.vision.optical_flow.optical_flow`.
    """

    def __init__(
        self,
        *,
        input: Literal["frames", "difference", "flow"] = "frames",  # noqa: A002  the field's word
        patches: int = 9,
        patch_size: Sequence[int] = (35, 50),
        frames: int = 0,
        until: Literal["offset", "apex"] = "offset",
        gain: float = 0.0,
        method: optical_flow.Method = "farneback",
    ) -> None:
        self.grid = round(patches**0.5)
        if self.grid not in (1, 2, 3, 4) or self.grid**2 != patches:
            raise ValueError(f"patches={patches} is not one of 1, 4, 9, 16")
        if len(patch_size) != 2 or min(patch_size) < 8:
            raise ValueError(f"patch_size={list(patch_size)} is not [height, width], each above 7")
        if frames < 0 or gain < 0:
            raise ValueError(f"frames={frames}, gain={gain}: not below 0")
        self.input = input
        self.height, self.width = patch_size
        self.frames = frames
        self.until = until
        self.gain = gain or _GAINS[input]
        self.method: optical_flow.Method = method

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> dict[str, NDArray[Any]]:
        """Patches by region, and `apex`; raises `DataError` for a clip without frames."""
        streams: dict[str, NDArray[Any]] = {}
        if faces.flow is not None and self.input == "flow":
            pictures = _draw_flow_map(np.asarray(faces.flow, np.float32), regions)
        else:
            where = choose_positions(faces, self.frames, self.until)
            pictures = self._draw_frames(faces, regions, where)
            if self.until == "offset":
                apex = np.zeros((1, len(where)), np.float32)
                apex[0, np.abs(where - faces.peak).argmin()] = 1
                streams["apex"] = apex
        for name, window in zip(regions.names, regions.windows(), strict=True):
            streams[name] = self._cut_patches(pictures, window)[None]
        return streams

    def _draw_frames(
        self, faces: mertk.Faces, regions: mertk.Regions, where: NDArray[np.int64]
    ) -> Pixels:
        """The input of the frames `where`, as pictures `[time, height, width, 3]`."""
        if self.input == "frames":
            return faces.frames[where]
        onset = faces.frames[faces.onset]
        mask = _mask_regions(regions, onset.shape)
        draw = self._draw_difference if self.input == "difference" else self._draw_flow
        return np.stack([draw(onset, faces.frames[int(at)], mask) for at in where])

    def _draw_difference(self, onset: Pixels, frame: Pixels, mask: NDArray[np.bool_]) -> Pixels:
        import cv2

        change = frame.astype(np.float32) - onset.astype(np.float32)
        change = np.asarray(cv2.GaussianBlur(change, (0, 0), _DIFFERENCE_BLUR))
        return _to_grey_levels((change - np.median(change[mask], axis=0)) * self.gain)

    def _draw_flow(self, onset: Pixels, frame: Pixels, mask: NDArray[np.bool_]) -> Pixels:
        import cv2

        before, after = optical_flow.convert_to_grey(onset), optical_flow.convert_to_grey(frame)
        flow = optical_flow.optical_flow(before, after, self.method)
        flow = optical_flow.remove_head_motion(flow, mask)
        flow = np.asarray(cv2.GaussianBlur(flow, (0, 0), _FLOW_BLUR), np.float32)
        smooth = np.asarray(cv2.GaussianBlur(flow, (0, 0), _STRAIN_BLUR), np.float32)
        return _to_grey_levels(np.dstack([flow, _STRAIN * optical_flow.strain(smooth)]) * self.gain)

    def _cut_patches(self, pictures: Pixels, window: tuple[slice, slice]) -> Pixels:
        """One region's patches `[time, height, width, patches·3]`, patches row by row."""
        import cv2

        size = self.grid * self.width, self.grid * self.height
        # OpenCV's bilinear has half-pixel centres and no antialias, as the authors' has
        whole = [cv2.resize(picture[window], size) for picture in pictures]
        shape = (len(whole), self.grid, self.height, self.grid, self.width, 3)
        parts = np.asarray(whole, np.uint8).reshape(shape).transpose(0, 2, 4, 1, 3, 5)
        return parts.reshape(len(whole), self.height, self.width, self.grid**2 * 3)


def choose_positions(
    faces: mertk.Faces, count: int, until: Literal["offset", "apex"] = "offset"
) -> NDArray[np.int64]:
    """`count` positions in onset … `until`, or all for 0; the rule is in `RegionPatches`."""
    if not len(faces.frames):
        raise mertk.DataError(
            "region_patches needs frames; this clip has a flow map alone: set input=flow"
        )
    first, last = faces.onset, faces.peak if until == "apex" else faces.offset
    if count == 0 or count > last - first:
        return np.arange(first, last + 1)
    if count == 1:
        return np.array([faces.peak])
    found = np.linspace(first, last, count).round().astype(np.int64)
    if faces.peak not in found:
        inner = slice(1, -1) if count > 2 else slice(None)
        nearest = np.abs(found[inner] - faces.peak).argmin()
        found[inner][nearest] = faces.peak
    return found


def _draw_flow_map(flow: Floats, regions: mertk.Regions) -> Pixels:
    """A precomputed map (u, v, strain) as one picture `[1, height, width, 3]`."""
    strengths = np.abs(flow[_mask_regions(regions, flow.shape)])
    motion, strain = (
        np.percentile(strengths[:, :2], _STRONGEST),
        np.percentile(strengths[:, 2], _STRONGEST),
    )
    scale = np.array([motion, motion, strain])
    scale[scale == 0] = np.inf
    return _to_grey_levels(flow * (_REACH / scale))[None]


def _to_grey_levels(change: NDArray[np.floating[Any]]) -> Pixels:
    """Changes around 0 as grey levels around 128."""
    return np.asarray(np.clip(np.rint(change) + _GREY, 0, 255), np.uint8)


def _mask_regions(regions: mertk.Regions, shape: Sequence[int]) -> NDArray[np.bool_]:
    """The pixels `[height, width]` that lie in any region."""
    mask = np.zeros(tuple(shape[:2]), bool)
    for window in regions.windows():
        mask[window] = True
    return mask


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("region_patches", RegionPatches, paper="doi:10.3389/frsip.2022.861469")
