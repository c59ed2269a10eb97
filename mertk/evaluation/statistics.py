"""Intervals, paired tests and chance level over subjects: a person's clips are not independent.

Everything works on confusion matrices per subject `[seeds, subjects, true, predicted]`, so that an
exchange of subjects is a weighted sum and thousands of them are scored at once. Multi-label runs
have one matrix per label, `[seeds, subjects, classes, 2, 2]`; labels are 0/1 `[clips, classes]`.

Intervals are those of the jackknife over subjects: corrected for bias, on the logit scale, with the
quantile of Student's t. A percentile bootstrap over subjects is too narrow where subjects are few.
How often each kind of interval covers the true score is measured in benchmarks/coverage.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mertk.core import metrics

Confusions = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]
Scores = Mapping[str, NDArray[np.float64]]
Score = Callable[[NDArray[Any]], Scores]

__all__ = [
    "ALPHA",
    "COVERED",
    "ENOUGH_SUBJECTS",
    "Paired",
    "compute_chance_level",
    "compute_pooled_scores",
    "correct_comparisons",
    "holm",
    "jackknife_interval",
    "paired_permutation",
    "rank_biserial",
    "score_intervals",
    "subject_confusions",
    "subject_shares",
    "tabulate_scores",
]

ALPHA = 0.05
"""The level at which a difference is called one."""

K = TypeVar("K")

ENOUGH_SUBJECTS = 8
"""From this number of subjects on, 95 % intervals contain the true score 95 % of the time."""

COVERED: Mapping[int, tuple[int, int]] = {
    2: (96, 89),
    3: (95, 91),
    4: (95, 93),
    5: (95, 93),
    6: (95, 93),
    7: (95, 93),
}
"""By number of subjects: the percentage of 95 % intervals that hold the true score, on average over
the settings of benchmarks/coverage.py and in the worst of them."""


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


def compute_pooled_scores(confusions: Confusions, score: Score) -> dict[str, float]:
    """Scores of the pooled folds, averaged over seeds."""
    return {name: float(v.mean()) for name, v in score(confusions.sum(axis=1)).items()}


def tabulate_scores(confusions: Confusions, score: Score) -> dict[str, float]:
    """Scores, and the ends of their 95 % intervals as `NAME_low` and `NAME_high`."""
    row, intervals = {}, score_intervals(confusions, score)
    for name, value in compute_pooled_scores(confusions, score).items():
        row[name] = value
        row[f"{name}_low"], row[f"{name}_high"] = intervals[name]
    return row


def score_intervals(
    confusions: Confusions, score: Score, *, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Intervals of the scores of new subjects, by score, mean over seeds.

    Low and high end of the interval that holds the score of all subjects of this kind with
    probability `level`. Of one subject alone: 0 to 1.
    """
    found, values = {}, compute_pooled_scores(confusions, score)
    for name, left_out in _leave_one_out(confusions, score).items():
        low, high = jackknife_interval(values[name], left_out, level=level)
        found[name] = float(low), float(high)
    return found


