"""The harness itself: its share of a run, the cache's gain, memory, and the start of the program.

python -m benchmarks.harness
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_CHILD = "benchmarks.harness"


def main() -> None:
    """Print all figures, one line each."""
    _start()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MERTK_CACHE"] = str(Path(folder) / "cache")
        _memory(Path(folder))  # first: a process counts the memory of the one that starts it
        _share(Path(folder))
        _cold_and_warm(Path(folder))


def _start() -> None:
    times = [_seconds([sys.executable, "-m", "mertk", "--help"]) for _ in range(7)]
    print(f"mertk --help: median {statistics.median(times):.3f} s of 7")


def _share(folder: Path) -> None:
    """Wall time of a sequential run that no component spent (reading clips, folds, ledger)."""
    import mertk

    mertk.load_plugins()
    shares = []
    for at in range(3):
        out = folder / f"share{at}"
        start = time.perf_counter()
        results = mertk.bench(
            ["lbptop", "ststnet"],
            jobs=1,
            out=out,
            cache=folder / f"c{at}",
        )
        wall = time.perf_counter() - start
        spent = 0.0
        for run in results.runs:
            spent += run.prefix_seconds
            for fold in run.folds():
                spent += sum(s for name, s in fold.seconds.items() if name not in ("total", "load"))
        shares.append(1 - spent / wall)
    print(f"time outside components: median {100 * statistics.median(shares):.1f} % of 3 runs")


def _cold_and_warm(folder: Path) -> None:
    """The prefix pass of `lbptop`, first and second time, in one process."""
    import mertk

    ratios = []
    for at in range(3):
        cache = folder / f"warm{at}"
        seconds = []
        for again in range(2):
            out = folder / f"warm{at}-{again}"
            run = mertk.bench(["lbptop"], jobs=1, out=out, cache=cache, floors=False).runs[0]
            seconds.append(run.prefix_seconds)
        ratios.append(seconds[0] / max(seconds[1], 1e-9))
    print(f"warm prefix against cold: {statistics.median(ratios):.0f}x faster, median of 3")


def _memory(folder: Path) -> None:
    """Peak memory of the prefix pass over 20 and 200 clips, each in a fresh process."""
    peaks = {}
    for clips in (20, 200):
        out = subprocess.run(  # noqa: S603
            [sys.executable, "-m", _CHILD, "memory", str(clips), str(folder / f"m{clips}")],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks[clips] = json.loads(out.stdout)
    ratio = peaks[200] / peaks[20]
    print(
        f"peak memory: {peaks[20]:.0f} MB for 20 clips, {peaks[200]:.0f} MB for 200: x{ratio:.3f}"
    )


def _peak_of(clips: int, folder: Path) -> None:
    import mertk
    from mertk.experiment.jobs import prepare_clip

    plugins = mertk.load_plugins()
    use = mertk.Use("synthetic", subjects=clips // 2, clips=2)
    recipe = plugins.registry.recipe("lbptop")
    for clip in plugins.registry.build("dataset", use).index(None):
        prepare_clip(recipe, (), folder, clip)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory"]:
        _peak_of(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
