"""Scores of predicted labels, as functions of scikit-learn take them: `uf1(y_true, y_pred)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import metrics
from mertk.core.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["uar", "uf1"]


def uf1(y_true: ArrayLike, y_pred: ArrayLike, *, labels: Sequence[Any] | None = None) -> float:
    """Unweighted F1: the mean of the F1 of all classes (MEGC 2019).

    >>> mertk.metrics.uf1(["neg", "neg", "pos"], ["neg", "pos", "pos"])
    0.6666666666666666

    Args:
        y_true: the annotated label of each clip, of all folds together.
        y_pred: the predicted label of each clip.
        labels: all classes of the protocol; one that never occurs counts as 0. Default: the labels
            that occur.

    Raises:
        ParameterError: where the lengths differ, or a label is not in `labels`.
    """
    return float(metrics.uf1(_count_pairs(y_true, y_pred, labels)))


def uar(y_true: ArrayLike, y_pred: ArrayLike, *, labels: Sequence[Any] | None = None) -> float:
    """Unweighted average recall: the mean of the recall of all classes (MEGC 2019).

    >>> mertk.metrics.uar(["neg", "neg", "pos"], ["neg", "pos", "pos"])
    0.75

    Args:
        y_true: the annotated label of each clip, of all folds together.
        y_pred: the predicted label of each clip.
        labels: all classes of the protocol; one that never occurs counts as 0. Default: the labels
            that occur.

    Raises:
        ParameterError: where the lengths differ, or a label is not in `labels`.
    """
    return float(metrics.uar(_count_pairs(y_true, y_pred, labels)))


def _count_pairs(
    y_true: ArrayLike, y_pred: ArrayLike, labels: Sequence[Any] | None
) -> NDArray[np.int64]:
    """The confusion matrix `[true, predicted]`."""
    truth, predicted = np.asarray(y_true), np.asarray(y_pred)
    if truth.ndim != 1 or truth.shape != predicted.shape or not len(truth):
        raise ParameterError(
            f"y_true is {list(truth.shape)} and y_pred {list(predicted.shape)}; give one label "
            "a clip, [clips], in both"
        )
    both = np.concatenate([truth, predicted])
    classes = np.unique(both if labels is None else np.asarray(labels))
    unknown = np.setdiff1d(both, classes)
    if len(unknown):
        known = ", ".join(map(str, classes))
        raise ParameterError(f"label '{unknown[0]}' is not in labels: {known}")
    numbers = np.searchsorted(classes, both)
    return metrics.confusion(numbers[: len(truth)], numbers[len(truth) :], len(classes))
