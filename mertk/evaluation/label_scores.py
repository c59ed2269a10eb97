"""The scores of each label of multi-label runs, which have no one confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mertk.core import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.evaluation.results import Results


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label: how many of the clips show it, and each run's scores, means over seeds."""

    label: str
    positives: int
    clips: int
    binary: Sequence[float]
    macro: Sequence[float]


def per_label(results: Results) -> list[LabelRow]:
    """One row per label, runs in the order of `results.outcomes`; empty if not multi-label."""
    if not results.multilabel:
        return []
    counts = results.outcomes[0].confusions[0].sum(axis=(0, 3)).tolist()
    pooled = [outcome.confusions.sum(axis=1) for outcome in results.outcomes]
    binary = [metrics.binary_f1(matrix).mean(axis=0).tolist() for matrix in pooled]
    macro = [metrics.macro_f1(matrix).mean(axis=0).tolist() for matrix in pooled]
    return [
        LabelRow(name, present, absent + present, [b[at] for b in binary], [m[at] for m in macro])
        for at, (name, (absent, present)) in enumerate(zip(results.classes, counts, strict=True))
    ]
