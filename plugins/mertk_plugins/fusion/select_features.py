"""The features that tell the training classes apart best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk


class SelectFeatures:
    """Keep the features that separate the training classes best (analysis of variance).

    A feature is judged by the F value of a one-way analysis of variance, whose groups are the
    classes of the training clips; multi-label, by the largest F over the classes, each against its
    absence. All streams become one, `features`, of the kept numbers in their order.

    Args:
        count: number of features that are kept, 1 or more; where there are fewer, all are kept.
    """

    def __init__(self, *, count: int = 100) -> None:
        if count < 1:
            raise ValueError(f"count={count}; keep at least one feature")
        self.count = count

    def fit(self, train: mertk.TrainingSet[mertk.Streams], _rng: np.random.Generator, /) -> None:
        """Choose the features by the training clips."""
        rows = mertk.design_matrix(train.inputs).astype(np.float64)
        groupings = train.labels.T if train.multilabel else train.labels[None]
        scores = np.max([_variance_ratio(rows, labels) for labels in groupings], axis=0)
        best = np.argsort(-scores, kind="stable")[: self.count]
        self._kept: NDArray[np.intp] = np.sort(best)
        self._length = rows.shape[1]

    def fuse(self, streams: mertk.Streams, /) -> dict[str, NDArray[np.float32]]:
        """The kept features `[count]`."""
        row = mertk.flatten(streams)
        if len(row) != self._length:
            raise mertk.ComponentError(
                f"select_features chose among {self._length} features; this clip has {len(row)}"
            )
        return {"features": row[self._kept]}


def _variance_ratio(rows: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean square between groups by that within, per feature; 0 for one that does not vary."""
    groups = [rows[labels == label] for label in np.unique(labels)]
    if len(groups) < 2 or len(rows) <= len(groups):
        return np.zeros(rows.shape[1])
    mean = rows.mean(axis=0)
    between = sum(len(group) * (group.mean(axis=0) - mean) ** 2 for group in groups)
    within = sum(((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in groups)
    scale = (len(rows) - len(groups)) / (len(groups) - 1)
    least = np.finfo(np.float64).eps * np.square(rows).sum(axis=0)
    return np.where(between > least, between * scale / np.maximum(within, least + 1e-300), 0.0)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("select_features", SelectFeatures)
