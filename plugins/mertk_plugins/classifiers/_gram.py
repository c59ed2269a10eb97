"""Clips as rows with their inner products, which serve every fold at once."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import mertk

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]
Indices = NDArray[np.int64]
Clips = mertk.TrainingSet[mertk.Streams]


@mertk.stored
@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Features less a mean and divided by a spread, each `[features]` or the same for all."""

    mean: Matrix | float = 0.0
    spread: Matrix | float = 1.0

    def row(self, streams: mertk.Streams) -> Matrix:
        """A clip as a row `[features]`."""
        found: Matrix = (mertk.flatten(streams).astype(np.float64) - self.mean) / self.spread
        return found


class Rows:
    """Clips as rows `values` `[clips, features]`, scaled.

    `folds` are the rows that each fold trains on, and the only ones that it may use; `people` says
    whose clip each row is.
    """

    def __init__(
        self,
        values: Matrix,
        folds: Sequence[Indices],
        people: NDArray[np.str_],
        scaling: Scaling = Scaling(),
    ) -> None:
        self.values = values
        self.folds = folds
        self.people = people
        self.scaling = scaling

    @functools.cached_property
    def gram(self) -> Matrix:
        """All inner products `[clips, clips]`."""
        found: Matrix = self.values @ self.values.T
        return found

    @functools.cached_property
    def moments(self) -> tuple[Matrix, Matrix]:
        """Mean and variance of each row `[clips]`."""
        return self.values.mean(axis=1), self.values.var(axis=1)


class Fold:
    """One of the folds of some rows, by its number, with the `labels` `[inside]` of its clips.

    `inside` are the rows that it trains on, `present` the classes that they hold, sorted. `members`
    `[clips, present]` is 1 for a row's class: for none, where a row is left out. With `part`,
    positions in the fold, it is that part of it. `chosen` is the strength of regularisation that a
    learner has chosen, in units that do not depend on the features' scale.
    """

    def __init__(
        self, rows: Rows, number: int, labels: Labels, part: Indices | None = None
    ) -> None:
        self.rows = rows
        self.number = number
        self.inside = rows.folds[number] if part is None else rows.folds[number][part]
        self.labels = labels if part is None else labels[part]
        self.present, columns = np.unique(self.labels, return_inverse=True)
        self.members: Matrix = np.zeros((len(rows.values), len(self.present)))
        self.members[self.inside, columns] = 1
        self.chosen: float | None = None

    @property
    def people(self) -> NDArray[np.str_]:
        """Whose clip each is `[inside]`."""
        return self.rows.people[self.inside]

    def select(self, part: Indices) -> Fold:
        """Some of its clips, by their positions in a whole fold, as a fold."""
        return Fold(self.rows, self.number, self.labels, part)

    @property
    def gram(self) -> Matrix:
        """The inner products of its clips, and 0 for those left out `[clips, clips]`."""
        left_out = np.ones(len(self.rows.values), bool)
        left_out[self.inside] = False
        found = self.rows.gram.copy()
        found[left_out] = 0
        found[:, left_out] = 0
        return found

    @property
    def own_gram(self) -> Matrix:
        """The inner products of its clips alone `[inside, inside]`."""
        found: Matrix = self.rows.gram[np.ix_(self.inside, self.inside)]
        return found


def rows_of_folds(
    clips: Clips, folds: Sequence[Indices], *, scale: bool
) -> Iterator[tuple[Rows, Sequence[Indices]]]:
    """Rows with the folds that share them: all, or one if each has to `scale` by its own clips.

    Scaling is that of scikit-learn's `StandardScaler`. Raises `ComponentError` where there is no
    feature, or where clips have different numbers of them.
    """
    values = mertk.design_matrix(clips.inputs).astype(np.float64)
    if not values.shape[1]:
        raise mertk.ComponentError("no features to learn from; give the recipe an extractor")
    if scale:
        for inside in folds:
            yield _scale_rows(values[inside], clips.people[inside]), [inside]
    else:
        yield Rows(values, folds, clips.people), folds


def _scale_rows(values: Matrix, people: NDArray[np.str_]) -> Rows:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    everything = np.arange(len(values))
    scaling = Scaling(scaler.mean_, scaler.scale_)
    return Rows(scaler.transform(values), [everything], people, scaling)


def factorise(system: Matrix) -> Matrix:
    """The lower Cholesky factor of a symmetric positive definite system, which is overwritten.

    Raises `ComponentError` where rounding leaves it without one: features are far too large.
    """
    from scipy.linalg import LinAlgError, cholesky

    try:  # the transpose is laid out as LAPACK has it, and is not copied
        return np.asarray(cholesky(system.T, lower=True, overwrite_a=True, check_finite=False))
    except LinAlgError as error:
        raise mertk.ComponentError(
            "the features' values are so large that their inner products leave no digits for the "
            "penalty on weights; scale them"
        ) from error


def solve_system(system: Matrix, targets: Matrix) -> Matrix:
    """The solution of a symmetric positive definite system, which is overwritten."""
    from scipy.linalg import cho_solve

    return np.asarray(cho_solve((factorise(system), True), targets, check_finite=False))
