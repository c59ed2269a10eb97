"""A linear support vector machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

import mertk
from mertk_plugins.classifiers._gram import Fold, Matrix, Rows, factorise, solve_system
from mertk_plugins.classifiers._inner import (
    check_strength,
    choose_value,
    compute_mean_length,
    squared_hinge,
)
from mertk_plugins.classifiers._linear import Linear
from mertk_plugins.classifiers._margin import MarginClassifier

COSTS = 10.0 ** np.arange(-2.0, 4.0)
_STEPS = 30  # a handful is usual


class LinearSVM(MarginClassifier):
    """Linear support vector machine with squared hinge loss, one against rest.

    It is scikit-learn's `LinearSVC` with its minimum found exactly: the intercept is penalised as a
    weight is. In multi-label training a class stands against its absence.

    Args:
        C: cost of a clip on the wrong side of its margin, compared with the penalty on large
            weights, above 0; a smaller C regularises more. `auto` chooses it inside the training
            part, by the squared hinge on whole people in 5 inner folds, among 0.01 … 1000 divided
            by the mean squared length of the clips about their mean.
        scale: whether each feature is standardised by the training clips.
        balanced: whether clips are weighted by the inverse frequency of their class: in each
            machine those of its class, of two classes those of both.
    """

    def __init__(
        self,
        *,
        C: float | Literal["auto"] = "auto",  # noqa: N803  the field's name
        scale: bool = False,
        balanced: bool = True,
    ) -> None:
        check_strength("C", C)
        self.C = C
        self.scale = scale
        self.balanced = balanced

    choice = "C x mean squared length"

    def learner(self, _rows: Rows, /) -> Callable[[Fold], Linear]:
        """From inner products, which all folds share."""
        return self._learn

    def _learn(self, fold: Fold) -> Linear:
        return self._learn_with(fold, self.C if self.C != "auto" else self._choose_cost(fold))

    def _choose_cost(self, fold: Fold) -> float:
        length = compute_mean_length(fold.own_gram)
        return choose_value(
            fold,
            list(COSTS / length),
            self._learn_path,
            squared_hinge,
            balanced=self.balanced,
            length=length,
        )

    def _learn_path(self, fold: Fold, costs: Sequence[float]) -> Iterator[Linear]:
        return (self._learn_with(fold, cost) for cost in costs)

    def _learn_with(self, fold: Fold, cost: float) -> Linear:
        """One machine a class; of two classes one machine, and the first one's margin is 0."""
        classes = len(fold.present)
        members = fold.members[fold.inside]
        products = fold.own_gram + 1  # each row ends with a 1, for the intercept
        values = None
        if fold.rows.values.shape[1] < len(members):
            values = np.column_stack([fold.rows.values[fold.inside], np.ones(len(members))])
        dual = np.zeros((len(fold.rows.values), classes))
        for at in range(classes) if classes > 2 else [1]:
            signs = 2 * members[:, at] - 1
            costs = cost * self._weigh_clips(members, at)
            dual[fold.inside, at] = least_squared_hinge(products, signs, costs, values)
        return Linear(dual, dual.sum(axis=0))

    def _weigh_clips(self, members: Matrix, at: int) -> Matrix:
        """The weight of each clip in the machine of a class."""
        counts = members.sum(axis=0)
        weights = np.ones(len(counts))
        if self.balanced:
            weighed = [at] if len(counts) > 2 else [0, 1]
            weights[weighed] = len(members) / (len(counts) * counts[weighed])
        found: Matrix = members @ weights
        return found


def least_squared_hinge(
    products: Matrix, signs: Matrix, costs: Matrix, values: Matrix | None = None
) -> Matrix:
    """How much each row counts in the weights that minimise ½|w|² + Σ cost max(0, 1 - sign w·x)².

    Given are the inner `products` `[rows, rows]`, and each row's sign (1 or -1) and cost `[rows]`;
    `values` `[rows, features]` too where there are fewer features than rows. With the rows inside
    the margin known it is least squares, after which other rows may be inside: Newton's steps,
    after Mangasarian, "A finite Newton method for classification", 2002.
    """
    inside = np.ones(len(signs), bool)
    for _ in range(_STEPS):
        dual = np.zeros(len(signs))
        if values is not None and inside.sum() > values.shape[1]:
            weighed = 2 * costs[inside, None] * values[inside]
            system = weighed.T @ values[inside]
            system.flat[:: len(system) + 1] += 1
            outputs = values @ solve_system(system, weighed.T @ signs[inside])
            dual[inside] = (2 * costs * (signs - outputs))[inside]
        else:
            system = products[np.ix_(inside, inside)]
            system.flat[:: len(system) + 1] += 1 / (2 * costs[inside])
            dual[inside] = solve_system(system, signs[inside])
            outputs = products @ dual
        before, inside = inside, signs * outputs < 1
        if np.array_equal(inside, before):
            return dual
    return _one_row_after_the_other(products, signs, costs)


def _one_row_after_the_other(products: Matrix, signs: Matrix, costs: Matrix) -> Matrix:
    """The same where Newton's steps go round in a circle: slower, and it always ends.

    The dual problem is least squares with one condition: no row counts against its sign.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    factor = factorise(products + np.diag(1 / (2 * costs)))
    goal = solve_triangular(factor, signs, lower=True)
    found: Matrix = nnls(factor.T * signs, goal)[0]
    return signs * found


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("linear_svm", LinearSVM)
