"""Whether workers on other machines are fit: they see the same files and have the same releases."""

from __future__ import annotations

import contextlib
import platform
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mertk.core.errors import WorkerError
from mertk.core.interfaces import WorkerNeeds
from mertk.storage import identity
from mertk.storage.atomic_files import write_text


@dataclass(frozen=True, slots=True)
class WorkerCheck:
    """Called on a worker; raises `WorkerError` where it is unfit.

    Args:
        files: what a worker must see: the path of a file → what the user knows it as.
        releases: what a worker must have installed: package → release.
    """

    files: Mapping[str, str]
    releases: Mapping[str, str]

    def __call__(self) -> None:
        """Look at this process and its machine."""
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
