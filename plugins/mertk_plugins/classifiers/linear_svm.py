"""A linear support vector machine."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

import mertk
from mertk_plugins.classifiers._left_out import LeftOut
from mertk_plugins.classifiers._linear import Linear
from mertk_plugins.classifiers._margin import MarginClassifier
from mertk_plugins.classifiers._squared_hinge import SquaredHinge

if TYPE_CHECKING:
    from collections.abc import Callable

    from mertk_plugins.classifiers._gram import Fold, Matrix, Rows


class LinearSVM(MarginClassifier):
    """Linear support vector machine with a squared hinge, one class against the rest.

    It is scikit-learn's `LinearSVC` with its minimum found exactly: the intercept is penalised as a
    weight is. In multi-label training a class stands against its absence.

    Args:
        C: cost of a clip on the wrong side of its margin, compared with the penalty on large
            weights, above 0; a smaller C regularises more.
        scale: whether each feature is standardised by the training clips.
        balanced: whether clips are weighted by the inverse frequency of their class: in each
            machine those of its class, of two classes those of both.
    """

    def __init__(self, *, C: float = 1.0, scale: bool = False, balanced: bool = False) -> None:  # noqa: N803
        if not C > 0:
            raise ValueError(f"C={C}; it must be above 0")
        self.C = C
        self.scale = scale
        self.balanced = balanced

    def learner(self, rows: Rows, /) -> Callable[[Fold], Linear]:
        """From inner products where there are fewer clips than features.

        Without class weights all folds and classes begin with one system, that of least squares.
        """
        if self.balanced or rows.values.shape[1] < len(rows.values):
            return self._learn
        squares = LeftOut(rows.gram + 1, 1 / (2 * self.C), rows.folds)
        return functools.partial(self._learn, squares=squares)

    def _learn(self, fold: Fold, squares: LeftOut | None = None) -> Linear:
        """One machine a class; of two classes one machine, and the first one's margin is 0."""
        classes = len(fold.present)
        targets = 2 * fold.members - fold.members.sum(axis=1, keepdims=True)
        start = squares.solve(fold.number, targets) if squares else np.zeros_like(targets)
        members = fold.members[fold.inside]
        products = fold.own_gram + 1  # each row ends with a 1, for the intercept
        values = None
        if fold.rows.values.shape[1] < len(members):
            values = np.column_stack([fold.rows.values[fold.inside], np.ones(len(members))])
        dual = np.zeros((len(fold.rows.values), classes))
        for at in range(classes) if classes > 2 else [1]:
            machine = SquaredHinge(
                products, targets[fold.inside, at], self._costs(members, at), values
            )
            dual[fold.inside, at] = machine.dual(start[fold.inside, at])
        return Linear(dual, dual.sum(axis=0))

    def _costs(self, members: Matrix, at: int) -> Matrix:
        """The cost of each clip in the machine of a class."""
        counts = members.sum(axis=0)
        weights = np.ones(len(counts))
        if self.balanced:
            weighed = [at] if len(counts) > 2 else [0, 1]
            weights[weighed] = len(members) / (len(counts) * counts[weighed])
        return self.C * (members @ weights)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the classifier."""
    register.classifier("linear_svm", LinearSVM)
