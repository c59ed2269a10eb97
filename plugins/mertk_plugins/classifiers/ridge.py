"""Ridge regression onto the classes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

import mertk
from mertk_plugins.classifiers._gram import solve_system
from mertk_plugins.classifiers._left_out import LeftOut
from mertk_plugins.classifiers._linear import Linear
from mertk_plugins.classifiers._margin import MarginClassifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from mertk_plugins.classifiers._gram import Fold, Matrix, Rows


class Ridge(MarginClassifier):
    """Ridge regression: least squares onto 1 for the class and -1 for the others.

    In multi-label training each class has a regression of its own. Probabilities are the softmax of
    the scores: the largest wins, and a label of many is predicted where its own score is above 0.

    Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970.

    Args:
        alpha: strength of the penalty on the squared weights, above 0; the intercept has none.
        scale: whether each feature is standardised by the training clips.
        balanced: whether clips are weighted by the inverse frequency of their class.
    """

    def __init__(self, *, alpha: float = 1.0, scale: bool = False, balanced: bool = False) -> None:
        if not alpha > 0:
            raise ValueError(f"alpha={alpha}; it must be above 0")
        self.alpha = alpha
        self.scale = scale
        self.balanced = balanced

    def learner(self, rows: Rows, /) -> Callable[[Fold], Linear]:
        """The dual solution from inner products; its cost grows with the cube of the clips.

        Without class weights, which are each fold's own, all folds have one system.
        """
        if self.balanced:
            return self._fit_weighted
        return functools.partial(_fit_unweighted, LeftOut(rows.gram, self.alpha, rows.folds))

    def _fit_weighted(self, fold: Fold) -> Linear:
        """Learn with class weights."""
        members = fold.members
        counts = members.sum(axis=0)
        weights = members @ (len(fold.inside) / (len(counts) * counts))
        system = fold.gram
        # A clip that is left out is alone in the system, with 1 on the diagonal and a target of 0.
        penalty = np.divide(self.alpha, weights, out=np.ones_like(weights), where=weights > 0)
        system.flat[:: len(system) + 1] += penalty
        return _compute_scores(solve_system(system, _make_targets(fold)))


def _fit_unweighted(system: LeftOut, fold: Fold) -> Linear:
    """Learn without class weights."""
    return _compute_scores(system.solve(fold.number, _make_targets(fold)))


def _make_targets(fold: Fold) -> Matrix:
    """1 and -1 for each class, and 1 for the intercept `[clips, classes + 1]`."""
    members = fold.members
    inside = members.sum(axis=1, keepdims=True)
    return np.hstack([2 * members - inside, inside])


def _compute_scores(solved: Matrix) -> Linear:
    """The scores of which the clips' weights sum to 0, as a free intercept has it."""
    sums = solved.sum(axis=0)
    offsets = sums[:-1] / sums[-1]
    return Linear(solved[:, :-1] - solved[:, -1:] * offsets, offsets)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the classifier."""
    register.classifier("ridge", Ridge)
