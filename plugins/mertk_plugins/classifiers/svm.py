"""A support vector machine with a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

import mertk
from mertk_plugins.classifiers._gram import Fold, Indices, Matrix, Rows
from mertk_plugins.classifiers._inner import (
    check_strength,
    choose_value,
    compute_mean_length,
    share_wrong,
)
from mertk_plugins.classifiers._margin import MarginClassifier

COSTS = 10.0 ** np.arange(-1.0, 4.0)


class SVM(MarginClassifier):
    """Support vector machine with a kernel, one against one.

    In multi-label training each class has a machine of its own.

    Args:
        kernel: similarity of two clips x and y: `rbf`, exp(-`gamma` · ‖x - y‖²); `poly`, (`gamma` ·
            x·y) to the power `degree`; `linear`, x·y.
        C: cost of a clip on the wrong side of its margin, compared with the penalty on large
            weights, above 0; a smaller C regularises more. `auto` chooses it inside the training
            part, by the balanced accuracy on whole people in 5 inner folds, among 0.1 … 1000
            divided by the mean squared length of the clips about their mean, in the kernel's space.
        gamma: factor in the kernels `rbf` and `poly`, above 0; or `scale`, 1 / (number of features
            · variance of all values); or `auto`, 1 / number of features.
        degree: exponent of the kernel `poly`, 1 or more.
        scale: whether each feature is standardised by the training clips.
        balanced: whether clips are weighted by the inverse frequency of their class.
    """

    def __init__(
        self,
        *,
        kernel: Literal["rbf", "poly", "linear"] = "rbf",
        C: float | Literal["auto"] = "auto",  # noqa: N803  the field's name
        gamma: float | Literal["scale", "auto"] = "scale",
        degree: int = 3,
        scale: bool = False,
        balanced: bool = True,
    ) -> None:
        check_strength("C", C)
        self.kernel = kernel
        self.C = C
        self.gamma = gamma
        self.degree = degree
        self.scale = scale
        self.balanced = balanced

    choice = "C x mean squared length"

    def learner(self, _rows: Rows, /) -> Callable[[Fold], KernelMargins]:
        """On a kernel made from inner products, which is quicker than libsvm's own."""
        return self._learn

    def _learn(self, fold: Fold) -> KernelMargins:
        kernel = Kernel(self.kernel, self._compute_gamma(fold), self.degree)
        if self.C != "auto":
            return next(self._learn_path(fold, kernel, [self.C]))
        squares = np.diagonal(fold.own_gram)
        length = compute_mean_length(kernel.of(fold.own_gram, squares[:, None], squares))
        cost = choose_value(
            fold,
            list(COSTS / length),
            lambda part, costs: self._learn_path(part, kernel, costs),
            share_wrong,
            balanced=self.balanced,
            length=length,
        )
        return next(self._learn_path(fold, kernel, [cost]))

    def _learn_path(
        self, fold: Fold, kernel: Kernel, costs: Sequence[float]
    ) -> Iterator[KernelMargins]:
        """Machines with each of the costs, on one kernel matrix."""
        from sklearn.svm import SVC

        products = fold.own_gram
        squares = np.diagonal(products).copy()
        similarities = kernel.of(products, squares[:, None], squares)
        for cost in costs:
            machine = SVC(
                kernel="precomputed",
                C=cost,
                class_weight="balanced" if self.balanced else None,
                break_ties=True,  # the largest margin wins, also where pairwise votes are even
            )
            machine.fit(similarities, fold.labels)
            yield KernelMargins(machine, kernel, fold.rows.values, fold.inside, squares)

    def _compute_gamma(self, fold: Fold) -> float:
        """As scikit-learn has it; `scale` depends on the variance of the training clips."""
        features = int(fold.rows.values.shape[1])
        if self.gamma == "auto":
            return 1 / features
        if self.gamma == "scale":
            means, variances = (of_row[fold.inside] for of_row in fold.rows.moments)
            variance = float(variances.mean() + means.var())
            return 1 / (features * variance) if variance else 1.0
        return float(self.gamma)


@mertk.stored
@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel as a function of inner products."""

    name: str
    gamma: float
    degree: int

    def of(self, products: Matrix, squares: Matrix, others: Matrix | float) -> Matrix:
        """The kernel of rows with given inner `products`, and with those with themselves."""
        if self.name == "linear":
            return products
        if self.name == "poly":
            return np.asarray((self.gamma * products) ** self.degree)
        return np.exp(-self.gamma * np.maximum(squares + others - 2 * products, 0))


@mertk.stored
@dataclass(frozen=True, slots=True, eq=False)
class KernelMargins:
    """A fitted machine, applied through the kernel of a row with the training clips."""

    machine: Any
    kernel: Kernel
    values: Matrix
    inside: Indices
    squares: Matrix

    def __call__(self, row: Matrix) -> Matrix:
        """The margins `[classes]` of a row; of two classes, the first one's is 0."""
        products = (self.values @ row)[self.inside]
        kernel = self.kernel.of(products, self.squares, float(row @ row))
        found: Matrix = self._decide(kernel[None])[0]
        return found

    def of_clips(self, rows: Rows, at: Indices) -> Matrix:
        """The margins `[at, classes]` of clips by their places in the rows it was learnt from."""
        products = rows.gram[np.ix_(at, self.inside)]
        others = np.diagonal(rows.gram)[at][:, None]
        return self._decide(self.kernel.of(products, self.squares, others))

    def _decide(self, kernel: Matrix) -> Matrix:
        found: Matrix = self.machine.decision_function(kernel)
        two = np.zeros((len(kernel), 2))
        if found.ndim == 2:
            return found
        two[:, 1] = found
        return two


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("svm", SVM)
