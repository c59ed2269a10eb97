"""Linear scores, learnt as sums of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import mertk

if TYPE_CHECKING:
    from mertk_plugins.classifiers._gram import Indices, Matrix, Rows


@mertk.stored
@dataclass(slots=True, eq=False)
class Linear:
    """A score for each class: `weights` `[clips or features, classes]` and `offsets` `[classes]`.

    It is learnt as weights of the clips, 0 for those left out, of which `set_feature_weights` makes
    those of the features.
    """

    weights: Matrix
    offsets: Matrix

    def __call__(self, row: Matrix) -> Matrix:
        """The scores `[classes]` of a row."""
        found: Matrix = row @ self.weights + self.offsets
        return found

    def of_clips(self, rows: Rows, at: Indices) -> Matrix:
        """The scores `[at, classes]` of clips, while the weights are still those of clips."""
        found: Matrix = rows.gram[at] @ self.weights + self.offsets
        return found


def set_feature_weights(rows: Rows, scores: Sequence[Linear]) -> None:
    """Turn weights of clips into weights of features, for all scores on the same rows at once."""
    if scores:
        ends = np.cumsum([len(score.offsets) for score in scores])[:-1]
        together = rows.values.T @ np.hstack([score.weights for score in scores])
        for score, weights in zip(scores, np.split(together, ends, axis=1), strict=True):
            score.weights = np.ascontiguousarray(weights)
