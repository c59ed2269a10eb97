"""From what a few clips and one fold took to what all of them take: arithmetic alone."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Growth:
    """What a number of frames, or of folds fitted together, costs: `base + slope · count`."""

    base: float
    slope: float

    @classmethod
    def through(cls, counts: Sequence[int], costs: Sequence[float]) -> Growth:
        """The least squares line that falls nowhere; the mean where all counts are the same."""
        x, y = np.asarray(counts, float), np.asarray(costs, float)
        mean = float(y.mean())
        spread = float(np.square(x - x.mean()).sum())
        slope = float(((x - x.mean()) * (y - mean)).sum() / spread) if spread else 0.0
        if slope <= 0:
            return cls(mean, 0.0)
        base = mean - slope * float(x.mean())
        return cls(base, slope) if base >= 0 else cls(0.0, float(x @ y / (x @ x)))

    def at(self, count: int) -> float:
        """The cost of so many."""
        return self.base + self.slope * count


@dataclass(frozen=True, slots=True)
class Training:
    """A network that was trained for `done` of `planned` samples, `timed` of them in `seconds`.

    The first step, which is slow, is in `done` and not in `timed`.
    """

    done: int
    planned: int
    timed: int
    seconds: float

    @property
    def left(self) -> float:
        """Seconds that the rest of its training would take."""
        return (self.planned - self.done) * self.seconds / self.timed if self.timed else 0.0


@dataclass(frozen=True, slots=True)
class FoldTime:
    """A fold on some of its clips: seconds by place as in the ledger, and its cut trainings."""

    train: int
    test: int
    seconds: Mapping[str, float]
    trainings: Mapping[str, Sequence[Training]] = field(default_factory=dict)

    def whole(self, name: str) -> float:
        """Seconds of `name`, had all networks in it been trained to their end."""
        return self.seconds.get(name, 0.0) + sum(t.left for t in self.trainings.get(name, ()))


@dataclass(frozen=True, slots=True)
class FoldCost:
    """What a fold costs by its numbers of clips, from two that were measured.

    Prediction grows with the test clips, transformation with all clips, and the training of
    networks with the training clips. Any other `fit` grows by a power that the two tell.
    """

    small: FoldTime
    large: FoldTime

    def by_place(self, train: int, test: int) -> dict[str, float]:
        """Seconds by place of a fold of so many clips; `other` is what no component spends."""
        known = {name: s for name, s in self.large.seconds.items() if name not in ("load", "total")}
        found = {name: self._at(name, train, test) for name in known}
        seconds = self.large.seconds
        outside = seconds.get("total", 0.0) - seconds.get("load", 0.0) - sum(known.values())
        clips = (train + test) / (self.large.train + self.large.test)
        return {**found, "other": max(0.0, outside) * clips}

    def _at(self, name: str, train: int, test: int) -> float:
        spent = self.large.whole(name)
        if name.endswith(".fit"):
            return spent * math.pow(train / self.large.train, self._power(name))
        if name == "classifier":
            return spent * test / self.large.test
        return spent * (train + test) / (self.large.train + self.large.test)

    def _power(self, name: str) -> float:
        before, after = self.small.whole(name), self.large.whole(name)
        grown = self.large.train > self.small.train and min(before, after) > 0
        if self.large.trainings.get(name) or not grown:
            return 1.0
        times = self.large.train / self.small.train
        return min(max(math.log(after / before, times), 1.0), 3.0)


def makespan(units: Sequence[float], workers: int) -> float:
    """Seconds until all units are done, where each worker takes the next as it is free."""
    if not units:
        return 0.0
    free = [0.0] * min(workers, len(units))
    for seconds in units:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def spread(lengths: Sequence[int]) -> list[int]:
    """An order to look at clips in: the median first, shortest, longest, then between them."""
    by_length: NDArray[np.int64] = np.argsort(lengths, kind="stable")
    last = len(by_length) - 1
    ranks = [last // 2, 0, last]
    step = 2
    while len(set(ranks)) <= last:
        ranks += [round(last * part / step) for part in range(1, step)]
        step *= 2
    return [int(by_length[rank]) for rank in dict.fromkeys(ranks)]
