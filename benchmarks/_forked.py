"""Calls in forked processes with a time limit: what is imported is imported once."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TRACEBACK = 70  # the exit code of a call that raised


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a call ended, in a copy of the bed that lies at `folder` until the next one."""

    number: int
    code: int
    hung: bool
    out: str
    err: str
    folder: Path
    seconds: float

    @property
    def traceback(self) -> bool:
        """Whether it raised, or printed a traceback, or died of a signal."""
        shown = "Traceback (most recent call last)"
        return not self.hung and (self.code in (TRACEBACK, -11, -6) or shown in self.err + self.out)


@dataclass(slots=True)
class _Running:
    number: int
    folder: Path
    began: float


def forked(
    bed: Path, calls: Iterable[Callable[[], int]], *, jobs: int, limit: float
) -> Iterator[Ended]:
    """Do each call in a fresh process in a fresh copy of the bed.

    Args:
        bed: the folder that is copied.
        calls: give the exit code; they stand in the copy, and have its `cache` and `config.toml`.
        jobs: how many run at once.
        limit: seconds until a call is killed, with all its children.
    """
    running: dict[int, _Running] = {}
    waiting = enumerate(calls)
    with tempfile.TemporaryDirectory() as space:
        while True:
            while len(running) < jobs:
                number, one = next(waiting, (None, None))
                if number is None or one is None:
                    break
                folder = Path(space, str(number), "bed")
                folder.parent.mkdir()
                _copy(bed, folder)
                running[_start(one, folder)] = _Running(number, folder, time.monotonic())
            if not running:
                return
            for pid in list(running):
                ended = _look(pid, running[pid], limit)
                if ended is not None:
                    del running[pid]
                    yield ended
                    shutil.rmtree(ended.folder.parent, ignore_errors=True)
            time.sleep(0.01)


def _copy(bed: Path, folder: Path) -> None:
    """Everything, pipes too, which shutil.copytree would wait for."""
    folder.mkdir()
    for path in sorted(bed.rglob("*")):
        new = folder / path.relative_to(bed)
        if path.is_symlink():
            new.symlink_to(path.readlink())
        elif path.is_dir():
            new.mkdir()
        elif path.is_fifo():
            os.mkfifo(new)
        else:
            shutil.copy2(path, new)


def _start(one: Callable[[], int], folder: Path) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = TRACEBACK
    try:
        os.setsid()
        os.chdir(folder)
        os.environ |= {"MERTK_CACHE": str(folder / "cache"), "HOME": str(folder.parent),
                       "MERTK_CONFIG": str(folder / "config.toml"), "COLUMNS": "200"}  # fmt: skip
        for number, name in ((1, "out"), (2, "err")):
            file = os.open(folder.parent / name, os.O_WRONLY | os.O_CREAT)
            os.dup2(file, number)
        with open(os.devnull) as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 0)
        code = one()
    except BaseException:  # noqa: BLE001  whatever it is, the parent reads of it
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code & 0xFF)


def _look(pid: int, running: _Running, limit: float) -> Ended | None:
    """How it ended; None where it goes on."""
    done, status = os.waitpid(pid, os.WNOHANG)
    seconds = time.monotonic() - running.began
    if not done and seconds < limit:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    if not done:
        os.waitpid(pid, 0)
    texts = [
        (running.folder.parent / name).read_text("utf-8", "backslashreplace")
        for name in ("out", "err")
        if (running.folder.parent / name).exists()
    ]
    out, err = texts if len(texts) == 2 else ("", "")
    return Ended(
        number=running.number,
        code=os.waitstatus_to_exitcode(status) if done else -9,
        hung=not done,
        out=out,
        err=err,
        folder=running.folder,
        seconds=seconds,
    )
