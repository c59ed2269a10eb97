"""Linear discriminant analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

import mertk
from mertk_plugins.classifiers._gram import Fold, Matrix, Rows, solve_system
from mertk_plugins.classifiers._inner import choose_value, log_loss
from mertk_plugins.classifiers._linear import Linear
from mertk_plugins.classifiers._margin import MarginClassifier

SHARES = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03, 0.01)

_LEAST = 1e-6  # shrinkage, so that the covariance has an inverse


class LDA(MarginClassifier):
    """Linear discriminant analysis with a shrunk covariance matrix.

    The covariance is shrunk towards a multiple of the unit matrix. Probabilities are those of the
    classes given the clip. In multi-label training each
    class stands against its absence.

    Args:
        shrinkage: share of the unit matrix in the covariance, above 0 and at most 1. `auto` chooses
            it inside the training part, by the log loss on whole people in 5 inner folds, among
            0.01 … 1.
            `ledoit_wolf` is the share of Ledoit and Wolf, "A well-conditioned estimator for
            large-dimensional covariance matrices", 2004, for all classes' clips about their class
            means (scikit-learn's takes one for each class, of standardised features).
        balanced: whether all classes have the same prior; if not, their training frequencies.
    """

    def __init__(
        self, *, shrinkage: float | Literal["auto", "ledoit_wolf"] = "auto", balanced: bool = True
    ) -> None:
        chosen = shrinkage in {"auto", "ledoit_wolf"}
        if not chosen and (isinstance(shrinkage, str) or not 0 < shrinkage <= 1):
            raise ValueError(
                f"shrinkage={shrinkage}; give auto, ledoit_wolf, or a number above 0, at most 1"
            )
        self.shrinkage = shrinkage
        self.balanced = balanced

    choice = "shrinkage"

    def learner(self, _rows: Rows, /) -> Callable[[Fold], Linear]:
        """From inner products: the covariance of many features is never made."""
        return self._learn

    def _learn(self, fold: Fold) -> Linear:
        share = self.shrinkage
        if share == "auto":
            share = choose_value(fold, SHARES, self._learn_path, log_loss, balanced=self.balanced)
        return next(self._learn_path(fold, [share]))

    def _learn_path(self, fold: Fold, shares: Sequence[float | str]) -> Iterator[Linear]:
        """Learn with each of the shares, `ledoit_wolf` among them."""
        members = fold.members
        counts = members.sum(axis=0)
        count, features = len(fold.inside), fold.rows.values.shape[1]
        means = members / counts  # each class mean as a sum of rows
        gram = fold.gram
        by_class = gram @ means
        about = by_class - members @ (means.T @ by_class)  # rows about their mean, times means
        whole = gram - members @ by_class.T - about @ members.T  # rows about their means
        scale = float(np.trace(whole)) / count / features  # the mean variance of a feature
        priors = np.full(len(counts), 1 / len(counts)) if self.balanced else counts / count
        for given in shares:
            share = _compute_share(whole, count, features) if isinstance(given, str) else given
            spread = scale
            if not scale > 0:  # no clip differs from its class mean: the nearest mean wins
                share, spread = 1.0, 1.0
            system = whole * ((1 - share) / count)
            system.flat[:: len(system) + 1] += share * spread
            inner = solve_system(system, about * ((1 - share) / count))
            dual = (means - inner) / (share * spread)
            offsets = np.log(priors) - (by_class * dual).sum(axis=0) / 2
            yield Linear(dual, offsets)


def _compute_share(system: Matrix, count: int, features: int) -> float:
    """The share of Ledoit and Wolf, from inner products of rows about their class means."""
    scale = float(np.trace(system)) / count / features
    square = float(np.square(system).sum()) / count**2
    spread = float(np.square(np.diagonal(system)).sum()) / count - square
    distance = square - features * scale**2
    if distance <= max(spread / count, 0):
        return 1.0
    return max(_LEAST, spread / count / distance)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("lda", LDA)
