"""Clips of one length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk


class PadTime:
    """Bring all clips to one length: zeros in front of short ones, the end of long ones cut off.

    It concerns streams `[regions, time, D]`; those with another number of axes have no time and
    pass unchanged.

    Args:
        length: number of frames, 0 or more; 0 takes the length of the longest training clip, stream
            by stream.
    """

    def __init__(self, *, length: int = 250) -> None:
        if length < 0:
            raise ValueError(f"length={length}; give frames, or 0 for the longest training clip")
        self.length = length

    def fit(self, train: mertk.TrainingSet[mertk.Streams], _rng: np.random.Generator, /) -> None:
        """Find the longest training clip, where no length is given."""
        self._longest: dict[str, int] = {}
        for streams in train.inputs:
            for name, array in streams.items():
                if _has_time(array):
                    self._longest[name] = max(self._longest.get(name, 0), array.shape[1])

    def fuse(self, streams: mertk.Streams, /) -> mertk.Streams:
        """The same streams, timed ones as `[regions, length, D]`."""
        return {
            name: self._pad_stream(name, array) if _has_time(array) else array
            for name, array in streams.items()
        }

    def _pad_stream(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        length = self.length or self._longest.get(name, 0)
        if not length:
            raise mertk.ComponentError(f"pad_time never saw stream '{name}'; give it a length")
        kept = array[:, :length]
        return np.pad(kept, [(0, 0), (length - kept.shape[1], 0), (0, 0)])


def _has_time(array: NDArray[np.float32]) -> bool:
    return array.ndim == 3


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("pad_time", PadTime)
