"""Units of work in this process, or in worker processes on this machine."""

from __future__ import annotations

import contextlib
import functools
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from mertk.core.interfaces import WorkerNeeds
from mertk.experiment.executors.packing import Packed
from mertk.experiment.executors.starting import begin_here
from mertk.experiment.executors.workers import WorkersLost, finish_units, hold_interrupts

T = TypeVar("T")


def open_local(needs: WorkerNeeds, /) -> AbstractContextManager[Local]:
    """Workers on this machine: as many as the user asked for, or one per core."""
    jobs = needs.jobs
    return contextlib.nullcontext(Local(jobs or count_cores(), needs.files, wait=jobs is None))


def count_cores() -> int:
    """The CPU cores that this process may use: what a scheduler or container grants, not more."""
    from joblib import cpu_count

    return int(cpu_count())


@dataclass(frozen=True, slots=True)
class Local:
    """This process where one worker is enough, else local worker processes.

    Args:
        workers: the number of workers.
        files: plug-in files that they load.
        wait: whether the first units are done in this process, until they say that workers pay.
    """

    workers: int
    files: tuple[str, ...] = ()
    wait: bool = False

    def run(self, units: Sequence[Callable[[], T]]) -> Iterator[T]:
        """The results as they end; units of a worker that died are done by a fresh one."""
        if min(self.workers, len(units)) <= 1:
            for unit in units:
                yield unit()
        elif self.wait and not _are_workers_open():
            yield from begin_here(units, self.workers, self._send, _kill_workers)
        else:
            yield from self._send(units)

    def _send(
        self, units: Sequence[Callable[[], T]], stop: threading.Event | None = None
    ) -> Iterator[T]:
        """The results of workers as they end; another thread may `stop` them."""
        packed = {at: Packed.of(unit, self.files) for at, unit in enumerate(units)}
        yield from finish_units(packed, functools.partial(self._do_round, stop))

    def _do_round(
        self, stop: threading.Event | None, units: Mapping[int, Packed]
    ) -> Iterator[tuple[int, Any]]:
        """Numbers and results, never from this process: what kills a worker spares it."""
        from joblib import Parallel, delayed

        # joblib mistakes the memory of torch for a leak: it replaces the worker, loses nothing, and
        # warns. It also warns of cancelled tasks after an interrupt, which mertk reports itself.
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
            for found in results:
                if stop and stop.is_set():
                    raise InterruptedError
                yield found
        except BrokenProcessPool as error:
            if stop and stop.is_set():
                raise  # they were killed on purpose
            advice = "if memory ran out, give fewer --jobs"
            raise WorkersLost("a worker process died", advice) from error


def _are_workers_open() -> bool:
    """Whether worker processes of this process wait for work."""
    from joblib.externals.loky import reusable_executor

    idle = reusable_executor._executor  # noqa: SLF001  the public way makes one if there is none
    return idle is not None and bool(idle._processes)  # noqa: SLF001


def _kill_workers() -> None:
    from joblib.externals.loky import reusable_executor

    idle = reusable_executor._executor  # noqa: SLF001  the public way makes one if there is none
    if idle is not None:
        idle.shutdown(wait=True, kill_workers=True)


@functools.cache
def _kill_at_the_end() -> None:
    """Kill idle workers when this process ends, before joblib asks them to end and waits for it.

    A worker that was killed while it took its next unit leaves the others locked out of the queue:
    they would never hear that they are to end, and neither would this process.
    """
    # runs before what was registered earlier, as joblib's was; what atexit calls comes too late
    threading._register_atexit(_kill_workers)  # type: ignore[attr-defined]  # noqa: SLF001


def _run_numbered(at: int, unit: Packed) -> tuple[int, Any]:
    return at, unit()
