"""Units of work in this process, or in worker processes on this machine."""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from mertk.core.interfaces import WorkerNeeds
from mertk.experiment.executors.lost_workers import WorkersLost, finish_units
from mertk.experiment.executors.packing import Packed

T = TypeVar("T")


def open_local(needs: WorkerNeeds, /) -> AbstractContextManager[Local]:
    """Workers on this machine: as many as the user asked for, or one per core."""
    return contextlib.nullcontext(Local(needs.jobs or count_cores(), needs.files))


def count_cores() -> int:
    """The CPU cores that this process may use: what a scheduler or container grants, not more."""
    from joblib import cpu_count

    return int(cpu_count())


@dataclass(frozen=True, slots=True)
class Local:
    """This process where one worker is enough, else local worker processes."""

    workers: int
    files: tuple[str, ...] = ()

    def run(self, units: Sequence[Callable[[], T]]) -> Iterator[T]:
        """The results as they end; units of a worker that died are done by a fresh one."""
        if min(self.workers, len(units)) <= 1:
            for unit in units:
                yield unit()
            return
        packed = {at: Packed.of(unit, self.files) for at, unit in enumerate(units)}
        yield from finish_units(packed, self._do_round)

    def _do_round(self, units: Mapping[int, Packed]) -> Iterator[tuple[int, Any]]:
        """Numbers and results, never from this process: what kills a worker spares it."""
        from joblib import Parallel, delayed

        # joblib takes a worker that has imported torch for one that leaks memory: it replaces it,
        # loses nothing, and warns. Of a run that is interrupted it tells of tasks that are
        # cancelled, and so does mertk.
        for text in ("A worker stopped while some jobs", r"\d+ tasks which were still being proc"):
            warnings.filterwarnings("ignore", text, UserWarning)
        parallel = Parallel(
            n_jobs=max(2, min(self.workers, len(units))),
            return_as="generator_unordered",
            pre_dispatch="2*n_jobs",
        )
        try:
            with hold_interrupts():
                results = parallel(delayed(_run_numbered)(at, unit) for at, unit in units.items())
                _kill_at_the_end()  # now that joblib has workers
            yield from results
        except BrokenProcessPool as error:
            advice = "if memory ran out, give fewer --jobs"
            raise WorkersLost("a worker process died", advice) from error


@functools.cache
def _kill_at_the_end() -> None:
    """Kill idle workers when this process ends, before joblib asks them to end and waits for it.

    A worker that was killed while it took its next unit leaves the others locked out of the queue:
    they would never hear that they are to end, and neither would this process.
    """
    from joblib.externals.loky import reusable_executor

    def kill() -> None:
        idle = reusable_executor._executor  # noqa: SLF001  the public way makes one if there is none
        if idle is not None:
            idle.shutdown(wait=True, kill_workers=True)

    # runs before what was registered earlier, as joblib's was; what atexit calls comes too late
    threading._register_atexit(kill)  # type: ignore[attr-defined]  # noqa: SLF001


@contextlib.contextmanager
def hold_interrupts() -> Iterator[None]:
    """Processes and threads that are started in this block ignore Ctrl-C.

    A terminal sends Ctrl-C to every process of a command, and each worker would print a traceback.
    The main process alone receives it and ends its workers. A Ctrl-C within the block takes effect
    at its end. Windows has no signal masks; nothing is done there.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from joblib.externals.loky.backend import resource_tracker as tracker_of_joblib

    for tracker in (resource_tracker, tracker_of_joblib):
        tracker.ensure_running()  # when it starts, it takes the block away
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_numbered(at: int, unit: Packed) -> tuple[int, Any]:
    return at, unit()
