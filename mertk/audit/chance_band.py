"""The chance band of a probe: the scores of the same predictions when labels are drawn anew.

Predictions of a model that sees nothing are unrelated to the labels of the clips they are for. So
the labels are drawn again, by the law that the probe drew them by, and scored against the same
predictions: constant, clustered or skewed predictions each get the band that is theirs.
"""

from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.evaluation.statistics import Score

Labels = NDArray[np.int64]

ALPHA = 0.01  # the share of chance that lies above the band, and the share that lies below it

DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Band:
    """A score, the band of 1 - 2·ALPHA of chance scores, and the share of them not below it."""

    score: float
    low: float
    high: float
    p: float


def compute_band(
    predicted: Labels, truth: Labels, drawn: Labels, score: Score, classes: int
) -> Band:
    """The band of a protocol's first score.

    `predicted` and `truth` are `[clips]`, or `[clips, classes]` of 0 and 1; `drawn` are labels
    drawn anew, `[draws, clips]` or `[draws, clips, classes]`.
    """
    matrices = _count_confusions(np.concatenate([truth[None], drawn]), predicted, classes)
    scores = np.asarray(next(iter(score(matrices).values())))
    found, chance = float(scores[0]), scores[1:]
    low, high = np.quantile(chance, [ALPHA, 1 - ALPHA]).tolist()
    above = int((chance >= found - 1e-12).sum())
    return Band(found, low, high, (1 + above) / (1 + len(chance)))


def _count_confusions(truths: Labels, predicted: Labels, classes: int) -> NDArray[Any]:
    """Confusion matrices `[draws, true, predicted]`, or one of 2x2 a class."""
    if predicted.ndim == 2:
        of_classes = map(_count_confusions, np.moveaxis(truths, 2, 0), predicted.T, repeat(2))
        return np.stack(list(of_classes), axis=1)
    draws = np.arange(len(truths))[:, None] * classes**2
    counts = np.bincount(
        (draws + truths * classes + predicted).ravel(), minlength=len(truths) * classes**2
    )
    return counts.reshape(len(truths), classes, classes)
