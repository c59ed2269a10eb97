"""What is to be there at once: a small run, a first run, the list of components, a long clip list.

python -m benchmarks.small_runs
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mertk

TURNS = 5
_RUN = """
import sys
import mertk
mertk.bench(
    ["flow_svm"],
    dataset=mertk.Use("synthetic", subjects=4, clips=6),
    seeds=range(5),
    jobs=eval(sys.argv[1]),
    out=sys.argv[2],
)
"""


def main() -> None:
    """Print each figure with its limit."""
    _compare_jobs()
    program = [sys.executable, "-m", "mertk"]
    first = [*program, "bench", "--model", "lbptop", "--dataset", "synthetic:subjects=3,clips=3"]
    for name, command, limit in (
        ("mertk list", [*program, "list"], "0.5 s"),
        ("first mertk bench --model lbptop, 9 clips", first, "5 s of CPU"),
    ):
        spent = [_start(command) for _ in range(TURNS)]
        seconds, cpu = map(statistics.median, zip(*spent, strict=True))
        print(f"{name}: median {seconds:.2f} s, {cpu:.2f} s of CPU, of {TURNS} (limit {limit})")
    _index()


def _compare_jobs() -> None:
    """`flow_svm` on 24 clips, 4 folds, 5 seeds: default options beside one and two workers."""
    spent: dict[str, list[tuple[float, float]]] = {"1": [], "None": [], "2": []}
    for _ in range(TURNS):
        for jobs, found in spent.items():
            found.append(_start([sys.executable, "-c", _RUN, jobs]))
    for jobs, name in (("None", "default options"), ("2", "--jobs 2")):
        ratios = [
            (some[0] / one[0], some[1] / one[1])
            for some, one in zip(spent[jobs], spent["1"], strict=True)
        ]
        seconds, cpu = map(statistics.median, zip(*ratios, strict=True))
        print(
            f"flow_svm, 24 clips, 4 folds, 5 seeds, {name} against --jobs 1: median {seconds:.2f}x "
            f"of the time, {cpu:.2f}x of the CPU, of {TURNS} (limit of the default: 1x)"
        )


def _start(command: list[str]) -> tuple[float, float]:
    """Seconds and CPU seconds of a command in an empty folder."""
    before, start = _children(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        more = [str(Path(folder) / "runs")] if "-c" in command else []
        subprocess.run(  # noqa: S603
            [*command, *more],
            check=True,
            capture_output=True,
            cwd=folder,
            env={**os.environ, "MERTK_CACHE": str(Path(folder) / "cache")},
        )
    return time.perf_counter() - start, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _index() -> None:
    registry = mertk.load_plugins().registry
    spent = []
    for seed in range(TURNS):
        use = mertk.Use("synthetic", subjects=1000, clips=10, seed=seed)
        start = time.process_time()
        registry.build("dataset", use).index(None)
        spent.append(time.process_time() - start)
    print(
        f"index of 10,000 synthetic clips: median {statistics.median(spent):.2f} s of CPU, "
        f"of {TURNS} (limit 2 s)"
    )


if __name__ == "__main__":
    main()
