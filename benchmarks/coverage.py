"""How often 95 % intervals over subjects hold the true score, by simulation.

Subjects are drawn from a population: 3 to 12 clips each, classes by the frequencies of MEGC 2019
(or five classes, or six labels), every subject with frequencies and recalls of its own. The true
score is that of the confusion matrices of 200,000 subjects. Each setting is drawn 4,000 times.

The first tables are of the intervals that mertk prints (`stats.jackknife_interval`,
`stats.paired_permutation`; the tests of 200 draws), the last one of others on 400 draws. The line
"below 8 subjects" is what `stats.COVERED` says; a test holds both equal.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from mertk.core import metrics
from mertk.evaluation import statistics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.evaluation.statistics import Score

    Counts = NDArray[np.int64]
    Ends = tuple[NDArray[np.float64], NDArray[np.float64]]

SUBJECTS = (2, 3, 4, 5, 6, 7, 8, 10, 16, 26, 68)
SOME_SUBJECTS = (5, 8, 10, 26)
DRAWS = 4000
OTHERS_DRAWS = 400
TESTED_DRAWS = 200
RESAMPLES = 600
POPULATION = 200_000
EFFECTS = {"large": 3.0, "small": 40.0}
"""How alike subjects are: the concentration of the Dirichlet of their recalls."""
MEGC = (0.57, 0.25, 0.18)
FIVE = (0.13, 0.256, 0.11, 0.10, 0.404)


@dataclass(frozen=True)
class Population:
    """Subjects of a kind: class frequencies and recalls, or those of labels; clips per subject."""

    name: str
    frequencies: tuple[float, ...]
    recalls: tuple[float, ...]
    false_alarms: tuple[float, ...] = ()
    """Of multi-label populations: the share of clips without the label in which it is seen."""
    clips: tuple[int, int] = (3, 12)

    @property
    def score(self) -> Score:
        """The scores of the field."""
        return metrics.multilabel_scores if self.false_alarms else metrics.standard_scores

    def draw(self, size: tuple[int, ...], effect: float, rng: np.random.Generator) -> Counts:
        """Confusion matrices `[*size, true, predicted]` or `[*size, labels, 2, 2]`."""
        return self.predict(self.truth(size, rng), effect, rng)

    def truth(self, size: tuple[int, ...], rng: np.random.Generator) -> Counts:
        """Clips of each class `[*size, classes]`; or without and with each label `[…, 2]`."""
        clips = rng.integers(self.clips[0], self.clips[1] + 1, size)
        frequencies = np.array(self.frequencies)
        if not self.false_alarms:
            return rng.multinomial(clips, _dirichlet(6 * frequencies, size, rng))
        shares = rng.beta(6 * frequencies, 6 * (1 - frequencies), (*size, len(frequencies)))
        present = rng.binomial(clips[..., None], shares)
        return np.stack([clips[..., None] - present, present], axis=-1)

    def predict(self, truth: Counts, effect: float, rng: np.random.Generator) -> Counts:
        """Confusion matrices of these clips, by subjects' own recalls."""
        if not self.false_alarms:
            shares = _dirichlet(effect * self._confusion, truth.shape[:-1], rng)
            return rng.multinomial(truth, shares)
        seen = np.stack([self.false_alarms, self.recalls], axis=-1)
        rates = rng.beta(effect * seen, effect * (1 - seen), truth.shape)
        said = rng.binomial(truth, rates)
        return np.stack([truth - said, said], axis=-1)

    @property
    def _confusion(self) -> NDArray[np.float64]:
        """Mean shares `[true, predicted]`: errors go to other classes by their frequencies."""
        shares = np.tile(self.frequencies, (len(self.recalls), 1))
        np.fill_diagonal(shares, 0)
        shares *= ((1 - np.array(self.recalls)) / shares.sum(axis=1))[:, None]
        np.fill_diagonal(shares, self.recalls)
        return shares


POPULATIONS = (
    Population("middling", MEGC, (0.75, 0.5, 0.6)),
    Population("near chance", MEGC, (0.55, 0.28, 0.25)),
    Population("good", MEGC, (0.93, 0.85, 0.9)),
    Population("nearly perfect", MEGC, (0.98, 0.95, 0.97)),
    Population("five classes", FIVE, (0.5, 0.6, 0.4, 0.6, 0.65)),
    Population("1 to 40 clips", MEGC, (0.75, 0.5, 0.6), clips=(1, 40)),
    Population(
        "six labels",
        (0.5, 0.35, 0.25, 0.2, 0.15, 0.1),
        (0.7, 0.6, 0.6, 0.5, 0.5, 0.5),
        (0.2, 0.15, 0.1, 0.08, 0.05, 0.05),
    ),
)
SETTINGS = tuple((one, size) for one in POPULATIONS for size in EFFECTS)


