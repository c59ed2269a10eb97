"""What executors share about workers: interrupts, lost workers, and a check of other machines."""

import contextlib
import logging
import platform
import signal
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TypeVar

from mertk.core.errors import WorkerError
from mertk.core.interfaces import WorkerNeeds
from mertk.storage import identity
from mertk.storage.atomic_files import write_text

T = TypeVar("T")
U = TypeVar("U")

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 3  # without any unit done in between, before a run gives up

KEPT = "Finished work is kept: the same command goes on where it stopped"


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


class WorkersLost(Exception):  # noqa: N818  no error yet: the work is done again
    """Workers were lost before they finished their units.

    Args:
        what: what happened, as the beginning of a sentence.
        advice: what the user can do where it happens again and again.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what, advice)
        self.what, self.advice = what, advice


def finish_units(
    units: Mapping[int, U], do_round: Callable[[Mapping[int, U]], Iterator[tuple[int, T]]]
) -> Iterator[T]:
    """The results of all units, as they end.

    Args:
        units: by their number.
        do_round: gives numbers and results of the units that it is handed, as they end. It may
            raise `WorkersLost`, and is then called again with those that are missing.

    Raises:
        WorkerError: where workers are lost three times, and nothing was finished in between.
    """
    missing = dict(units)
    attempts = 0
    while missing:
        before = len(missing)
        try:
            for at, found in do_round(dict(missing)):
                del missing[at]
                yield found
        except WorkersLost as lost:
            attempts = 1 if len(missing) < before else attempts + 1
            if attempts == _ATTEMPTS:
                raise WorkerError(
                    f"{lost.what} {attempts} times, and nothing was finished in between "
                    f"({len(missing)} units are left); {lost.advice}. {KEPT}"
                ) from lost
            _LOG.warning("%s; its work is done again by a fresh one", lost.what)


@dataclass(frozen=True, slots=True)
class WorkerCheck:
    """Called on a worker; raises `WorkerError` where it is unfit.

    Args:
        files: the files that a worker must see: path → the name that the user knows.
        releases: the packages that a worker must have installed: package → release.
    """

    files: Mapping[str, str]
    releases: Mapping[str, str]

    def __call__(self) -> None:
        """Check this process and its machine."""
        worker = f"a worker on {platform.node()}"
        unseen = [known for path, known in self.files.items() if not Path(path).is_file()]
        if unseen:
            raise WorkerError(
                f"{worker} does not see {', '.join(unseen)}: run folder, cache and plug-in files "
                "must lie on a file system that workers reach by the same path"
            )
        found, own = _releases(), self.releases
        for name in sorted({*found, *own}):
            if found.get(name) != own.get(name):
                raise WorkerError(
                    f"{worker} has {name} {found.get(name)}, the command has {own.get(name)}: "
                    "numbers could differ; install the same releases"
                )


@contextlib.contextmanager
def prepare_check(needs: WorkerNeeds) -> Iterator[WorkerCheck]:
    """The check of workers, which can be sent to them as long as this is open."""
    files = {file: file for file in needs.files}
    with contextlib.ExitStack() as stack:
        for folder in (needs.runs, needs.cache):
            files[str(stack.enter_context(_token(folder)))] = str(folder)
        yield WorkerCheck(files, _releases())


def _releases() -> dict[str, str]:
    found: dict[str, str] = identity.collect_provenance("cpu")["releases"]
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
