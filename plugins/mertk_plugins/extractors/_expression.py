"""The expression as a small grey clip of a set length, as the descriptors of voxels take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling

Resample = Literal["tim", "linear"]


@dataclass(frozen=True, slots=True)
class Expression:
    """Onset … offset in grey, resampled in time and resized.

    Args:
        name: name of the extractor, for messages.
        radii: how far a voxel's neighbourhood reaches: rt in frames, ry and rx in pixels, each 1 or
            more.
        frames: number of frames that onset … offset is resampled to, more than twice the radius in
            time; 0 keeps the frames as they are.
        resample: how the clip is resampled in time: `tim`, the temporal interpolation model of Zhou
            et al. 2011, or `linear`.
        size: width and height of the face in pixels, each 1 or more, to which it is resized; null
            keeps the size that the aligner gives.

    Raises:
        ValueError: the settings make no sense.
    """

    name: str
    radii: tuple[int, int, int]
    frames: int
    resample: Resample
    size: tuple[int, int] | None

    def __post_init__(self) -> None:
        rt, ry, rx = self.radii
        if min(self.radii) < 1:
            raise ValueError(f"the radii are rx={rx}, ry={ry}, rt={rt}; each must be at least 1")
        if self.frames and self.frames <= 2 * rt:
            raise ValueError(
                f"frames={self.frames} leaves no centre frame; rt={rt} needs {2 * rt + 1}"
            )
        if self.size is not None and (len(self.size) != 2 or min(self.size) < 1):
            raise ValueError(f"size={self.size!r}; give [width, height] in pixels, or null")

    def clip(self, faces: mertk.Faces) -> NDArray[np.uint8]:
        """`[time, h, w]`; raises `DataError` where it is too short or too small for the radii."""
        if not len(faces.frames):
            raise mertk.DataError(f"{self.name} needs frames; this clip has a flow map alone")
        size = faces.size if self.size is None else (self.size[0], self.size[1])
        span = range(faces.onset, faces.offset + 1)
        clip = np.stack(
            [resampling.resize_picture(faces.frames.read_grey(at), size) for at in span]
        )
        if self.frames:
            change = resampling.tim if self.resample == "tim" else resampling.resample_linearly
            clip = np.clip(np.rint(change(clip, self.frames)), 0, 255).astype(np.uint8)
        self.check(clip)
        return clip

    def check(self, clip: NDArray[np.uint8]) -> None:
        """Raise `DataError` where a clip `[time, h, w]` has no voxel with its neighbourhood."""
        axes = ("frames", "rows", "columns")
        for length, radius, what in zip(clip.shape, self.radii, axes, strict=True):
            if length <= 2 * radius:
                raise mertk.DataError(
                    f"{self.name}: the expression has {length} {what}, a radius of {radius} needs "
                    f"{2 * radius + 1}; set a smaller radius, or resample with frames and size"
                )