def main() -> None:
    """Print all tables."""
    print(
        f"{len(SETTINGS) * len(SUBJECTS)} settings, {DRAWS} draws each: standard error 0.4 points"
    )
    shares = _print_scores()
    _print_pairs()
    _print_others()
    print("\nbelow 8 subjects: subjects, mean and least percentage of the first table")
    for subjects, held in zip(SUBJECTS, shares.T, strict=True):
        if subjects < statistics.ENOUGH_SUBJECTS:
            print(f"  {subjects} {held.mean():.0f} {held.min():.0f}")


def _print_scores() -> NDArray[np.float64]:
    """Percentages of intervals that hold the true score `[settings and scores, subjects]`."""
    _head("percentage of intervals that hold the true score", SUBJECTS)
    rows = []
    for population, size in SETTINGS:
        held = [_held(population, EFFECTS[size], subjects) for subjects in SUBJECTS]
        for name in held[0]:
            rows.append([one[name] for one in held])
            _row(f"{population.name}, {size}, {name}", rows[-1])
    shares = np.array(rows)
    _row("least", shares.min(axis=0))
    _row("greatest", shares.max(axis=0))
    return shares


@functools.cache
def _true_scores(population: Population, effect: float) -> Mapping[str, float]:
    everybody = population.draw((POPULATION,), effect, np.random.default_rng(0))
    scores = population.score(everybody.sum(axis=0))
    return {name: float(value) for name, value in scores.items()}


def _held(population: Population, effect: float, subjects: int) -> dict[str, float]:
    truth = _true_scores(population, effect)
    rng = np.random.default_rng(subjects)
    draws = population.draw((DRAWS, subjects), effect, rng)
    whole = draws.sum(axis=1)
    values, left_out = population.score(whole), population.score(whole[:, None] - draws)
    held = {}
    for name, true in truth.items():
        low, high = statistics.jackknife_interval(values[name], left_out[name])
        held[name] = 100 * float(((low <= true) & (true <= high)).mean())
    return held


def _print_pairs() -> None:
    """Two models on the same clips: how often the difference's interval is wrong, and p < 0.05."""
    _head("two models of the same quality, the first score: percentage of draws", SOME_SUBJECTS)
    for population, size in SETTINGS:
        found = np.array([_excluded(population, EFFECTS[size], n) for n in SOME_SUBJECTS]).T
        for name, row in zip(
            ("interval without 0", "p < 0.05", "the two agree"), found, strict=True
        ):
            _row(f"{population.name}, {size}: {name}", row)


def _excluded(population: Population, effect: float, subjects: int) -> tuple[float, float, float]:
    """The intervals of all draws, the tests of the first ones."""
    rng = np.random.default_rng(subjects)
    truth = population.truth((DRAWS, subjects), rng)
    pair = [population.predict(truth, effect, rng) for _ in range(2)]
    sums = [one.sum(axis=1) for one in pair]
    name = next(iter(population.score(sums[0])))
    value, other = (population.score(one)[name] for one in sums)
    left_out, other_left_out = (
        population.score(whole[:, None] - one)[name] for whole, one in zip(sums, pair, strict=True)
    )
    low, high = statistics.jackknife_interval(
        (1 + value - other) / 2, (1 + left_out - other_left_out) / 2
    )
    without = (low > 0.5) | (high < 0.5)
    tests = [
        statistics.paired_permutation(a[None], b[None], population.score, name, permutations=299)
        for a, b in zip(*(one[:TESTED_DRAWS] for one in pair), strict=True)
    ]
    small = np.array([test.p < 0.05 for test in tests])
    agree = [(not test.low <= 0 <= test.high) == (test.p < 0.05) for test in tests]
    return 100 * without.mean(), 100 * small.mean(), 100 * float(np.mean(agree))


def _print_others() -> None:
    """Other intervals: the least and the greatest coverage over all settings and scores."""
    _head("other intervals: least and greatest percentage over all settings", SOME_SUBJECTS)
    found: dict[str, list[list[float]]] = {name: [[] for _ in SOME_SUBJECTS] for name in OTHERS}
    for at, subjects in enumerate(SOME_SUBJECTS):
        for population, size in SETTINGS:
            for name, held in _others_held(population, EFFECTS[size], subjects):
                found[name][at].append(held)
    for name, columns in found.items():
        cells = [f"{min(held):.0f}–{max(held):.0f}" for held in columns]
        print(f"  {name:<44}" + "".join(f"{cell:>8}" for cell in cells))


