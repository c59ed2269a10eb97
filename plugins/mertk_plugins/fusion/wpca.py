"""Whitened principal components of the training clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk

_LEAST = 1e-9  # of the largest variance; below it a direction is rounding error


class WPCA:
    """Whitened principal components of all streams: the stream `features` `[1, components]`.

    All streams are one vector. It is projected on the principal components of the training clips,
    each divided by its standard deviation. There are never more components than training clips less
    one.

    Args:
        components: largest number of components, 0 or more; 0 keeps all.
    """

    def __init__(self, *, components: int = 0) -> None:
        if components < 0:
            raise ValueError(f"components={components}; give a number, or 0 for all")
        self.components = components

    def fit(self, train: mertk.TrainingSet[mertk.Streams], _rng: np.random.Generator, /) -> None:
        """Find mean and components; raises `ComponentError` where all clips are the same."""
        from sklearn.decomposition import PCA

        rows = mertk.design_matrix(train.inputs).astype(np.float64)
        if len(rows) < 2 or not np.ptp(rows, axis=0).any():
            raise mertk.ComponentError(
                f"wpca: the {len(rows)} training clips do not differ, so there is nothing to "
                "project on; leave the block out"
            )
        found = PCA(svd_solver="full").fit(rows)
        variances = found.explained_variance_
        kept = int((variances > _LEAST * variances[0]).sum())
        kept = min(kept, self.components or kept)
        self._mean: NDArray[np.float64] = found.mean_
        self._axes = found.components_[:kept] / np.sqrt(variances[:kept, None])

    def fuse(self, streams: mertk.Streams, /) -> mertk.Streams:
        """The stream `features` `[1, components]`."""
        row = mertk.flatten(streams)
        if len(row) != len(self._mean):
            raise mertk.ComponentError(
                f"wpca learnt from vectors of {len(self._mean)} numbers; this clip has {len(row)}"
            )
        return {"features": ((row - self._mean) @ self._axes.T).astype(np.float32)[None]}


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("wpca", WPCA)
