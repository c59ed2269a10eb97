"""What a worker measures for a plan: some clips, and one fold three times over.

The first look is cold: a new process imports what it needs. What it takes more than the second one
is the start-up of a worker. The third is on as many clips as the time allows, at best all.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk import training
from mertk.harness.costs import FoldTime, Growth, Training
from mertk.harness.folds import run_fold
from mertk.harness.together import fitted_lines
from mertk.harness.work import Stock, at_work, fold_line
from mertk.splits import Split

if TYPE_CHECKING:
    from mertk.clips import Clip
    from mertk.harness.line import Parcel
    from mertk.harness.work import Job

FEW = 8  # training clips of a small fold, at least
PER_NETWORK = 0.5  # seconds of timed steps in the large fold


@dataclass(frozen=True, slots=True)
class ClipTime:
    """A clip by its id: seconds to compute it, and to find it computed."""

    uid: str
    seconds: float
    again: float


@dataclass(frozen=True, slots=True)
class ClipsProbe:
    """What a worker measured of the prefix pass, the first clip cold; `memory` in bytes.

    `begun` is when, in seconds since the epoch: a new worker has to start first.
    """

    begun: float
    clips: Sequence[ClipTime]
    memory: int


@dataclass(frozen=True, slots=True)
class FoldProbe:
    """What a worker measured of one fold; `startup` in seconds, `memory` and `disk` in bytes.

    `load` are the seconds to read one clip for the first time. `drew` says whether a `fit` took
    chances, `cuda` whether networks could be trained on a GPU here. `at_once` are the seconds to
    fit so many folds together, where they are.
    """

    begun: float
    startup: float
    load: float
    small: FoldTime
    large: FoldTime
    memory: int
    disk: int
    drew: bool
    cuda: bool
    at_once: Growth | None


def probe_clips(
    prepare: Callable[..., float], clips: Sequence[Clip], budget: float, *, fresh: bool = False
) -> ClipsProbe:
    """Compute clips, at least two if there are, until `budget` seconds are over.

    `fresh`: also those that are in the cache.
    """
    compute = functools.partial(prepare, fresh=fresh)
    begun, end, found = time.time(), 0.0, []
    for clip in clips:
        found.append(ClipTime(clip.uid, _seconds(compute, clip), _seconds(prepare, clip)))
        end = end or time.perf_counter() + budget  # the first one is cold
        if len(found) > 1 and time.perf_counter() > end:
            break
    return ClipsProbe(begun, found, peak_memory())


def probe_fold(job: Job, split: Split, group: Sequence[Split], budget: float) -> FoldProbe:
    """Run a fold on some of its clips; at most about `budget` seconds for the large one.

    What fits folds together does so for some of `group`, in as many seconds again.
    """
    begun, size = time.time(), len(split.train)
    few = min(size, max(FEW, 2 * len(job.sample.classes)))
    little = _part(split, few, job)
    cold, _, _ = _timed(job, little, 0.0)
    before = memory()
    small, drew, disk = _timed(job, little, 0.0)
    large = small
    if small.seconds["total"] < budget:  # else one step of each network has to do
        part = _part(split, _affordable(small, size, budget), job)
        large, drew, disk = _timed(job, part, PER_NETWORK)
    at_once, starting = _together(job, group, budget) if job.together else (None, 0.0)
    peak = peak_memory()
    more = size / large.train - 1
    read = len({job.keys[at] for at in (*little.train, *little.test)}) if job.keys else 0
    loading = cold.seconds["load"] - small.seconds["load"]
    return FoldProbe(
        begun=begun,
        startup=starting + max(0.0, cold.seconds["total"] - small.seconds["total"] - loading),
        load=max(0.0, loading) / read if read else 0.0,
        small=small,
        large=large,
        memory=peak + round(more * max(0, peak - before)),
        disk=disk,
        drew=drew,
        cuda=bool(large.trainings) and _cuda(),
        at_once=at_once,
    )


class Pace:
    """Times the steps of networks, and ends each after `budget` seconds of at least one step."""

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._found: list[Training] = []
        self._first = (0, 0.0)  # samples and time after the first step

    def __call__(self, done: int, planned: int) -> bool:
        """Note a step of the network that is being trained."""
        _wait_for_gpu()
        now = time.perf_counter()
        if not self._found or done <= self._found[-1].done:
            self._first = (done, now)
            self._found.append(Training(done, planned, 0, 0.0))
            return True
        samples, start = self._first
        self._found[-1] = Training(done, planned, done - samples, now - start)
        return now - start < self._budget

    def take(self) -> list[Training]:
        """The networks that were trained since this was asked last."""
        found, self._found = self._found, []
        return found


def _timed(job: Job, split: Split, per_network: float) -> tuple[FoldTime, bool, int]:
    """One fold with its trainings cut short: its time, whether it drew, its bytes on disk."""
    pace, trainings = Pace(per_network), {}

    def tap(place: str, _known: Sequence[Parcel], _asked: Sequence[Parcel]) -> None:
        if networks := pace.take():
            trainings[f"{place}.fit"] = networks

    start = time.perf_counter()
    with at_work(job) as line, training.paced(pace):
        fold = run_fold(line, Stock(job), job.sample, split, 0, tap=tap)
    seconds = {**fold.seconds, "total": time.perf_counter() - start}
    spent = FoldTime(len(split.train), len(split.test), seconds, trainings)
    return spent, bool(fold.drew), len(json.dumps(asdict(fold), indent=1))


def _together(job: Job, group: Sequence[Split], budget: float) -> tuple[Growth, float]:
    """The seconds to fit folds together by their number, and those that the first time adds."""
    cold, warm = (_fitting(job, group[:1]) for _ in range(2))
    many = group[: max(2, int(budget / max(warm.seconds, 0.001)))]
    found = Growth.through([1, len(many)], [warm.whole, _fitting(job, many).whole])
    return found, max(0.0, cold.seconds - warm.seconds)


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Seconds to fit folds together, and what they were had all networks come to their end."""

    seconds: float
    whole: float


