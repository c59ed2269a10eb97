"""Two local workers against one, on the folds of a network.

python -m benchmarks.workers [MODEL …]    (default: nmp and ststnet)

Folds share no work: `nmp` fits a random forest in each, `ststnet` a network.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

TURNS = 5
MODELS = ("nmp", "ststnet")


def main(model: str) -> None:
    """Print the seconds of the fold pass with one and with two workers, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        _folds(model, Path(folder), "start", 2)  # features into the cache, workers awake
        spent: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(TURNS):
            for jobs, seconds in spent.items():
                seconds.append(_folds(model, Path(folder), f"{turn}-{jobs}", jobs))
    ratios = [one / two for one, two in zip(*spent.values(), strict=True)]
    for jobs, seconds in spent.items():
        print(
            f"{model}, {jobs} workers: median {statistics.median(seconds):.2f} s of {TURNS}, "
            f"least {min(seconds):.2f} s"
        )
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    least = min(spent[1]) / min(spent[2])
    print(
        f"two against one: median {statistics.median(ratios):.2f}x of {shown}; "
        f"least against least {least:.2f}x"
    )


class _Clock:
    """Notes when the fold pass begins, and when its latest fold has ended."""

    def __init__(self) -> None:
        self.begin = self.end = 0.0

    def stage(self, name: str, total: int) -> None:
        """The last stage that has steps is that of the folds."""
        del name
        if total:
            self.begin = time.perf_counter()

    def step(self, what: str = "") -> None:
        """Note the time."""
        del what
        self.end = time.perf_counter()


def _folds(model: str, folder: Path, name: str, jobs: int) -> float:
    import mertk

    clock = _Clock()
    mertk.bench(
        [model],
        dataset=mertk.Use("synthetic", subjects=12, clips=6),
        seeds=[0],
        jobs=jobs,
        out=folder / name,
        cache=folder / "cache",
        floors=False,
        progress=clock,
    )
    return clock.end - clock.begin


if __name__ == "__main__":
    for given in sys.argv[1:] or MODELS:
        main(given)
