"""The chance band of a probe: what its very predictions score when labels are drawn anew.

Predictions of a model that sees nothing are unrelated to the labels of the clips they are for. So
the labels are drawn again, by the law that the probe drew them by, and scored against the same
predictions: constant, clustered or skewed predictions each get the band that is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.stats import Score, Scores

    Labels = NDArray[np.int64]
    Law = Callable[[np.random.Generator], Labels]

ALPHA = 0.01
"""The share of honest models that a probe flags."""

_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Band:
    """A score, the band that holds 1 - 2·ALPHA of chance, and the share of chance not below it."""

    score: float
    low: float
    high: float
    p: float


def band(predicted: Labels, truth: Labels, law: Law, score: Score, classes: int) -> Band:
    """The band of a protocol's first score.

    `predicted` and `truth` are `[clips]`, or `[clips, classes]` of 0 and 1; `law` draws the labels
    of all clips.
    """
    rng = np.random.default_rng(0)
    count = classes if truth.ndim == 1 else 2
    drawn = np.stack([_matrix(law(rng), predicted, count) for _ in range(_DRAWS)])
    scores = np.asarray(_first(score(drawn)))
    found = float(_first(score(_matrix(truth, predicted, count))))
    low, high = np.quantile(scores, [ALPHA, 1 - ALPHA])
    p = (1 + int((scores >= found - 1e-12).sum())) / (1 + _DRAWS)
    return Band(found, float(low), float(high), p)


def _first(scores: Scores) -> NDArray[np.float64]:
    return next(iter(scores.values()))


def _matrix(truth: Labels, predicted: Labels, count: int) -> NDArray[Any]:
    if truth.ndim == 2:
        columns = zip(truth.T, predicted.T, strict=True)
        return np.stack([_matrix(t, p, 2) for t, p in columns])
    flat = np.bincount(truth * count + predicted, minlength=count * count)
    return flat.reshape(count, count)
