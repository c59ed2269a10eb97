"""Linear discriminant analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

import mertk
from mertk_plugins.classifiers._gram import solve_system
from mertk_plugins.classifiers._linear import Linear
from mertk_plugins.classifiers._margin import MarginClassifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from mertk_plugins.classifiers._gram import Fold, Matrix, Rows

_LEAST = 1e-6  # shrinkage, so that the covariance has an inverse


class LDA(MarginClassifier):
    """Linear discriminant analysis: normal classes with one covariance, which is shrunk.

    The covariance is shrunk towards a multiple of the unit matrix. Probabilities are those of the
    classes given the clip, with the training frequencies as prior. In multi-label training each
    class stands against its absence.

    Args:
        shrinkage: share of the unit matrix in the covariance, above 0 and at most 1; or `auto`, the
            share of Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance
            matrices", 2004, for all classes' clips about their class means (scikit-learn's takes
            one for each class, of standardised features).
    """

    def __init__(self, *, shrinkage: float | Literal["auto"] = "auto") -> None:
        if shrinkage != "auto" and not 0 < shrinkage <= 1:
            raise ValueError(f"shrinkage={shrinkage}; give auto, or a number above 0, at most 1")
        self.shrinkage = shrinkage

    def learner(self, _rows: Rows, /) -> Callable[[Fold], Linear]:
        """From inner products: the covariance of many features is never made."""
        return self._learn

    def _learn(self, fold: Fold) -> Linear:
        members = fold.members
        counts = members.sum(axis=0)
        count, features = len(fold.inside), fold.rows.values.shape[1]
        means = members / counts  # each class mean as a sum of rows
        gram = fold.gram
        by_class = gram @ means
        about = by_class - members @ (means.T @ by_class)  # rows about their mean, times means
        system = gram - members @ by_class.T - about @ members.T  # rows about their means
        share, scale = self._compute_shrinkage(system, count, features)
        system *= (1 - share) / count
        system.flat[:: len(system) + 1] += share * scale
        inner = solve_system(system, about * ((1 - share) / count))
        dual = (means - inner) / (share * scale)
        offsets = np.log(counts / count) - (by_class * dual).sum(axis=0) / 2
        return Linear(dual, offsets)

    def _compute_shrinkage(self, system: Matrix, count: int, features: int) -> tuple[float, float]:
        """The share of the unit matrix, and its multiple: the mean variance of a feature."""
        scale = float(np.trace(system)) / count / features
        if not scale > 0:
            return 1.0, 1.0  # no clip differs from its class mean: the nearest mean wins
        if self.shrinkage != "auto":
            return float(self.shrinkage), scale
        square = float(np.square(system).sum()) / count**2
        spread = float(np.square(np.diagonal(system)).sum()) / count - square
        distance = square - features * scale**2
        if distance <= max(spread / count, 0):
            return 1.0, scale
        return max(_LEAST, spread / count / distance), scale


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the classifier."""
    register.classifier("lda", LDA)
