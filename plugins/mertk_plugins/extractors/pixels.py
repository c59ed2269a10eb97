"""The simplest extractor: pixels of one frame, or of the difference of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

import mertk
from mertk import flow, sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Pixels:
    """Pixels of the onset, the apex, or apex minus onset: `[regions, channels, size, size]`.

    Values are in [0, 1], of a difference in [-1, 1]. One channel, or three with `colour`.
    """

    def __init__(
        self,
        *,
        frame: Literal["onset", "apex", "difference"] = "apex",
        size: int = 28,
        colour: bool = False,
    ) -> None:
        if size < 1:
            raise ValueError(f"size={size}; at least 1 pixel")
        self.frame = frame
        self.size = size
        self.colour = colour

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, channels, size, size]`; raises `DataError` for a clip without frames."""
        if not len(faces.frames):
            raise mertk.DataError("pixels needs frames; this clip has a flow map alone")
        picture = self._picture(faces)
        places = sampling.windows(regions, faces.size, faces.size)
        parts = [sampling.resize(picture[place], (self.size, self.size)) for place in places]
        found = np.stack([part.reshape(self.size, self.size, -1) for part in parts])
        return np.moveaxis(found, -1, 1)

    def _picture(self, faces: mertk.Faces) -> NDArray[np.float32]:
        """`[h, w]`, or `[h, w, 3]` with colour."""
        if self.frame == "difference":
            return self._read(faces, faces.peak) - self._read(faces, faces.onset)
        return self._read(faces, faces.onset if self.frame == "onset" else faces.peak)

    def _read(self, faces: mertk.Faces, at: int) -> NDArray[np.float32]:
        picture = faces.frames[at]
        values = picture if self.colour else flow.grey(picture)
        return values.astype(np.float32) * np.float32(1 / 255)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the extractor."""
    register.extractor("pixels", Pixels)
