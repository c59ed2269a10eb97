"""Necessary morphological patches: the regions that a random forest finds important."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import mertk


class NMP:
    """Keep the regions that are important to a random forest, and drop the others.

    Gives `[kept, …]`. The forest learns the training labels from all streams `[regions, …]`
    together; a region's importance is the sum over its features (mean decrease of impurity). The
    regions that are kept stay in their order. After Zhao and Xu 2019; only training clips count.

    Args:
        patches: number of regions that are kept, the most important ones, 0 or more; 0 keeps all
            that are at least of mean importance.
        trees: number of trees in the forest, 1 or more.
    """

    def __init__(self, *, patches: int = 0, trees: int = 200) -> None:
        if patches < 0:
            raise ValueError(f"patches={patches}; give a number, or 0 for those above the mean")
        if trees < 1:
            raise ValueError(f"trees={trees}; at least 1")
        self.patches = patches
        self.trees = trees

    def fit(self, train: mertk.TrainingSet[mertk.Streams], rng: np.random.Generator, /) -> None:
        """Select the regions; raises `ComponentError` where the streams have other regions."""
        importance = self._learn_importance(train, rng)
        if self.patches > len(importance):
            raise mertk.ComponentError(
                f"nmp: patches={self.patches}, but there are {len(importance)} regions; ask for "
                "fewer, or for 0: those above the mean"
            )
        if self.patches:
            self._kept = np.sort(np.argsort(-importance, kind="stable")[: self.patches])
        else:
            self._kept = np.flatnonzero(importance >= importance.mean())

    def fuse(self, streams: mertk.Streams, /) -> mertk.Streams:
        """The same streams, selected regions alone."""
        return {name: np.asarray(array)[self._kept] for name, array in streams.items()}

    def _learn_importance(
        self, train: mertk.TrainingSet[mertk.Streams], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """The importance of each region `[regions]`, of sum 1 (or 0 where nothing is learnt)."""
        from sklearn.ensemble import RandomForestClassifier

        rows = [_by_region(streams) for streams in train.inputs]
        if len({row.shape for row in rows}) > 1:
            raise mertk.ComponentError(
                "nmp: streams differ in size from clip to clip; put pad_time first"
            )
        forest = RandomForestClassifier(
            n_estimators=self.trees, random_state=int(rng.integers(2**31))
        )
        forest.fit(np.stack([row.ravel() for row in rows]), train.labels)
        found: NDArray[np.float64] = forest.feature_importances_.reshape(rows[0].shape).sum(axis=1)
        return found


def _by_region(streams: mertk.Streams) -> NDArray[np.float32]:
    """All streams side by side `[regions, features]`."""
    parts: Sequence[NDArray[np.float32]] = [
        np.asarray(streams[name], np.float32) for name in sorted(streams)
    ]
    if len({len(part) for part in parts}) != 1:
        counts = ", ".join(f"'{name}' {len(streams[name])}" for name in sorted(streams))
        raise mertk.ComponentError(
            f"nmp selects regions, and the streams have different ones: {counts or 'no stream'}"
        )
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("nmp", NMP, paper="doi:10.3390/sym11040497")