def _others_held(population: Population, effect: float, subjects: int) -> list[tuple[str, float]]:
    truth = _true_scores(population, effect)
    rng = np.random.default_rng(subjects)
    draws = population.draw((OTHERS_DRAWS, subjects), effect, rng)
    weights = rng.multinomial(subjects, np.full(subjects, 1 / subjects), RESAMPLES).astype(float)
    whole = draws.sum(axis=1)
    values = population.score(whole)
    left_out = population.score(whole[:, None] - draws)
    resampled = population.score(np.einsum("ds,ns...->nd...", weights, draws.astype(float)))
    held = []
    for score, true in truth.items():
        for name, ends in OTHERS.items():
            low, high = ends(Estimates(values[score], left_out[score], resampled[score]))
            held.append((name, 100 * float(((low <= true) & (true <= high)).mean())))
    return held


@dataclass(frozen=True)
class Estimates:
    """A score `[draws]`, without each subject `[…, subjects]`, and resampled `[…, resamples]`."""

    value: NDArray[np.float64]
    left_out: NDArray[np.float64]
    resampled: NDArray[np.float64]


def _percentile(of: Estimates) -> Ends:
    low, high = np.percentile(of.resampled, [2.5, 97.5], axis=1)
    return low, high


def _expanded(of: Estimates) -> Ends:
    """The percentile interval with tails that make up for few subjects (Hesterberg 2015)."""
    n = of.left_out.shape[1]
    tail = 100 * ndtr(-np.sqrt(n / (n - 1)) * stdtrit(n - 1, 0.975))
    low, high = np.percentile(of.resampled, [tail, 100 - tail], axis=1)
    return low, high


def _bca(of: Estimates) -> Ends:
    """Bias-corrected and accelerated (Efron 1987)."""
    value = of.value[:, None]
    below = (1 + np.sign(value - of.resampled)).mean(axis=1) / 2
    bias = ndtri(below.clip(1e-3, 1 - 1e-3))
    gaps = of.left_out.mean(axis=1, keepdims=True) - of.left_out
    acceleration = (gaps**3).sum(axis=1) / (6 * (gaps**2).sum(axis=1).clip(1e-15) ** 1.5)
    ordered = np.sort(of.resampled, axis=1)
    ends = []
    for tail in (-1.959964, 1.959964):
        at = ndtr(bias + (bias + tail) / (1 - acceleration * (bias + tail)))
        index = (at * RESAMPLES).astype(int).clip(0, RESAMPLES - 1)
        ends.append(np.take_along_axis(ordered, index[:, None], axis=1)[:, 0])
    return ends[0], ends[1]


def _around(middle: NDArray[np.float64], left_out: NDArray[np.float64]) -> Ends:
    n = left_out.shape[1]
    reach = stdtrit(n - 1, 0.975) * np.sqrt((n - 1) * left_out.var(axis=1))
    return middle - reach, middle + reach


def _jackknife(of: Estimates) -> Ends:
    return _around(of.value, of.left_out)


def _arcsine(of: Estimates) -> Ends:
    low, high = _around(np.arcsin(np.sqrt(of.value)), np.arcsin(np.sqrt(of.left_out)))
    return np.sin(low.clip(0)) ** 2, np.sin(high.clip(None, np.pi / 2)) ** 2


def _corrected(of: Estimates) -> Ends:
    """Around the score less the jackknife's estimate of its bias."""
    bias = (of.left_out.shape[1] - 1) * (of.left_out.mean(axis=1) - of.value)
    return _around(of.value - bias, of.left_out)


OTHERS: Mapping[str, Callable[[Estimates], Ends]] = {
    "percentile bootstrap": _percentile,
    "percentile bootstrap, expanded": _expanded,
    "BCa bootstrap": _bca,
    "jackknife and t": _jackknife,
    "jackknife and t, arcsine scale": _arcsine,
    "jackknife and t, bias-corrected": _corrected,
}


def _dirichlet(
    weights: NDArray[np.float64], size: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Shares `[*size, …, classes]` around `weights` `[…, classes]`; great weights vary little."""
    drawn = rng.standard_gamma(weights, size + weights.shape) + 1e-300
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))


def _head(what: str, subjects: Sequence[int]) -> None:
    print(f"\n{what}\n  {'subjects':<44}" + "".join(f"{count:>8}" for count in subjects))


def _row(name: str, shares: Any) -> None:
    print(f"  {name:<44}" + "".join(f"{share:>8.1f}" for share in shares), flush=True)


if __name__ == "__main__":
    main()
