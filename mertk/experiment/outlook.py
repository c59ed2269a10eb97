"""How far a study is: the time left over all models, and the running score of the model at work."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mertk.core.printing import count_noun, format_duration
from mertk.evaluation.statistics import subject_confusions
from mertk.experiment.variants import Variant
from mertk.storage.ledger import Fold, Run

Score = Callable[[Any], Mapping[str, Any]]


class Outlook:
    """Counts the folds of all models; the time left is the sum of each model's time × folds left.

    Models differ in time by a factor of hundreds, so no time is said before each has a fold.

    Args:
        score: gives the scores of confusion matrices, the main one first.
        clock: gives seconds.
    """

    def __init__(self, score: Score, clock: Callable[[], float] = time.monotonic) -> None:
        self._score, self._clock = score, clock
        self._last = clock()
        self._spent: dict[str, float] = defaultdict(float)
        self._done: Counter[str] = Counter()
        self._left: dict[str, int] = {}
        self._more: dict[str, int] = {}
        self._confusions: dict[tuple[str, int], Any] = {}

    def expect_folds(self, variant: Variant, left: int, if_stochastic: int = 0) -> None:
        """So many folds of a model are left. Floors do not count: they take no time.

        Args:
            variant: the model.
            left: the number of folds.
            if_stochastic: how many more there are if a fold turns out to be stochastic.
        """
        if variant.recipe.extractors:
            self._left[variant.name], self._more[variant.name] = left, if_stochastic

    def describe_saved_fold(self, run: Run, seed: int, name: str) -> str:
        """Count a finished fold: its name, the score of its seed so far, and the time left."""
        fold = run.read_fold(seed, name)
        return self.describe_fold(run.name, fold, len(run.classes)) if fold else name

    def describe_fold(self, model: str, fold: Fold, classes: int) -> str:
        """The same for a fold that is at hand."""
        now = self._clock()
        self._spent[model] += now - self._last
        self._done[model] += 1
        self._last = now
        parts = [fold.name, f"seed {fold.seed}", self._describe_score(model, fold, classes)]
        if model in self._left:
            if fold.drew:
                self._left[model] += self._more.pop(model, 0)
            self._left[model] = max(self._left[model] - 1, 0)
        waiting = len(self._left.keys() - self._done.keys())
        if waiting:
            parts.append(f"then {count_noun(waiting, 'model')}")
        elif self._left:
            left = sum(n * self._spent[name] / self._done[name] for name, n in self._left.items())
            parts.append(f"{format_duration(left)} left in all")
        return " · ".join(parts)

    def _describe_score(self, model: str, fold: Fold, classes: int) -> str:
        """The main score over the finished folds of the fold's seed."""
        truth, probabilities = np.asarray(fold.truth), np.asarray(fold.probabilities)
        if truth.ndim == 2:
            predicted = (probabilities >= 0.5).astype(np.int64)
        else:
            predicted = probabilities.argmax(axis=1)
        added = subject_confusions(truth, predicted, np.zeros(len(truth)), classes)
        total = self._confusions.get((model, fold.seed), 0) + added
        self._confusions[model, fold.seed] = total
        name, value = next(iter(self._score(total).items()))
        return f"{name} {float(np.mean(value)):.3f} so far"
