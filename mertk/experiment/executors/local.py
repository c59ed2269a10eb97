"""Who does the units of work: this process, local worker processes, or a dask cluster.

All give the same bits. A worker that dies is replaced and its unit is done again; a unit that
fails by itself ends the run with its error.
"""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import mmap
import pickle
import re
import threading
import warnings
import zlib
from collections import ChainMap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import cloudpickle
import numpy as np

from mertk.core.errors import ComponentError, MissingPackageError, ParameterError, WorkerError
from mertk.experiment.executors.interrupts import hold_interrupts
from mertk.plugins.loader import load_plugins

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 3  # without any unit done in between, before a run gives up
_ADDRESS = re.compile(r"dask://([^/\s]+:\d+)")

KEPT = "Finished work is kept: the same command goes on where it stopped"


class Executor(Protocol):
    """Does units of work."""

    def run(self, units: Sequence[Callable[[], T]]) -> Iterator[T]:
        """The results of all units, as they end. Raises `WorkerError` where workers are lost."""
        ...


Open = Callable[[Sequence[Path]], AbstractContextManager[Executor]]
"""Makes an executor ready, whose workers must reach the given folders by the same paths."""


def chosen(name: str, jobs: int, files: tuple[str, ...]) -> Open:
    """The executor `local` or `dask` (both with `jobs` workers), or `dask://HOST:PORT`.

    `files` are the plug-in files that workers load. Raises `ParameterError` for another name, and
    `MissingPackageError` where dask.distributed is not installed.
    """
    address = _ADDRESS.fullmatch(name)
    if name == "local":
        return lambda _folders: contextlib.nullcontext(Local(jobs, files))
    if name != "dask" and not address:
        raise ParameterError(f"executor '{name}': give local, dask or dask://HOST:PORT")
    if find_spec("distributed") is None:
        raise MissingPackageError(
            f"executor '{name}' needs the package 'distributed', which is not installed: "
            "pip install 'mertk[dask]'"
        )
    from mertk.experiment.executors import dask

    if address:
        return lambda folders: dask.joined(f"tcp://{address[1]}", folders, files)
    return lambda _folders: dask.started(jobs, files)


def cores() -> int:
    """The CPU cores that this process may use: what a scheduler or container grants, not more."""
    from joblib import cpu_count

    return int(cpu_count())


@dataclass(frozen=True, slots=True)
class Local:
    """This process where one job is enough, else local worker processes."""

    jobs: int
    files: tuple[str, ...] = ()

    def run(self, units: Sequence[Callable[[], T]]) -> Iterator[T]:
        """The results as they end; units of a worker that died are done by a fresh one."""
        if min(self.jobs, len(units)) <= 1:
            for unit in units:
                yield unit()
            return
        missing = {at: Packed.of(unit, self.files) for at, unit in enumerate(units)}
        attempts = 0
        while missing:
            before = len(missing)
            try:
                for at, found in _side_by_side(missing, self.jobs):
                    del missing[at]
                    yield found
            except BrokenProcessPool as error:
                attempts = 1 if len(missing) < before else attempts + 1
                if attempts == _ATTEMPTS:
                    raise WorkerError(
                        f"worker processes died {attempts} times and finished nothing in between "
                        f"({len(missing)} units are left); if memory ran out, give fewer --jobs. "
                        f"{KEPT}"
                    ) from error
                _LOG.warning("a worker process died; its work is done again by a fresh one")


def _side_by_side(units: dict[int, Packed], jobs: int) -> Iterator[tuple[int, Any]]:
    """The units' numbers and results, never from this process: what kills a worker spares it."""
    from joblib import Parallel, delayed

    # joblib takes a worker that has imported torch for one that leaks memory: it replaces it, loses
    # nothing, and warns.
    # Of a run that is interrupted it tells of tasks that are cancelled, and so does mertk.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
    warnings.filterwarnings("ignore", r"\d+ tasks which were still being processed", UserWarning)
    processes = max(2, min(jobs, len(units)))
    parallel = Parallel(n_jobs=processes, return_as="generator_unordered", pre_dispatch="2*n_jobs")
    with hold_interrupts():
        results = parallel(delayed(_numbered)(at, unit) for at, unit in list(units.items()))
        _kill_at_the_end()  # now that joblib has workers
    yield from results


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


def _numbered(at: int, unit: Packed) -> tuple[int, Any]:
    return at, unit()


@dataclass(frozen=True, slots=True)
class Packed:
    """A unit of work as it travels. Plug-in files are loaded before it is unpacked.

    A memory-mapped array travels as the name of its file.
    """

    files: tuple[str, ...]
    data: bytes

    @classmethod
    def of(cls, unit: Callable[[], Any], files: tuple[str, ...]) -> Packed:
        """Pack a unit; raises `ComponentError` where it holds what cannot be sent."""
        packed = io.BytesIO()
        try:
            _Pickler(packed).dump(unit)
        except Exception as error:
            raise ComponentError(
                f"a unit of work cannot be sent to a worker ({error}); --jobs 1 needs none, and a "
                "data set's frame reader that is a plain class can be sent"
            ) from error
        return cls(files, zlib.compress(packed.getvalue(), 1))

    def __call__(self) -> Any:
        """Unpack the unit and do it."""
        load_plugins(self.files)
        return pickle.loads(zlib.decompress(self.data))()  # noqa: S301  packed by this run


def _named(array: np.memmap[Any, Any]) -> Any:
    """How a memory-mapped array is pickled: as its file, unless it is a part of what is mapped."""
    if not isinstance(array.base, mmap.mmap):
        return np.asarray(array).__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    order = "C" if array.flags.c_contiguous else "F"
    return np.memmap, (array.filename, array.dtype, "r", array.offset, array.shape, order)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    dispatch_table: ClassVar[Any] = ChainMap(
        {np.memmap: _named}, cloudpickle.Pickler.dispatch_table
    )
