"""Files that a component opens where other folds and other runs find them again.

A probe's process has a private home, temporary and working folder, so that what is left there shows
as a difference between two runs. Other places cannot be made private without rights that few users
have. So every file that Python opens while a component works is checked instead.
"""

import inspect
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mertk.pipeline.pipeline import Stage

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - it is read, not written to
_TABLES = (".csv", ".tsv", ".txt", ".json", ".xls", ".xlsx", ".ods", ".pkl")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NAMING = {"os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1, "sqlite3.connect": 0}


def watch_files(private: Path, data: Sequence[Path]) -> dict[str, str]:
    """From now on, record which foreign files components open: stage of the recipe → what it did.

    A deed is a file written outside the `private` folder and the folders of downloaded weights,
    anything opened in shared memory, or a table read in a `data` set's folder. It is seen where
    Python opens the file, not where a C library does.
    """
    found: dict[str, str] = {}
    inside = [private, private.resolve(), *weights_folders().values()]
    allowed = ("/dev/", "/proc/", "/sys/", *(f"{path}{os.sep}" for path in inside))
    tables = tuple(f"{path}{os.sep}" for path in data)

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event != "open" and event not in _NAMING:
            return
        path = given[_NAMING.get(event, 0)]
        if not isinstance(path, str | bytes | os.PathLike):
            return
        whole = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - it asks for no file
        writes = event != "open" or bool(given[2] & _WRITING)
        deed = ""
        if whole.startswith(f"{SHARED_MEMORY}{os.sep}"):
            deed = f"opens {whole}, which every fold and every run can read"
        elif f"{whole}{os.sep}".startswith(allowed):  # the folders themselves too
            return
        elif writes:
            deed = f"writes {whole}, which every fold and every run can read"
        elif whole.startswith(tables) and whole.endswith(_TABLES):
            deed = f"reads {whole} of the data set, although the clips are noise"
        place = deed and _find_working_place()
        if place:
            found.setdefault(place, deed)

    sys.addaudithook(hook)
    return found


def weights_folders() -> dict[str, Path]:
    """The folders of downloaded weights, by the environment variable that names each."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {
        "HF_HOME": Path(os.environ.get("HF_HOME") or caches / "huggingface"),
        "TORCH_HOME": Path(os.environ.get("TORCH_HOME") or caches / "torch"),
    }


def left_in_shared_memory(before: set[str]) -> list[str]:
    """This user's files in shared memory that came since `before` and that no process has open."""
    new = shared_memory() - before
    if not new:
        return []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != os.getpid():
            new -= _find_open_paths(process, new)
    return sorted(new)


def shared_memory() -> set[str]:
    """The files of this user in shared memory; none where the system has no such folder."""
    if not SHARED_MEMORY.is_dir():
        return set()
    return {entry.path for entry in os.scandir(SHARED_MEMORY) if _is_own(entry)}


def _is_own(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("sem."):  # a semaphore, such as those of joblib's other programs
        return False
    try:
        return entry.is_file() and entry.stat().st_uid == os.getuid()
    except OSError:  # it went away meanwhile
        return False


def _find_open_paths(process: Path, paths: set[str]) -> set[str]:
    """Those of the paths that another process has open or mapped, as far as the system tells."""
    try:
        handles = {str(handle.readlink()) for handle in (process / "fd").iterdir()}
        maps = (process / "maps").read_text(encoding="utf-8", errors="replace")
    except OSError:  # somebody else's, or gone
        return set()
    return {path for path in paths if path in handles or path in maps}


def _find_working_place() -> str:
    """The place of the recipe whose component is at work; empty where it is the harness itself."""
    frame = inspect.currentframe()
    while frame is not None:
        for name in ("self", "stage", "head", "classifier"):
            stage = frame.f_locals.get(name)
            if isinstance(stage, Stage):
                return stage.place
        frame = frame.f_back
    return ""
