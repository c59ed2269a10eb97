"""Features that come with the data set, such as action units of OpenFace."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk


class Precomputed:
    """Features that the data set provides for a clip, as named streams.

    `folder` reads them from the column `features` of index.csv: `.npy`, `.npz`, or the tables of
    OpenFace, py-feat and LibreFace, whose action units are the stream `au`. No pixel is looked at.

    Args:
        streams: the streams that are given, joined by `+`, such as `au+pose`; empty: all.
        time: what becomes of a row a frame: `statistics` gives the mean, the standard deviation,
            the least and the most of each feature over the clip, so that all clips have one length;
            `keep` leaves `[regions, time, features]`, for blocks that do with any length.
    """

    def __init__(
        self, *, streams: str = "", time: Literal["statistics", "keep"] = "statistics"
    ) -> None:
        self.streams = streams
        self.time = time

    def extract(self, faces: mertk.Faces, _regions: mertk.Regions, /) -> mertk.Streams:
        """The streams; raises `DataError` where the clip does not have them."""
        known = faces.features
        if not known:
            raise mertk.DataError(
                "this clip brings no features; the data set folder reads them from the column "
                "features of index.csv"
            )
        wanted = self.streams.split("+") if self.streams else list(known)
        lost = [name for name in wanted if name not in known]
        if lost:
            raise mertk.DataError(f"no stream '{lost[0]}'. This clip brings: {', '.join(known)}.")
        return {name: self._summarise(np.asarray(known[name], np.float32)) for name in wanted}

    def _summarise(self, array: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.time == "keep" or array.ndim < 3:
            return array
        parts = [array.mean(axis=1), array.std(axis=1), array.min(axis=1), array.max(axis=1)]
        return np.stack(parts, axis=1).astype(np.float32)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("precomputed", Precomputed)
