"""Scores from pooled confusion matrices `[…, true, predicted]`: UF1, UAR, accuracy, F1 per label.

Multi-label protocols have one 2x2 matrix per label, `[…, labels, true, predicted]`. Folds are
pooled first: a fold of one subject seldom holds every class, so means of fold scores depend on
what is done about absent classes. All functions work over leading axes, which is how thousands of
exchanges of subjects are scored at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]


def confusion(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Counts `[true, predicted]` of paired class indices `[clips]`."""
    flat = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return flat.reshape(classes, classes)


def f1(matrix: Matrix) -> NDArray[np.float64]:
    """F1 per class `[…, classes]`: 2TP / (2TP + FP + FN), and 0 for a class that never occurs."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1).astype(np.float64)
    return _divide_safely(2 * hits, matrix.sum(axis=-1) + matrix.sum(axis=-2))


def recall(matrix: Matrix) -> NDArray[np.float64]:
    """Recall per class `[…, classes]`, and 0 for a class without clips."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1).astype(np.float64)
    return _divide_safely(hits, matrix.sum(axis=-1))


def uf1(matrix: Matrix) -> NDArray[np.float64]:
    """Unweighted F1: the mean of F1 over the fixed class list, present or not (MEGC 2019)."""
    return np.asarray(f1(matrix).mean(axis=-1))


def uar(matrix: Matrix) -> NDArray[np.float64]:
    """Unweighted average recall over the fixed class list (MEGC 2019)."""
    return np.asarray(recall(matrix).mean(axis=-1))


def accuracy(matrix: Matrix) -> NDArray[np.float64]:
    """The share of all clips that is right, pooled."""
    hits = np.trace(matrix, axis1=-2, axis2=-1).astype(np.float64)
    return _divide_safely(hits, matrix.sum(axis=(-2, -1)))


def weighted_f1(matrix: Matrix) -> NDArray[np.float64]:
    """The mean of F1 over classes, weighted by their clips (MEGC 2018)."""
    clips = matrix.sum(axis=-1)
    return _divide_safely((f1(matrix) * clips).sum(axis=-1), clips.sum(axis=-1))


def standard_scores(matrix: Matrix) -> Mapping[str, NDArray[np.float64]]:
    """What nearly every protocol of the field reports: UF1, UAR and accuracy.

    Examples:
        >>> scores = mertk.core.metrics.standard_scores(np.array([[3, 1], [0, 4]]))
        >>> {name: round(float(score), 3) for name, score in scores.items()}
        {'UF1': 0.873, 'UAR': 0.875, 'accuracy': 0.875}
    """
    return {"UF1": uf1(matrix), "UAR": uar(matrix), "accuracy": accuracy(matrix)}


def binary_f1(matrix: Matrix) -> NDArray[np.float64]:
    """F1 of each label's presence `[…, labels]`; 0 where it is never there and never predicted."""
    return np.asarray(f1(matrix)[..., 1])


def macro_f1(matrix: Matrix) -> NDArray[np.float64]:
    """The mean F1 of each label's presence and absence `[…, labels]`."""
    return uf1(matrix)


def multilabel_scores(matrix: Matrix) -> Mapping[str, NDArray[np.float64]]:
    """The means over labels of binary and of macro F1, as action units are scored."""
    return {
        "binary F1": np.asarray(binary_f1(matrix).mean(axis=-1)),
        "macro F1": np.asarray(macro_f1(matrix).mean(axis=-1)),
    }


def _divide_safely(above: NDArray[np.float64], below: Matrix) -> NDArray[np.float64]:
    safe = np.where(below == 0, 1, below)
    return np.asarray(above / safe, np.float64)


def fold_means(
    folds: Matrix,
    per_class: Callable[[Matrix], NDArray[np.float64]] = f1,
    classes: int | None = None,
) -> Mapping[str, float]:
    """Means over folds `[folds, true, predicted]` of the mean over classes, which no protocol uses.

    A fold of one subject lacks classes, and papers differ in what they do then: they count an
    absent class as 0, or drop it where the fold neither has nor predicts it (scikit-learn's
    default), or drop it where the fold does not have it. `classes` is how many of the first ones
    count, where others are predicted and true of no clip; default: all.
    """
    scores = per_class(folds)[..., :classes]
    true = (folds.sum(axis=-1) > 0)[..., :classes]
    either = true | (folds.sum(axis=-2) > 0)[..., :classes]
    kept = {
        "counted as 0": np.ones_like(true),
        "dropped if neither true nor predicted": either,
        "dropped if not true": true,
    }
    return {name: float(scores.mean(axis=-1, where=which).mean()) for name, which in kept.items()}
