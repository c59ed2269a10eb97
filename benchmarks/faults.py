"""Faults at random moments of a run: after each, the finished run must equal the undisturbed one.

python -m benchmarks.faults [--moments N] [--seed N]

Linux alone; the full disk is a small tmpfs, and is left out where mounting is not allowed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._trial import Trial, end, kill, workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen

    from numpy.random import Generator

    Fault = Callable[[Trial, Generator, int], tuple[int, str]]


def main_killed(trial: Trial, rng: Generator, files: int) -> tuple[int, str]:
    """`kill -9` of the main process and its workers."""
    running = trial.start()
    _wait(trial, running, rng, files)
    kill(running.pid, group=True)
    return end(running)


def worker_killed(trial: Trial, rng: Generator, files: int) -> tuple[int, str]:
    """`kill -9` of one worker."""
    running = trial.start()
    _wait(trial, running, rng, files)
    found = workers(running.pid)
    if found:
        kill(int(rng.choice(found)))
    return end(running)


def _wait(trial: Trial, running: Popen[str], rng: Generator, files: int) -> None:
    """Until a random number of the files is there, and up to 0.3 s more."""
    trial.reach(int(rng.integers(1, files)), running)
    time.sleep(rng.uniform(0, 0.3))


def entry_damaged(trial: Trial, rng: Generator, files: int) -> tuple[int, str]:
    """All killed, and one file in the cache cut off or changed by a bit."""
    ended = main_killed(trial, rng, files)
    entries = trial.entries()
    entry = entries[int(rng.integers(len(entries)))]
    data = bytearray(entry.read_bytes())
    at = int(rng.integers(len(data)))
    data[at] ^= 1 << int(rng.integers(8))
    entry.write_bytes(data if rng.random() < 0.5 else data[:at])
    return ended


def disk_full(trial: Trial, rng: Generator, files: int) -> tuple[int, str]:
    """A disk that holds 10 to 90 % of what the run writes; it is made larger afterwards."""
    del files
    mount(trial.folder, f"size={int(rng.uniform(0.1, 0.9) * _KILOBYTES)}k")
    ended = end(trial.start())
    mount(trial.folder, "remount,size=64m")
    return ended


_KILOBYTES = 570  # that the run writes, in blocks of 4
FAULTS: dict[str, tuple[Fault, float]] = {
    "kill -9 of the main process and its workers": (main_killed, 1),
    "kill -9 of one worker": (worker_killed, 1),
    "the disk is full": (disk_full, 0.25),
    "kill -9, and a cache file is damaged": (entry_damaged, 1),
}
"""Each fault, and its share of the moments."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended that met a fault, and whether it is what it would have been without."""

    code: int
    said: str
    kept: int
    equal: bool


def suffered(
    fault: Fault, trial: Trial, rng: Generator, files: int, expected: dict[str, Any]
) -> Outcome:
    """Let a run meet the fault, run it again to its end, and compare."""
    code, said = fault(trial, rng, files)
    kept = len(trial.answers())
    end(trial.start(), expected=0)
    return Outcome(code, said, kept, trial.answers() == expected)


def mount(folder: Path, options: str) -> None:
    """Lay a tmpfs over a folder; raises `CalledProcessError` where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603


def main() -> None:
    """Print what became of the runs."""
    options = argparse.ArgumentParser()
    options.add_argument("--moments", type=int, default=20)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    rng = np.random.default_rng(given.seed)
    print(f"{'':44} moments  ended well  work redone  folds kept  equal bit for bit")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Trial(Path(folder))
        end(whole.start(), expected=0)
        files = whole.files()
        for name, (fault, share) in FAULTS.items():
            outcomes = list(_all(fault, max(1, round(share * given.moments)), rng, files, whole))
            _show(name, outcomes)
            wrong += sum(not one.equal for one in outcomes)
    sys.exit(wrong)


def _all(fault: Fault, moments: int, rng: Generator, files: int, whole: Trial) -> Any:
    for _ in range(moments):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder))
            try:
                yield suffered(fault, trial, rng, files, whole.answers())
            except subprocess.CalledProcessError:
                return
            finally:
                if fault is disk_full:
                    subprocess.run(["umount", folder], check=False, capture_output=True)  # noqa: S603, S607


def _show(name: str, outcomes: list[Outcome]) -> None:
    if not outcomes:
        print(f"{name:44} left out: mounting is not allowed here")
        return
    well = sum(one.code == 0 for one in outcomes)
    kept = sum(one.kept for one in outcomes) / len(outcomes)
    equal = sum(one.equal for one in outcomes)
    redone = sum("a worker process died" in one.said for one in outcomes)
    print(f"{name:44} {len(outcomes):7}  {well:10}  {redone:11}  {kept:10.1f}  {equal:17}")
    for one in outcomes[:1]:
        if one.code > 0:
            print(f"  the first said: {one.said.strip()}")


if __name__ == "__main__":
    main()
