"""Ridge regressions with many penalties, and their errors on people left out, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk_plugins.classifiers._gram import Indices, Matrix


class RidgePath:
    """Weighted ridge regression of `targets` `[clips, columns]` with a free intercept.

    It minimises Σ weight (target - prediction)² + penalty · |w|². The inner products of the rows,
    or of the features where these are fewer, are decomposed once, for all penalties.

    Args:
        rows: `[clips, features]`.
        gram: their inner products `[clips, clips]`.
        weights: of the clips `[clips]`, above 0.
        targets: `[clips, columns]`.
    """

    def __init__(self, rows: Matrix, gram: Matrix, weights: Matrix, targets: Matrix) -> None:
        roots = np.sqrt(weights)
        self._few = rows.shape[1] < len(rows)
        if self._few:
            weighed = roots[:, None] * rows
            values, vectors = np.linalg.eigh(weighed.T @ weighed)
            shown = values > 1e-12 * max(values[-1], 1e-300)
            values, vectors = values[shown], weighed @ vectors[:, shown] / np.sqrt(values[shown])
        else:
            values, vectors = np.linalg.eigh(roots[:, None] * gram * roots)
        self._values = np.maximum(values, 0)
        self._vectors = roots[:, None] * vectors
        self._weights = weights
        self._targets = targets

    def solve(self, penalty: float) -> tuple[Matrix, Matrix]:
        """Weights of the clips `[clips, columns]`, which sum to 0, and intercepts `[columns]`."""
        _, ones, dual = self._invert(penalty)
        offsets = dual.sum(axis=0) / ones.sum()
        return dual - np.outer(ones, offsets), offsets

    def score(self, penalty: float, groups: Sequence[Indices]) -> float:
        """The weighted squared error where each group is predicted from all the others.

        A row's residual without its group is the inverse of the group's block of the system's
        inverse, times the group's weights: no system is solved anew.
        """
        half, ones, _ = self._invert(penalty)
        dual, _ = self.solve(penalty)
        total = ones.sum()
        own = self._weights / penalty if self._few else 0 * self._weights
        error = 0.0
        for group in groups:
            block = half[group] @ self._vectors[group].T
            block += np.diag(own[group]) - np.outer(ones[group], ones[group]) / total
            residuals = np.linalg.solve(block, dual[group])
            error += float(self._weights[group] @ np.square(residuals).sum(axis=1))
        return error

    def _invert(self, penalty: float) -> tuple[Matrix, Matrix, Matrix]:
        """The left half of the system's inverse, and the inverse times 1 and times the targets.

        Where features are few, all other directions have the inverse 1 / penalty, which is added.
        """
        gains = 1 / (self._values + penalty)
        half = self._vectors * (gains - 1 / penalty if self._few else gains)
        given = np.column_stack([np.ones(len(half)), self._targets])
        found = half @ (self._vectors.T @ given)
        if self._few:
            found += self._weights[:, None] * given / penalty
        return half, found[:, 0], found[:, 1:]
