"""Optical flow of the rise and of the fall of an expression, each half and in full."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow
from mertk_plugins.extractors.flow import Flow


class PhaseFlow:
    """Optical flow of the rise and of the fall, each to its end and to its middle.

    Gives `[regions, 4, 3, size, size]` (u, v and strain of four flows), each flow as the extractor
    `flow` gives it, normalised by itself. Without an apex, the middle of the clip takes its place.

    Args:
        method: see `mertk.vision.optical_flow.optical_flow`.
        size, normalise: see `mertk_plugins.extractors.flow.Flow`.
    """

    def __init__(
        self,
        *,
        method: optical_flow.Method = "farneback",
        size: int = 28,
        normalise: optical_flow.Normalisation = "minmax",
    ) -> None:
        self.flow = Flow(method=method, size=size, normalise=normalise)

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, 4, 3, size, size]`; raises `DataError` for a clip without frames."""
        if not len(faces.frames):
            raise mertk.DataError("phase_flow needs frames; this clip has a flow map alone")
        onset, apex, offset = faces.onset, faces.peak, faces.offset
        pairs = (
            (onset, apex),
            (apex, offset),
            (onset, (onset + apex + 1) // 2),
            (apex, (apex + offset + 1) // 2),
        )
        found = []
        for first, last in pairs:
            both = mertk.Frames.of(faces.frames[[first, last]])
            pair = mertk.Faces(frames=both, onset=0, apex=1, offset=1)
            found.append(self.flow.extract(pair, regions))
        return np.stack(found, axis=1)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("phase_flow", PhaseFlow)
