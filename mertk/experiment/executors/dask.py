"""Units of work on a dask.distributed cluster: one on this machine, or the user's own."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, TypeVar

import distributed
from distributed import KilledWorker

from mertk.core.errors import WorkerError
from mertk.core.interfaces import WorkerNeeds
from mertk.experiment.executors.local import count_cores
from mertk.experiment.executors.workers import KEPT, hold_interrupts, prepare_check

T = TypeVar("T")

_ONE = threading.Lock()
_LOOK_SECONDS = 10
_LOOKS = 6  # without a worker, before a run gives up
_GONE = f"the dask scheduler is gone. {KEPT}"


@contextlib.contextmanager
def open_dask(needs: WorkerNeeds, /, *, address: str | None = None) -> Iterator[Dask]:
    """A cluster of worker processes on this machine, or the user's own.

    The workers of the latter must reach the folders and the plug-in files by the same paths, do one
    thing at a time, and have the same releases installed, or numbers could differ.

    Args:
        needs: the requirements of the workers.
        address: where the scheduler of the user's own cluster is, as `tcp://HOST:PORT`.

    Raises:
        WorkerError: where that scheduler does not answer, or one of its workers is unfit.
    """
    with _silence_dask(), contextlib.ExitStack() as stack:
        if address is None:
            with hold_interrupts():
                cluster = stack.enter_context(
                    distributed.LocalCluster(
                        n_workers=needs.jobs or count_cores(),
                        threads_per_worker=1,
                        dashboard_address="127.0.0.1:0",  # any free port: for runs side by side
                        memory_limit=None,
                        silence_logs=logging.CRITICAL,
                    )
                )
                client = stack.enter_context(distributed.Client(cluster))
        else:
            try:
                client = stack.enter_context(distributed.Client(address, timeout=10))
            except OSError as error:
                raise WorkerError(f"no dask scheduler answers at {address}; start one") from error
            _check_workers(client, needs)
        yield Dask(client, needs)


@dataclass(frozen=True, slots=True)
class Dask:
    """A cluster behind its client."""

    client: Any
    needs: WorkerNeeds

    @property
    def workers(self) -> int:
        """How many workers the cluster has now; one, where all are being replaced."""
        try:
            return max(1, len(self._threads()))
        except CancelledError as error:
            raise WorkerError(_GONE) from error

    def run(self, units: Sequence[Callable[[], T]]) -> Iterator[T]:
        """The results as they end; the scheduler gives units of lost workers to others."""
        left = {
            self.client.submit(_perform_unit, self.needs.pack(unit), pure=False) for unit in units
        }
        try:
            while left:
                for future in self._wait_for_ended(left):
                    left.remove(future)
                    yield _get_result(future)
        except CancelledError as error:
            raise WorkerError(_GONE) from error
        except KilledWorker as error:
            raise WorkerError(
                f"a unit of work has killed one dask worker after the other; see their logs. {KEPT}"
            ) from error
        finally:
            if left and self.client.status == "running":
                self.client.cancel(list(left))

    def _wait_for_ended(self, left: set[Any]) -> Sequence[Any]:
        """Some that ended; raises `WorkerError` where there has been no worker for a minute."""
        alone = 0
        while alone < _LOOKS:
            with contextlib.suppress(TimeoutError):
                found = distributed.wait(left, timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED")
                return list(found.done)
            alone = 0 if self._threads() else alone + 1
        raise WorkerError(f"the dask cluster has no worker left. {KEPT}")

    def _threads(self) -> dict[str, int]:
        """The threads of each worker; raises `CancelledError` without a connection."""
        try:
            found: dict[str, int] = self.client.nthreads()
        except OSError as error:
            raise CancelledError from error
        return found


def _get_result(future: Any) -> Any:
    """The result of a unit; raises its error, or `CancelledError` without a connection."""
    try:
        return future.result()
    except OSError as error:
        if future.status == "error":
            raise
        raise CancelledError from error


def _perform_unit(unit: Callable[[], Any]) -> Any:
    with _ONE:  # a process has one random state and one thread limit: one unit at a time
        return unit()


def _check_workers(client: Any, needs: WorkerNeeds) -> None:
    """Raises `WorkerError` where there is no worker, or an unfit one."""
    try:
        client.wait_for_workers(1, timeout=_LOOKS * _LOOK_SECONDS)
    except TimeoutError as error:
        raise WorkerError("the dask cluster has no worker; start some") from error
    with prepare_check(needs) as check:
        try:
            client.run(check)
        except ImportError as error:
            raise WorkerError(f"dask workers cannot import mertk: {error}") from error
    busy = [worker for worker, threads in client.nthreads().items() if threads > 1]
    if busy:
        raise WorkerError(
            f"dask worker {busy[0]} has several threads; start workers with --nthreads 1"
        )


@contextlib.contextmanager
def _silence_dask() -> Iterator[None]:
    """Without the log of dask on a lost connection: the error reports it in one line."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
