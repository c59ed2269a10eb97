"""Intervals, paired tests and chance, all over subjects: clips of one person are not independent.

Everything works on confusion matrices per subject `[seeds, subjects, true, predicted]`, so that a
resample of subjects is a weighted sum and thousands of them are scored at once. Multi-label runs
have one matrix per label, `[seeds, subjects, classes, 2, 2]`; labels are 0/1 `[clips, classes]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mertk import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Confusions = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]
    Scores = Mapping[str, NDArray[np.float64]]
    Score = Callable[[NDArray[Any]], Scores]

__all__ = [
    "ALPHA",
    "Paired",
    "bootstrap",
    "chance",
    "corrected",
    "holm",
    "paired_permutation",
    "pooled",
    "rank_biserial",
    "subject_confusions",
    "subject_shares",
]

ALPHA = 0.05
"""The level at which a difference is called one."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Paired:
    """A paired test of two models on one score: A - B, its 95 % interval, and p (two-sided).

    `corrected` is p after Holm's correction over the `family` comparisons that are made together.
    `effect` is the matched-pairs rank-biserial correlation (`rank_biserial`), from -1 to 1.
    """

    score: str
    difference: float
    low: float
    high: float
    p: float
    subjects: int
    exact: bool
    effect: float
    corrected: float
    family: int = 1


def pooled(confusions: Confusions, score: Score) -> dict[str, float]:
    """Scores of the pooled folds, averaged over seeds."""
    return {name: float(v.mean()) for name, v in score(confusions.sum(axis=1)).items()}


