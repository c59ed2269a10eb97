"""A small run in a process of its own, to be disturbed: what it has answered, and how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUN = """
import sys, mertk
folder, jobs, executor = sys.argv[1:]
use = mertk.Use("synthetic", subjects=4, clips=6, size=128)
try:
    mertk.bench(["flow_svm"], dataset=use, seeds=range(5), jobs=int(jobs), executor=executor,
                out=f"{folder}/runs", cache=f"{folder}/cache", floors=False)
except mertk.MertkError as error:
    sys.exit(f"Error: {error}")
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """A run of `flow_svm` on 24 synthetic clips, 4 folds, 5 seeds, in a folder of its own."""

    folder: Path
    jobs: int = 2
    executor: str = "local"

    def start(self) -> subprocess.Popen[str]:
        """Begin it, or go on with it, as the leader of its own group of processes."""
        command = [sys.executable, "-c", _RUN, str(self.folder), str(self.jobs), self.executor]
        return subprocess.Popen(  # noqa: S603
            command, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def entries(self) -> list[Path]:
        """The files in its cache."""
        return sorted((self.folder / "cache").glob("??/*.safetensors"))

    def answers(self) -> dict[str, Any]:
        """By fold what was predicted of which clips."""
        found = {}
        for file in sorted((self.folder / "runs").glob("*/folds/*.json")):
            fold = json.loads(file.read_text())
            found[file.name] = [fold["uids"], fold["truth"], fold["probabilities"]]
        return found

    def files(self) -> int:
        """How many files of its work there are, in the cache and in the ledger."""
        return len(self.entries()) + len(list((self.folder / "runs").glob("*/folds/*.json")))

    def reach(self, files: int, running: subprocess.Popen[str]) -> None:
        """Return when there are so many files, or when it has ended."""
        while self.files() < files and running.poll() is None:
            time.sleep(0.005)


def end(running: subprocess.Popen[str], expected: int | None = None) -> tuple[int, str]:
    """Wait for its end: exit code and what it said; raises where the code is not the expected."""
    said = running.communicate(timeout=600)[1]
    if expected not in (None, running.returncode):
        raise RuntimeError(f"exit code {running.returncode}: {said}")
    return running.returncode, said


def workers(pid: int) -> list[int]:
    """The worker processes of a local run, from /proc."""
    try:
        started = [t.read_text().split() for t in Path(f"/proc/{pid}/task").glob("*/children")]
        found = [int(child) for children in started for child in children]
        return [one for one in found if b"LokyProcess" in Path(f"/proc/{one}/cmdline").read_bytes()]
    except OSError:  # ended meanwhile
        return []


def kill(pid: int, *, group: bool = False) -> None:
    """`kill -9`, of a process or of all in its group; one that has ended is no mistake."""
    try:
        (os.killpg if group else os.kill)(pid, 9)
    except ProcessLookupError:
        return
