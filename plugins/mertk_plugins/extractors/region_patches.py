"""Patches of facial regions over time: the paper's frames, or the motion in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import mertk
from mertk.vision import optical_flow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]

_GREY = 128  # where nothing moves
_REACH = 127
_BLUR = 1.5  # pixels: below this, a difference of frames is mostly noise
_STRAIN = 8  # times as many grey levels as for flow, whose numbers are as much larger
_STRONGEST = 99.5  # per cent: a few wrong vectors do not set the scale


class RegionPatches:
    """Cut each region into a square grid of patches, in several frames of a clip.

    Gives one stream for each region, `[1, time, height, width, patches·3]` in whole numbers from 0
    to 255, patches row by row, and the stream `apex` `[1, time]`, which is 1 at the frame that is
    nearest to the apex.

    Frames are spread evenly over onset … offset with both ends in, and the inner one that is
    nearest to the apex moves there; a single one is the apex.

    Args:
        input: what is shown of a frame. `frames`: its colours, as in Aouayeb et al. 2022.
            `difference`: its colours less those of the onset frame, blurred by 1.5 pixels.
            `flow`: the optical flow from the onset frame to it, as three channels: to the right,
            down, and strain. In both of the latter, 128 is no change. What all pixels of a face
            have in common, light in a difference and the motion of the head in a flow, is taken
            out. A clip's precomputed flow map is its only frame, and is taken as it is.
        patches: number of patches of a region: 1, 4, 9 or 16.
        patch_size: height and width of a patch, in pixels, each 8 or more.
        frames: number of frames of a clip, 0 or more; 0 is all.
        gain: what a `difference` or `flow` is multiplied by, 0 or more: grey levels for a change by
            one grey level, or for a flow of one pixel (8 times as many for strain); 0 scales each
            clip so that its strongest motion uses the whole range. Without effect on `frames`; a
            precomputed flow map, whose unit is not known, is scaled as for 0.
        method: see `mertk.vision.optical_flow.optical_flow`; without effect on other inputs.
    """

    def __init__(
        self,
        *,
        input: Literal["frames", "difference", "flow"] = "frames",  # noqa: A002  the field's word
        patches: int = 9,
        patch_size: Sequence[int] = (35, 50),
        frames: int = 0,
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
        self.gain = gain
        self.method: optical_flow.Method = method

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> dict[str, NDArray[Any]]:
        """Patches by region, and `apex`; raises `DataError` for a clip without frames."""
        if faces.flow is not None and self.input == "flow":
            flow = np.asarray(faces.flow, np.float32)[None]
            pictures = _scale_flow(flow, regions, gain=0)
            apex = np.ones((1, 1), np.float32)
        else:
            where = choose_positions(faces, self.frames)
            pictures = self._make_pictures(faces, regions, where)
            apex = np.zeros((1, len(where)), np.float32)
            apex[0, np.abs(where - faces.peak).argmin()] = 1
        streams: dict[str, NDArray[Any]] = {"apex": apex}
        for name, window in zip(regions.names, regions.windows(), strict=True):
            streams[name] = self._cut_patches(pictures, window)[None]
        return streams

    def _make_pictures(
        self, faces: mertk.Faces, regions: mertk.Regions, where: NDArray[np.int64]
    ) -> Pixels:
        """What is shown of the frames `where`: `[time, height, width, 3]`."""
        if self.input == "frames":
            return faces.frames[where]
        onset = faces.frames[faces.onset]
        if self.input == "difference":
            changes = np.stack([_subtract_onset(onset, faces.frames[int(at)]) for at in where])
            return _scale_channels(changes, _mask_regions(regions, changes.shape), self.gain)
        grey = optical_flow.convert_to_grey(onset)
        flows = []
        for at in where:
            target = optical_flow.convert_to_grey(faces.frames[int(at)])
            uv = optical_flow.optical_flow(grey, target, self.method)
            flows.append(np.dstack([uv, optical_flow.strain(uv)]))
        return _scale_flow(np.stack(flows), regions, self.gain)

    def _cut_patches(self, pictures: Pixels, window: tuple[slice, slice]) -> Pixels:
        """One region's patches `[time, height, width, patches·3]`, patches row by row."""
        import cv2

        size = self.grid * self.width, self.grid * self.height
        # OpenCV's bilinear has half-pixel centres and no antialias, as the authors' has
        whole = [cv2.resize(picture[window], size) for picture in pictures]
        shape = (len(whole), self.grid, self.height, self.grid, self.width, 3)
        parts = np.asarray(whole, np.uint8).reshape(shape).transpose(0, 2, 4, 1, 3, 5)
        return parts.reshape(len(whole), self.height, self.width, self.grid**2 * 3)


