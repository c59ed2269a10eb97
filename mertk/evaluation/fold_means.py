"""Scores as means over folds, which circulate though no protocol asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import metrics
from mertk.evaluation import statistics

if TYPE_CHECKING:
    from mertk.evaluation.outcomes import Outcome


def fold_means(outcome: Outcome) -> list[dict[str, Any]]:
    """A run's rows by what is done about the classes that a fold lacks; none if multi-label."""
    run = outcome.run
    if run.multilabel:
        return []
    folds = [
        statistics.subject_confusions(
            *run.get_labels(part), part["fold"].to_numpy(str), len(run.classes)
        )
        for _, part in outcome.predictions.groupby("seed")
    ]
    uf1 = [metrics.fold_means(matrices, metrics.f1) for matrices in folds]
    uar = [metrics.fold_means(matrices, metrics.recall) for matrices in folds]
    accuracy = float(np.mean([metrics.accuracy(matrices).mean() for matrices in folds]))
    return [
        {
            "model": outcome.name,
            "absent classes": treatment,
            "UF1 fold mean": float(np.mean([means[treatment] for means in uf1])),
            "UAR fold mean": float(np.mean([means[treatment] for means in uar])),
            "accuracy fold mean": accuracy,
        }
        for treatment in uf1[0]
    ]
