"""Units of work on a dask.distributed cluster: one on this machine, or the user's own."""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import distributed
from distributed import KilledWorker

from mertk.core.errors import WorkerError
from mertk.experiment.executors.interrupts import hold_interrupts
from mertk.experiment.executors.local import KEPT, Packed
from mertk.storage import identity
from mertk.storage.atomic_files import write_text

T = TypeVar("T")

_ONE = threading.Lock()
_LOOK_SECONDS = 10
_LOOKS = 6  # without a worker, before a run gives up


@contextlib.contextmanager
def started(jobs: int, files: tuple[str, ...]) -> Iterator[Dask]:
    """A cluster of `jobs` worker processes on this machine, for as long as it is needed."""
    with _quiet(), contextlib.ExitStack() as stack:
        with hold_interrupts():
            cluster = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # any free port: two runs may go on at once
                    memory_limit=None,
                    silence_logs=logging.CRITICAL,
                )
            )
            client = stack.enter_context(distributed.Client(cluster))
        yield Dask(client, files)


@contextlib.contextmanager
def joined(address: str, folders: Sequence[Path], files: tuple[str, ...]) -> Iterator[Dask]:
    """The user's cluster; raises `WorkerError` where it does not answer or its workers are unfit.

    They must reach the folders and the plug-in files by the same paths, do one thing at a time,
    and have the same releases installed, or numbers could differ.
    """
    with _quiet(), contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(distributed.Client(address, timeout=10))
        except OSError as error:
            raise WorkerError(f"no dask scheduler answers at {address}; start one") from error
        _check(client, folders, files)
        yield Dask(client, files)


@dataclass(frozen=True, slots=True)
class Dask:
    """A cluster behind its client."""

    client: Any
    files: tuple[str, ...]

    def run(self, units: Sequence[Callable[[], T]]) -> Iterator[T]:
        """The results as they end; the scheduler gives units of lost workers to others."""
        left = {
            self.client.submit(_perform, Packed.of(unit, self.files), pure=False) for unit in units
        }
        try:
            while left:
                for future in self._ended(left):
                    left.remove(future)
                    yield _result(future)
        except CancelledError as error:
            raise WorkerError(f"the dask scheduler is gone. {KEPT}") from error
        except KilledWorker as error:
            raise WorkerError(
                f"a unit of work has killed one dask worker after the other; see their logs. {KEPT}"
            ) from error
        finally:
            if left and self.client.status == "running":
                self.client.cancel(list(left))

    def _ended(self, left: set[Any]) -> Sequence[Any]:
        """Some that ended; raises `WorkerError` where there has been no worker for a minute."""
        alone = 0
        while alone < _LOOKS:
            with contextlib.suppress(TimeoutError):
                found = distributed.wait(left, timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED")
                return list(found.done)
            alone = 0 if self._workers() else alone + 1
        raise WorkerError(f"the dask cluster has no worker left. {KEPT}")

    def _workers(self) -> dict[str, int]:
        """The threads of each worker."""
        try:
            found: dict[str, int] = self.client.nthreads()
        except OSError as error:
            raise CancelledError from error
        return found


def _result(future: Any) -> Any:
    """What the unit gave; raises what it raised, or `CancelledError` where that cannot be asked."""
    try:
        return future.result()
    except OSError as error:
        if future.status == "error":
            raise
        raise CancelledError from error


def _perform(unit: Packed) -> Any:
    with _ONE:  # chance and threads are those of a process: never two units in one
        return unit()


def _check(client: Any, folders: Sequence[Path], files: tuple[str, ...]) -> None:
    """Raises `WorkerError` where a worker is unfit."""
    try:
        client.wait_for_workers(1, timeout=_LOOKS * _LOOK_SECONDS)
    except TimeoutError as error:
        raise WorkerError("the dask cluster has no worker; start some") from error
    with contextlib.ExitStack() as stack:
        tokens = [stack.enter_context(_token(folder)) for folder in folders]
        try:
            seen = client.run(_look, [*map(str, tokens), *files])
        except ImportError as error:
            raise WorkerError(f"dask workers cannot import mertk: {error}") from error
    for worker, (missing, releases) in seen.items():
        _refuse_unfit(worker, [Path(path) for path in missing], tokens, releases)
    busy = [worker for worker, threads in client.nthreads().items() if threads > 1]
    if busy:
        raise WorkerError(
            f"dask worker {busy[0]} has several threads; start workers with --nthreads 1"
        )


def _refuse_unfit(
    worker: str, missing: Sequence[Path], tokens: Sequence[Path], releases: dict[str, str]
) -> None:
    unseen = [path.parent if path in tokens else path for path in missing]
    if unseen:
        raise WorkerError(
            f"dask worker {worker} does not see {', '.join(map(str, unseen))}: run folder, cache "
            "and plug-in files must lie on a file system that workers reach by the same path"
        )
    own = _releases()
    if releases != own:
        name = next(n for n in sorted(own | releases) if own.get(n) != releases.get(n))
        raise WorkerError(
            f"dask worker {worker} has {name} {releases.get(name)}, this process {own.get(name)}: "
            "numbers could differ; install the same releases"
        )


def _look(paths: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """On a worker: which files it does not see, and the releases that it has."""
    return [path for path in paths if not Path(path).is_file()], _releases()


def _releases() -> dict[str, str]:
    found: dict[str, str] = identity.provenance("cpu")["releases"]
    return found


@contextlib.contextmanager
def _token(folder: Path) -> Iterator[Path]:
    """A file that only this run can have put there."""
    path = folder / f".mertk-{uuid.uuid4().hex}"
    write_text(path, "")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What dask logs on a lost connection is told in one line by the error."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