def choose_positions(faces: mertk.Faces, count: int) -> NDArray[np.int64]:
    """`count` positions in onset … offset, or all for 0; the rule is in `RegionPatches`."""
    if not len(faces.frames):
        raise mertk.DataError(
            "region_patches needs frames; this clip has a flow map alone: set input=flow"
        )
    first, last = faces.onset, faces.offset
    if count == 0 or count > last - first:
        return np.arange(first, last + 1)
    found = np.linspace(first, last, count).round().astype(np.int64)
    if faces.peak not in found:
        inner = slice(1, -1) if count > 2 else slice(None)
        nearest = np.abs(found[inner] - faces.peak).argmin()
        found[inner][nearest] = faces.peak
    return found


def _subtract_onset(onset: Pixels, frame: Pixels) -> Floats:
    """A frame less the onset frame, blurred."""
    import cv2

    change = frame.astype(np.float32) - onset.astype(np.float32)
    return cv2.GaussianBlur(change, (0, 0), _BLUR)  # type: ignore[return-value]


def _scale_flow(flow: Floats, regions: mertk.Regions, gain: float) -> Pixels:
    """Flow and strain `[time, height, width, 3]` as grey levels; 128 is no motion."""
    import os
    mask = _mask_regions(regions, flow.shape)
    third = os.environ.get("THIRD", "strain")
    out = []
    import cv2
    for f in flow:
        uv = remove_head_motion(f[..., :2], mask)
        uv = cv2.GaussianBlur(uv, (0, 0), float(os.environ.get("FB", "3")))
        st = optical_flow.strain(cv2.GaussianBlur(uv,(0,0),2.6)) * 8 if third == "strain" else np.zeros_like(uv[..., 0]) if third == "0" else np.hypot(*np.moveaxis(uv,-1,0))
        out.append(np.dstack([uv, st]))
    return np.clip(np.rint(np.stack(out) * (gain or 48)) + _GREY, 0, 255).astype(np.uint8)


def remove_head_motion(flow: Floats, mask: NDArray[np.bool_]) -> Floats:
    """A flow `[height, width, 2]` less the similarity that most of its vectors agree on.

    Shift, turn and scale are fitted to the pixels in `mask` by least absolute deviations
    (reweighted least squares), so that an expression does not count as motion of the head.
    """
    height, width = mask.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (y - height / 2) / height, (x - width / 2) / width
    one, zero = np.ones_like(x), np.zeros_like(x)
    parts = np.stack([one, zero, zero, one, x, y, -y, x], -1).reshape(height, width, 4, 2)
    some = np.flatnonzero(mask)[::7]
    basis = parts.reshape(-1, 4, 2)[some].transpose(0, 2, 1).reshape(-1, 4).astype(np.float64)
    target = flow.reshape(-1, 2)[some].ravel().astype(np.float64)
    weights = np.ones_like(target)
    found = np.zeros(4)
    for _ in range(5):
        found = np.linalg.lstsq(basis * weights[:, None], target * weights, rcond=None)[0]
        left = np.hypot(*(target - basis @ found).reshape(-1, 2).T)
        weights = 1 / np.sqrt(np.maximum(left, 0.05)).repeat(2)
    return flow - np.einsum("hwkc,k->hwc", parts, found.astype(np.float32))


def _scale_channels(
    change: Floats, mask: NDArray[np.bool_], gain: float, *, centred: bool = True
) -> Pixels:
    """Changes `[time, height, width, channels]` around 128, less the median over the regions."""
    inside = change[:, mask]
    if centred:
        common = np.median(inside, axis=1)
        change = change - common[:, None, None]
        inside = inside - common[:, None]
    if gain == 0:
        strongest = float(np.percentile(np.abs(inside), _STRONGEST))
        gain = _REACH / strongest if strongest > 0 else 0.0
    return np.clip(np.rint(change * gain) + _GREY, 0, 255).astype(np.uint8)


def _mask_regions(regions: mertk.Regions, shape: Sequence[int]) -> NDArray[np.bool_]:
    """The pixels `[height, width]` that lie in any region."""
    mask = np.zeros(tuple(shape[1:3]), bool)
    for window in regions.windows():
        mask[window] = True
    return mask


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Offer the extractor."""
    register.extractor("region_patches", RegionPatches, paper="doi:10.3389/frsip.2022.861469")