def jackknife_interval(
    value: NDArray[np.float64] | float, left_out: NDArray[np.float64], *, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high ends `[…]` of the intervals of scores from 0 to 1.

    The jackknife gives a score's bias and mean squared error (Quenouille 1956, Tukey 1958). On the
    logit scale the interval stays between 0 and 1, and is wider towards the middle. At 0 or 1
    there is no error to see: the interval is the exact one (Clopper and Pearson 1934) of as many
    subjects without a failure. A score that can leave 0 to 1 has an interval on its own scale.

    Args:
        value: scores of all subjects `[…]`, which the intervals always hold.
        left_out: the same scores without each subject in turn `[…, subjects]`. A single subject
            tells nothing: 0 to 1.
        level: the probability with which an interval holds the score of new subjects.
    """
    from scipy.special import expit, logit, stdtrit

    at = np.asarray(value, np.float64)[..., None]
    subjects = left_out.shape[-1]
    if subjects < 2:
        return np.zeros(at.shape[:-1]), np.ones(at.shape[:-1])
    gaps = left_out - at
    bias = (subjects - 1) * gaps.mean(axis=-1, keepdims=True)
    error = np.sqrt((subjects - 1) * (gaps**2).mean(axis=-1, keepdims=True))
    quantile = float(stdtrit(subjects - 1, (1 + level) / 2))
    reach = np.array([-quantile, quantile]) * error - bias
    exact = ((1 - level) / 2) ** (1 / subjects)
    inside = np.where((at <= 0) | (at >= 1), 0.5, at)
    ends = expit(logit(inside) + reach / (inside * (1 - inside)))
    ends = np.where(at == 0, [0, 1 - exact], np.where(at == 1, [exact, 1], ends))
    every = np.concatenate([at, left_out], axis=-1)
    beyond = (every.min(axis=-1) < 0) | (every.max(axis=-1) > 1)
    ends = np.where(beyond[..., None], at + reach, ends)
    return np.minimum(ends, at)[..., 0], np.maximum(ends, at)[..., 1]


def paired_permutation(
    a: Confusions, b: Confusions, score: Score, name: str, *, permutations: int = 10_000
) -> Paired:
    """Test A against B by exchanging whole subjects between them.

    All 2^subjects exchanges are enumerated where they are no more than `permutations`, else that
    many are drawn and the observed one is counted with them. The interval of the difference is
    that of `score_intervals`, with -1 to 1 as the range.
    """
    a, b = _same_seeds(a, b)
    subjects = a.shape[1]
    exact = 2**subjects <= permutations
    swaps = _list_exchanges(subjects, permutations, exact=exact).astype(np.float64)
    one = _weighted_scores(1 - swaps, a, swaps, b, score)[name]
    two = _weighted_scores(swaps, a, 1 - swaps, b, score)[name]
    observed = compute_pooled_scores(a, score)[name] - compute_pooled_scores(b, score)[name]
    extreme = int((np.abs(one - two) >= abs(observed) - 1e-12).sum())
    p = extreme / len(swaps) if exact else (extreme + 1) / (len(swaps) + 1)
    left_out = _leave_one_out(a, score)[name] - _leave_one_out(b, score)[name]
    low, high = 2 * np.array(jackknife_interval((1 + observed) / 2, (1 + left_out) / 2)) - 1
    effect = rank_biserial(subject_shares(a), subject_shares(b))
    return Paired(name, observed, float(low), float(high), p, subjects, exact, effect, p)


def correct_comparisons(family: Mapping[K, Paired]) -> dict[K, Paired]:
    """The comparisons that are made together, with p corrected over all of them."""
    values = holm([test.p for test in family.values()])
    corrected = {}
    for (pair, test), p in zip(family.items(), values, strict=True):
        corrected[pair] = replace(test, corrected=p, family=len(family))
    return corrected


def holm(p: Sequence[float]) -> list[float]:
    """Step-down corrected p values (Holm 1979): the family-wise error rate stays below α."""
    order = np.argsort(p, kind="stable")
    steps = np.asarray(p, float)[order] * np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return found.tolist()


def rank_biserial(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Matched-pairs rank-biserial correlation (Kerby 2014) of paired values `[subjects]`.

    The share of the ranks of |a - b| where a is above, less that where b is: 1 if a is above
    wherever they differ, 0 if they are even. Subjects without a difference do not count.
    """
    gaps = np.round(a - b, 12)  # equal shares of different sums are ties
    gaps = gaps[gaps != 0]
    if not len(gaps):
        return 0.0
    ranks = _rank_values(np.abs(gaps))
    return float((ranks * np.sign(gaps)).sum() / ranks.sum())


def _rank_values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ranks from 1 `[values]`; equal values share their mean rank.

    `scipy.stats.rankdata` gives the same, but its import takes half a second.
    """
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts - 1) / 2)[which], np.float64)


def subject_shares(confusions: Confusions) -> NDArray[np.float64]:
    """Per subject the share of clips that is right, all seeds together `[subjects]`.

    Of a multi-label run F1 over all labels: most are absent, so that who finds nothing is mostly
    right.
    """
    matrices = confusions.sum(axis=0)
    if matrices.ndim == 3:
        return metrics.accuracy(matrices)
    return metrics.binary_f1(matrices.sum(axis=1))


def compute_subject_means(confusions: Confusions) -> tuple[float, float]:
    """The mean of `subject_shares`, and the mean over the worst-served tenth of the subjects.

    The tenth is rounded up: of 1 to 10 subjects it is the worst one.
    """
    shares = np.sort(subject_shares(confusions))
    return float(shares.mean()), float(shares[: -(-len(shares) // 10)].mean())


def compute_chance_level(
    truth: NDArray[np.int64], people: NDArray[Any], classes: int, score: Score, *, draws: int = 2000
) -> dict[str, tuple[float, float]]:
    """The chance level (95 %): each clip's class drawn by the other subjects' frequencies.

    In multi-label `truth` `[clips, classes]` each class is drawn on its own.
    """
    rng = np.random.default_rng(0)
    if truth.ndim == 2:
        drawn = [_draw_guesses(label, people, 2, draws, rng) for label in truth.T]
        scores = score(np.stack(drawn, axis=1))
    else:
        scores = score(_draw_guesses(truth, people, classes, draws, rng))
    found = {}
    for name, values in scores.items():
        low, high = np.percentile(values, [2.5, 97.5]).tolist()
        found[name] = low, high
    return found


def _draw_guesses(
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


def _leave_one_out(confusions: Confusions, score: Score) -> dict[str, NDArray[np.float64]]:
    """Scores without each subject in turn `[subjects]`, mean over seeds."""
    return _average_seeds(score(confusions.sum(axis=1, keepdims=True) - confusions))


def _weighted_scores(
    weights: NDArray[Any],
    one: Confusions,
    other_weights: NDArray[Any],
    other: Confusions,
    score: Score,
) -> dict[str, NDArray[np.float64]]:
    """Scores `[draws]` of two sets of matrices summed over weighted subjects, mean over seeds."""
    summed = np.einsum("ds,es...->ed...", weights, one)
    summed += np.einsum("ds,es...->ed...", other_weights, other)
    return _average_seeds(score(summed))


def _average_seeds(scores: Scores) -> dict[str, NDArray[np.float64]]:
    return {name: np.asarray(by_seed, float).mean(axis=0) for name, by_seed in scores.items()}


def _list_exchanges(subjects: int, count: int, *, exact: bool) -> NDArray[np.int64]:
    if exact:
        return np.arange(2**subjects)[:, None] >> np.arange(subjects) & 1
    return np.random.default_rng(0).integers(0, 2, (count, subjects))


def _same_seeds(a: Confusions, b: Confusions) -> tuple[Confusions, Confusions]:
    """Repeat the seeds of the shorter one: a model that is not stochastic is run once."""
    seeds = max(len(a), len(b))
    return a[np.arange(seeds) % len(a)], b[np.arange(seeds) % len(b)]
