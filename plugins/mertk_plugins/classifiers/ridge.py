"""Ridge regression onto the classes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal

import numpy as np

import mertk
from mertk_plugins.classifiers._gram import Fold, Matrix, Rows, solve_system
from mertk_plugins.classifiers._inner import (
    check_strength,
    compute_mean_length,
    note_choice,
    weigh_classes,
)
from mertk_plugins.classifiers._left_out import LeftOut
from mertk_plugins.classifiers._linear import Linear
from mertk_plugins.classifiers._margin import MarginClassifier
from mertk_plugins.classifiers._ridge_path import RidgePath

PENALTIES = 10.0 ** np.arange(2.0, -3.1, -0.5)
"""From the strongest on, in mean squared lengths of a clip."""


class Ridge(MarginClassifier):
    """Ridge regression on targets of 1 for the class and -1 for the others.

    In multi-label training each class has a regression of its own. Probabilities are the softmax of
    the scores: the largest wins, and a label of many is predicted where its own score is above 0.

    Hoerl and Kennard, "Ridge regression", Technometrics 12, 1970.

    Args:
        alpha: strength of the penalty on the squared weights, above 0; the intercept has none.
            `auto` chooses it inside the training part: the one with the least squared error on
            people that are left out one after the other, among 10^-3 … 10^2 times the mean squared
            length of the clips about their mean.
        scale: whether each feature is standardised by the training clips.
        balanced: whether clips are weighted by the inverse frequency of their class.
    """

    def __init__(
        self, *, alpha: float | Literal["auto"] = "auto", scale: bool = False, balanced: bool = True
    ) -> None:
        check_strength("alpha", alpha)
        self.alpha = alpha
        self.scale = scale
        self.balanced = balanced

    choice = "alpha / mean squared length"

    def learner(self, rows: Rows, /) -> Callable[[Fold], Linear]:
        """The dual solution from inner products; its cost grows with the cube of the clips.

        Without class weights and without a choice, which are each fold's own, all folds have one
        system.
        """
        if self.alpha == "auto":
            return self._fit_chosen
        if self.balanced:
            return self._fit_weighted
        return functools.partial(_fit_unweighted, LeftOut(rows.gram, float(self.alpha), rows.folds))

    def _fit_chosen(self, fold: Fold) -> Linear:
        """Learn with the penalty that predicts best the people who are left out."""
        members = fold.members[fold.inside]
        weights = weigh_classes(members, balanced=self.balanced)
        path = RidgePath(fold.rows.values[fold.inside], fold.own_gram, weights, 2 * members - 1)
        dual, offsets = path.solve(choose_penalty(path, fold))
        placed = np.zeros((len(fold.members), dual.shape[1]))
        placed[fold.inside] = dual
        return Linear(placed, offsets)

    def _fit_weighted(self, fold: Fold) -> Linear:
        """Learn with class weights."""
        members = fold.members
        counts = members.sum(axis=0)
        weights = members @ (len(fold.inside) / (len(counts) * counts))
        system = fold.gram
        # A clip that is left out is alone in the system, with 1 on the diagonal and a target of 0.
        penalty = np.divide(
            float(self.alpha), weights, out=np.ones_like(weights), where=weights > 0
        )
        system.flat[:: len(system) + 1] += penalty
        return _compute_scores(solve_system(system, _make_targets(fold)))


def choose_penalty(path: RidgePath, fold: Fold) -> float:
    """The penalty with the least error on people left out; the middle one for a single person."""
    length = compute_mean_length(fold.own_gram)
    penalties = PENALTIES * length
    groups = [np.flatnonzero(fold.people == name) for name in np.unique(fold.people)]
    if len(groups) < 2:
        at = len(penalties) // 2
    else:
        at = int(np.argmin([path.score(one, groups) for one in penalties]))
    return note_choice(fold, float(penalties[at]), 1 / length)


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
    register.classifier("ridge", Ridge)
