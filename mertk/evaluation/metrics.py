"""Scores of predicted labels, as functions of scikit-learn take them: `uf1(y_true, y_pred)`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mertk.core import metrics
from mertk.core.errors import ParameterError, UnknownNameError

__all__ = ["Scorer", "get_scorer", "uar", "uf1"]


def uf1(y_true: ArrayLike, y_pred: ArrayLike, *, labels: Sequence[Any] | None = None) -> float:
    """Unweighted F1: the mean of the F1 of all classes (MEGC 2019).

    Examples:
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

    Examples:
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


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores a fitted estimator, where scikit-learn takes `scoring=`; `get_scorer` makes one."""

    name: str
    labels: tuple[Any, ...] | None = None

    def __call__(self, estimator: Any, X: Any, y: ArrayLike) -> float:  # noqa: N803
        """The score of the predictions for `X` against the labels `y`."""
        labels = self.labels
        if labels is None:
            labels = tuple(np.union1d(estimator.classes_, np.asarray(y)).tolist())
        return _SCORES[self.name](y, estimator.predict(X), labels=labels)


_SCORES = {"uf1": uf1, "uar": uar}


def get_scorer(name: str, *, labels: Sequence[Any] | None = None) -> Scorer:
    """A scorer of scikit-learn by its name: `uf1` or `uar`.

    A class that no clip of a fold has counts as 0, as in the protocols. Scores of folds are
    therefore low where a fold is one subject; choose folds of several subjects to compare
    parameters, and report scores of pooled predictions.

    Examples:
        >>> from sklearn.dummy import DummyClassifier
        >>> from sklearn.model_selection import cross_val_score
        >>> X, y = [[0]] * 8, ["neg", "neg", "neg", "pos"] * 2
        >>> scorer = mertk.metrics.get_scorer("uar")
        >>> cross_val_score(DummyClassifier(), X, y, scoring=scorer, cv=2).tolist()
        [0.5, 0.5]

    Args:
        name: `uf1` or `uar`.
        labels: all classes of the protocol. Default: those that the estimator was fitted on, and
            those of the clips that are scored.

    Raises:
        UnknownNameError: where there is no such score.
    """
    if name not in _SCORES:
        raise UnknownNameError("scorer", name, _SCORES)
    return Scorer(name, None if labels is None else tuple(labels))


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