def bootstrap(
    confusions: Confusions, score: Score, *, resamples: int = 2000, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Percentile intervals from resampling subjects with replacement, mean over seeds."""
    weights = _resamples(confusions.shape[1], resamples)
    drawn = _weighted_scores(weights, confusions, score)
    ends = [50 * (1 - level), 50 * (1 + level)]
    return {name: _pair(np.percentile(values, ends)) for name, values in drawn.items()}


def paired_permutation(
    a: Confusions, b: Confusions, score: Score, name: str, *, permutations: int = 10_000
) -> Paired:
    """Test A against B by exchanging whole subjects between them.

    All 2^subjects exchanges are enumerated where they are no more than `permutations`, else that
    many are drawn and the observed one is counted with them.
    """
    a, b = _same_seeds(a, b)
    subjects = a.shape[1]
    exact = 2**subjects <= permutations
    swaps = _exchanges(subjects, permutations, exact=exact).astype(np.float64)
    one = _weighted_scores(1 - swaps, a, score, swaps, b)[name]
    two = _weighted_scores(swaps, a, score, 1 - swaps, b)[name]
    observed = pooled(a, score)[name] - pooled(b, score)[name]
    extreme = int((np.abs(one - two) >= abs(observed) - 1e-12).sum())
    p = extreme / len(swaps) if exact else (extreme + 1) / (len(swaps) + 1)
    weights = _resamples(subjects, 2000)
    drawn = _weighted_scores(weights, a, score)[name] - _weighted_scores(weights, b, score)[name]
    low, high = _pair(np.percentile(drawn, [2.5, 97.5]))
    effect = rank_biserial(subject_shares(a), subject_shares(b))
    return Paired(name, observed, low, high, p, subjects, exact, effect, p)


def corrected(family: Mapping[K, Paired]) -> dict[K, Paired]:
    """The comparisons that are made together, with p corrected over all of them."""
    values = holm([test.p for test in family.values()])
    return {
        pair: replace(test, corrected=p, family=len(family))
        for (pair, test), p in zip(family.items(), values, strict=True)
    }


def holm(p: Sequence[float]) -> list[float]:
    """Step-down corrected p values (Holm 1979): the chance of any false finding stays below α."""
    order = np.argsort(p, kind="stable")
    steps = np.asarray(p, float)[order] * np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return [float(value) for value in found]


def rank_biserial(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Matched-pairs rank-biserial correlation (Kerby 2014) of paired values `[subjects]`.

    The share of the ranks of |a - b| where a is above, less that where b is: 1 if a is above
    wherever they differ, 0 if they are even. Subjects without a difference do not count.
    """
    from scipy.stats import rankdata

    gaps = np.round(a - b, 12)  # equal shares of different sums are ties
    gaps = gaps[gaps != 0]
    if not len(gaps):
        return 0.0
    ranks = rankdata(np.abs(gaps))
    return float((ranks * np.sign(gaps)).sum() / ranks.sum())


def subject_shares(confusions: Confusions) -> NDArray[np.float64]:
    """Per subject the share of clips that is right, all seeds together `[subjects]`.

    Of a multi-label run F1 over all labels: most are absent, so that who finds nothing is mostly
    right.
    """
    matrices = confusions.sum(axis=0)
    if matrices.ndim == 3:
        return metrics.accuracy(matrices)
    return metrics.binary_f1(matrices.sum(axis=1))


def chance(
    truth: NDArray[np.int64], people: NDArray[Any], classes: int, score: Score, *, draws: int = 2000
) -> dict[str, tuple[float, float]]:
    """95 % of what guessing scores: each clip's class drawn by the other subjects' frequencies.

    In multi-label `truth` `[clips, classes]` each class is drawn on its own.
    """
    rng = np.random.default_rng(0)
    if truth.ndim == 2:
        drawn = [_guessed(label, people, 2, draws, rng) for label in truth.T]
        scores = score(np.stack(drawn, axis=1))
    else:
        scores = score(_guessed(truth, people, classes, draws, rng))
    return {name: _pair(np.percentile(values, [2.5, 97.5])) for name, values in scores.items()}


def _guessed(
    truth: NDArray[np.int64],
    people: NDArray[Any],
    classes: int,
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Confusion matrices of guesses `[draws, true, guessed]`."""
    guesses = np.empty((draws, len(truth)), np.int64)
    for person in np.unique(people):
        held_out = people == person
        counts = np.bincount(truth[~held_out], minlength=classes)
        frequencies = counts / max(counts.sum(), 1)
        guesses[:, held_out] = rng.choice(classes, (draws, int(held_out.sum())), p=frequencies)
    flat = truth * classes + guesses + np.arange(draws)[:, None] * classes**2
    matrices = np.bincount(flat.ravel(), minlength=draws * classes**2)
    return matrices.reshape(draws, classes, classes)


def subject_confusions(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], people: NDArray[Any], classes: int
) -> NDArray[np.int64]:
    """One confusion matrix per subject `[subjects, true, predicted]`, subjects sorted.

    From multi-label `truth` and `predicted` `[clips, classes]`: `[subjects, classes, 2, 2]`.
    """
    if truth.ndim == 2:
        labels = zip(truth.T, predicted.T, strict=True)
        return np.stack([subject_confusions(t, p, people, 2) for t, p in labels], axis=1)
    names, subject = np.unique(people, return_inverse=True)
    flat = (subject * classes + truth) * classes + predicted
    return np.bincount(flat, minlength=len(names) * classes**2).reshape(-1, classes, classes)


def _weighted_scores(
    weights: NDArray[Any],
    confusions: Confusions,
    score: Score,
    other_weights: NDArray[Any] | None = None,
    other: Confusions | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Scores `[draws]` of confusion matrices summed over weighted subjects, mean over seeds."""
    summed = np.einsum("ds,es...->ed...", weights, confusions)
    if other_weights is not None and other is not None:
        summed = summed + np.einsum("ds,es...->ed...", other_weights, other)
    return {name: values.mean(axis=0) for name, values in score(summed).items()}


def _resamples(subjects: int, count: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    draws = rng.multinomial(subjects, np.full(subjects, 1 / subjects), size=count)
    return draws.astype(np.float64)


def _exchanges(subjects: int, count: int, *, exact: bool) -> NDArray[np.int64]:
    if exact:
        return np.arange(2**subjects)[:, None] >> np.arange(subjects) & 1
    return np.random.default_rng(0).integers(0, 2, (count, subjects))


def _same_seeds(a: Confusions, b: Confusions) -> tuple[Confusions, Confusions]:
    """Repeat the seeds of the shorter one: a model without chance is run once."""
    seeds = max(len(a), len(b))
    return a[np.arange(seeds) % len(a)], b[np.arange(seeds) % len(b)]


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])