def _fitting(job: Job, splits: Sequence[Split]) -> _Fitting:
    pace, build = Pace(PER_NETWORK), functools.partial(fold_line, job)
    start = time.perf_counter()
    with at_work(job), training.paced(pace):
        list(fitted_lines(build, Stock(job), job.sample, splits, 0))
    spent = time.perf_counter() - start
    return _Fitting(spent, spent + sum(network.left for network in pace.take()))


def _part(split: Split, size: int, job: Job) -> Split:
    """Some of a fold's clips: training clips of every class as far as they go, first test clips."""
    labels = job.sample.labels[split.train]
    order = split.train[np.lexsort(np.atleast_2d(labels.T))]
    chosen = order[np.linspace(0, len(order) - 1, size).round().astype(np.int64)]
    return replace(split, train=np.sort(chosen), test=split.test[:size])


def _affordable(small: FoldTime, size: int, budget: float) -> int:
    """How many training clips fit into `budget` seconds, if fits grow with their square."""
    fits = sum(s for name, s in small.seconds.items()
               if name.endswith(".fit") and name not in small.trainings)  # fmt: skip
    rest = small.seconds["total"] - fits
    networks = sum(len(found) for found in small.trainings.values()) * PER_NETWORK
    tried = size
    while tried > small.train:
        times = tried / small.train
        if fits * times**2 + rest * times + networks <= budget:
            return tried
        tried //= 2
    return small.train


def _seconds(call: Callable[[Clip], float], clip: Clip) -> float:
    start = time.perf_counter()
    call(clip)
    return time.perf_counter() - start


def memory() -> int:
    """Bytes of memory that this process uses now; 0 where the system is not Linux."""
    return _status("VmRSS")


def peak_memory() -> int:
    """The most bytes of memory that this process has used; 0 where the system is not Linux."""
    return _status("VmHWM")


def _status(field: str) -> int:
    # getrusage would also count the process that started this one
    file = Path("/proc/self/status")
    lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _wait_for_gpu() -> None:
    """Steps on a GPU are only begun when a call returns."""
    if training.device().type == "cuda":
        import torch

        torch.cuda.synchronize()
