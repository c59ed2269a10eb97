"""Mean 0 and standard deviation 1, by the training clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import mertk


class Standardize:
    """Bring each feature to mean 0 and standard deviation 1 over the training clips.

    A feature that does not vary is only centred. Stands before `pad_time`, so that only real frames
    count.

    Args:
        over_time: whether a stream of three axes `[regions, time, D]` is standardised per region
            and feature over clips and frames, so that clips may differ in length; if not, and for
            any other stream, each element is standardised by itself.
    """

    def __init__(self, *, over_time: bool = True) -> None:
        self.over_time = over_time

    def fit(self, train: mertk.TrainingSet[mertk.Streams], _rng: np.random.Generator, /) -> None:
        """Learn mean and standard deviation of every stream."""
        self._learnt = {}
        for name in train.inputs[0]:
            arrays = [streams[name] for streams in train.inputs]
            self._learnt[name] = self._compute_moments(name, arrays)

    def fuse(self, streams: mertk.Streams, /) -> mertk.Streams:
        """The same streams, standardised."""
        return {name: self._standardise_stream(name, array) for name, array in streams.items()}

    def _standardise_stream(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        if name not in self._learnt:
            known = ", ".join(sorted(self._learnt))
            raise mertk.ComponentError(f"standardize never saw stream '{name}'. It saw: {known}.")
        mean, spread = self._learnt[name]
        return ((array - mean) / spread).astype(np.float32)

    def _compute_moments(
        self, name: str, arrays: Sequence[NDArray[np.float32]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation, shaped so that they broadcast over a clip's stream."""
        from sklearn.preprocessing import StandardScaler

        timed = self.over_time and arrays[0].ndim == 3
        rows = [_flatten_frames(array) if timed else array.reshape(1, -1) for array in arrays]
        if len({row.shape[1] for row in rows}) > 1:
            raise mertk.ComponentError(
                f"standardize: stream '{name}' differs in size from clip to clip; set over_time "
                "for [regions, time, D], or put pad_time first"
            )
        scaler = StandardScaler().fit(np.concatenate(rows).astype(np.float64))
        regions, *rest = arrays[0].shape
        shape = (regions, 1, *rest[1:]) if timed else (regions, *rest)
        return scaler.mean_.reshape(shape), scaler.scale_.reshape(shape)


def _flatten_frames(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """`[regions, time, D]` as one row a frame `[time, regions * D]`."""
    return array.swapaxes(0, 1).reshape(array.shape[1], -1)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("standardize", Standardize)
