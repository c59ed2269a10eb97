"""Every speed benchmark and the fuzz, one after the other, on one thread; each table is kept.

Run: python -m benchmarks [NAME …]    (default: all of them; about an hour)

A table goes to benchmarks/results/NAME.txt as it was printed, behind a line on the machine.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

NAMES = (
    "harness", "small_runs", "prefixes", "flow", "lbptop", "patch_cnn_se", "closed_forms",
    "ststnet_folds", "workers", "scaling", "plan", "watching", "coverage", "fuzz",
)  # fmt: skip
RESULTS = Path(__file__).parent / "results"
_RELEASES = ("numpy", "torch", "scikit-learn", "scikit-image", "opencv-python")


def main() -> None:
    """Run what is named; ends with 1 where one of them fails, after all have run."""
    wanted = sys.argv[1:] or list(NAMES)
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        sys.exit(f"Error: no benchmark {', '.join(unknown)}. Known: {', '.join(NAMES)}.")
    RESULTS.mkdir(exist_ok=True)
    failed = [name for name in wanted if not _run(name)]
    if failed:
        sys.exit(f"Error: failed: {', '.join(failed)}")


def _run(name: str) -> bool:
    print(f"\n== {name}", flush=True)
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", f"benchmarks.{name}"],
        env=alone, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    print(done.stdout, flush=True)
    if done.returncode:
        return False
    spent = time.perf_counter() - start
    text = f"{_machine()}\npython -m benchmarks {name}: {spent:.0f} s\n{done.stdout}"
    (RESULTS / f"{name}.txt").write_text(text, encoding="utf-8")
    return True


def _machine() -> str:
    """The processor, how many cores of it, how busy they were, and the releases."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor = next(named, platform.processor() or platform.machine())
    releases = ", ".join(f"{name} {version(name)}" for name in _RELEASES)
    load = os.getloadavg()[0]
    return f"{processor}, {os.cpu_count()} cores, load {load:.1f} at the end\n{releases}"


if __name__ == "__main__":
    main()
