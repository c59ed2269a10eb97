"""Files that are there whole or not at all, and that replace nothing but what mertk wrote.

A folder that mertk writes to holds `.mertk.json`, the mark: which files mertk wrote there, with the
SHA-256 of their content. A file is replaced while it is as noted, and a whole folder while it holds
nothing else, so what a person added or edited survives.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mertk.core.errors import StorageError
from mertk.core.escaping import csv_text

MARK = ".mertk.json"  # the file by which mertk knows what it wrote in a folder

_ABOUT = "Which files mertk wrote here, and the SHA-256 of their content. It replaces no others."
_LEFTOVER = re.compile(r"\.mertk-[0-9a-f]{32}")
_LEFTOVER_SECONDS = 3600  # no file, and no folder, takes longer to write
_ELSEWHERE = "choose another place to write to"
_KEPT = f"it is left alone: move it away, or {_ELSEWHERE}"
_AGAIN = ". Finished work is kept; free some space or choose another folder, and run it again"
_NAME_BYTES = 255  # the longest name that file systems take
_HERE = -100  # AT_FDCWD of renameat2
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2


@dataclass(frozen=True, slots=True)
class _Mark:
    """What `.mertk.json` records of a folder.

    `folder` is the kind of a folder that was written as a whole, empty where files were written
    one by one. `files` maps paths in the folder to the digests they may have: of a file that was
    being replaced when mertk was killed, the old one and the new. No digests: any content.
    """

    folder: str = ""
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> _Mark:
        """The mark of a folder, an empty one where there is none; raises `StorageError`."""
        path = folder / MARK
        if not os.path.lexists(path):
            return cls()
        try:  # a pipe would never end
            found = json.loads(path.read_text(encoding="utf-8") if path.is_file() else "")
            files = {str(name): list(map(str, known)) for name, known in found["files"].items()}
            return cls(str(found["folder"]), files)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(
                f"{path} is damaged ({error}), so it is not known what mertk wrote there; "
                f"{_ELSEWHERE}"
            ) from error

    def write(self, folder: Path) -> None:
        """Put the mark into its folder."""
        write_json(folder / MARK, {"about": _ABOUT, "folder": self.folder, "files": self.files})

    def difference(self, folder: Path, name: str) -> str:
        """How a file of the folder differs from what mertk wrote; empty where it does not."""
        path = folder / name
        if path.is_symlink():
            return "is a link"
        if not path.is_file():
            return "is a folder" if path.is_dir() else "is a device or a pipe"
        if name not in self.files:
            return "was not written by mertk"
        known = self.files[name]
        return "" if not known or _hash_file(path) in known else "was changed after mertk wrote it"


def check_writable(folder: Path, advice: str = _ELSEWHERE) -> None:
    """Raise `StorageError` where nothing can be written to a folder, which need not exist yet.

    Nothing is left there. `advice` says what to do.
    """
    with _one_line(folder, f"; {advice}"):
        path = _resolve_parent(folder)
        probe = _name_temporary(next(p for p in (path, *path.parents) if os.path.lexists(p)))
        probe.mkdir()
        probe.rmdir()


def check_files(folder: Path, names: Iterable[str]) -> None:
    """Raise `StorageError` where `write_files` would: before the work for the files is done."""
    check_writable(folder)
    with _one_line(folder, f"; {_ELSEWHERE}"), _lock_folder(folder):
        _refuse_foreign_files(_resolve_parent(folder), names)


def check_file(path: Path) -> None:
    """Raise `StorageError` where `write_file` would."""
    with _one_line(path, f"; {_ELSEWHERE}"):
        path = _resolve_parent(path)
    check_files(path.parent, [path.name])


def check_folder(path: Path, kind: str) -> None:
    """Raise `StorageError` where `write_folder` would: before the work for the folder is done."""
    with _one_line(path, f"; {_ELSEWHERE}"):
        path = _resolve_parent(path)
        with _lock_folder(path.parent):
            _refuse_foreign_folder(path, kind)
    check_writable(path.parent)


def write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write UTF-8 files, by name, into a folder; each is there whole or not at all.

    Raises `StorageError` where one is there that mertk did not write, or that was changed since:
    then none is written. Of two writers at once the last one wins.
    """
    check_files(folder, texts)
    folder = _resolve_parent(folder)
    data = {name: _encode_text(text) for name, text in texts.items()}
    with _one_line(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        with _lock_folder(folder):
            mark = _refuse_foreign_files(folder, data)
            known = dict(mark.files)
            for name, content in data.items():  # noted first: killed, the old file is known, too
                old = [_hash_file(folder / name)] if (folder / name).exists() else []
                known[name] = list(dict.fromkeys([*old, hashlib.sha256(content).hexdigest()]))
            _Mark(files=known).write(folder)
            for name, content in data.items():
                write_bytes(folder / name, content)


def write_file(path: Path, text: str) -> None:
    """Write one UTF-8 file as `write_files` does."""
    check_file(path)
    path = _resolve_parent(path)
    write_files(path.parent, {path.name: text})


def write_folder(
    path: Path, fill: Callable[[Path], object], kind: str, notes: Sequence[str] = ()
) -> None:
    """Let `fill` put files into a hidden folder beside `path`, then put it in the place of `path`.

    `kind` names what the folder is; `notes` are files of it that are mertk's alone, and replaced
    also where they are damaged. Raises `StorageError` where something else lies at `path` than
    an empty folder, or one of this kind that holds what mertk put there and nothing else, and where
    the disk refuses. A crash leaves the old folder or the new one, and perhaps a hidden one that a
    later attempt clears away.
    """
    check_folder(path, kind)
    path = _resolve_parent(path)
    with _one_line(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path.parent)
        partial = _name_temporary(path.parent)
        partial.mkdir()
        try:
            fill(partial)
            names = [file.relative_to(partial).as_posix() for file in _list_files(partial)]
            known = {n: [] if n in notes else [_hash_file(partial / n)] for n in names if n != MARK}
            _Mark(kind, known).write(partial)
            with _lock_folder(path.parent):
                _refuse_foreign_folder(path, kind)
                _put_in_place(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it.

    What lies at `path` is replaced: for files whose name only mertk gives. A crash leaves the old
    file or none, and of two writers at once the last one wins. Raises `StorageError` where the
    disk is full or read-only.
    """
    with _one_line(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # tempfile would make a file that only its owner can read; pages are for others too
        temporary = _name_temporary(path.parent)
        temporary.touch(exist_ok=False)
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes, whole or not at all, in the place of what is there."""
    write_whole(path, lambda temporary: temporary.write_bytes(data))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all, in the place of what is there."""
    write_bytes(path, _encode_text(text))


def write_json(path: Path, data: Any) -> None:
    """Write JSON, whole or not at all, in the place of what is there; NaN is refused."""
    write_text(path, json_text(data))


def json_text(data: Any) -> str:
    """JSON as mertk writes it to files; raises `ValueError` for NaN."""
    return json.dumps(data, indent=1, sort_keys=True, allow_nan=False) + "\n"


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a CSV with all columns that any of them has, as `write_file` does."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    write_file(path, csv_text(columns, rows))


def is_leftover(path: Path) -> bool:
    """Whether a path is a temporary file or folder of mertk that no process writes to any more."""
    if not _LEFTOVER.fullmatch(path.name):
        return False
    with contextlib.suppress(FileNotFoundError):
        return time.time() - path.lstat().st_mtime > _LEFTOVER_SECONDS
    return False


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in a folder."""
    for path in filter(is_leftover, list(folder.iterdir())):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _refuse_foreign_files(folder: Path, names: Iterable[str]) -> _Mark:
    """The mark of a folder in which these files may be written; raises `StorageError`."""
    mark = _Mark.read(folder)
    if mark.folder:
        raise StorageError(
            f"{folder} is a {mark.folder} that mertk wrote as a whole: nothing is added to it; "
            f"{_ELSEWHERE}"
        )
    for name in names:
        path = _resolve_parent(folder / name)
        difference = os.path.lexists(path) and mark.difference(folder, name)
        if difference:
            raise StorageError(f"{path} {difference}, and {_KEPT}")
    return mark


def _refuse_foreign_folder(path: Path, kind: str) -> None:
    """Raise `StorageError` where something lies at `path` that mertk may not replace."""
    if path == Path.cwd() or path in Path.cwd().parents:
        raise StorageError(f"{path} is the folder that you are in, or above it; {_ELSEWHERE}")
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_dir():
        raise StorageError(
            f"{path} is {'a link' if path.is_symlink() else 'no folder'}, and {_KEPT}"
        )
    if path.is_mount():
        raise StorageError(f"{path} is a mount point; {_ELSEWHERE}, such as one in it")
    if not any(path.iterdir()):
        return
    mark = _Mark.read(path)
    if mark.folder != kind:
        holds = f"is a {mark.folder}, not a {kind}" if mark.folder else "holds other files"
        raise StorageError(f"{path} is not empty: it {holds}, and {_KEPT}")
    for file in _list_files(path):
        name = file.relative_to(path).as_posix()
        difference = name != MARK and mark.difference(path, name)
        if difference:
            raise StorageError(f"{path} is not mertk's alone: {name} {difference}, and {_KEPT}")


def _list_files(folder: Path) -> Iterator[Path]:
    """All that lies in a folder and below it but folders; links are not followed."""
    for path in sorted(folder.iterdir()):
        inside = path.is_dir() and not path.is_symlink()
        yield from _list_files(path) if inside else (path,)


def _put_in_place(partial: Path, path: Path) -> None:
    """Put a folder in the place of another, in one step where the system can."""
    if not path.exists():
        partial.rename(path)
        return
    if _exchange_folders(partial, path):  # what was at `path` lies at `partial` now, and is removed
        return
    # no hidden name: between the two renames nothing lies at `path`, and this is all there is
    old = path.with_name(f"{path.name[:50]}.old-{uuid.uuid4().hex[:8]}")
    path.rename(old)
    try:
        partial.rename(path)
    except OSError:
        old.rename(path)
        raise
    shutil.rmtree(old)


def _exchange_folders(one: Path, other: Path) -> bool:
    """Exchange two folders, in one step; False where the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    code: int = rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    return code == 0


@contextlib.contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    """Of several processes one at a time in a folder, where the system can lock it."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _one_line(path: Path, advice: str = _AGAIN) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}{advice}") from error


def _name_temporary(folder: Path) -> Path:
    return folder / f".mertk-{uuid.uuid4().hex}"


def _resolve_parent(path: Path) -> Path:
    """The absolute path without `..`; a link at its end is not followed.

    Raises `OSError` for a name that no file system takes, and for a `~` that was meant for a shell.
    """
    if path.parts and path.parts[0].startswith("~"):
        raise OSError(errno.EINVAL, "write the home folder out, '~' is understood by shells alone")
    if any(len(os.fsencode(part)) > _NAME_BYTES for part in path.parts):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    if path.name in {"", ".."}:
        return Path(os.path.realpath(path))
    return Path(os.path.realpath(path.parent), path.name)


def _encode_text(text: str) -> bytes:
    """UTF-8; a file name that is none itself is written with its bytes as backslash escapes."""
    return text.encode("utf-8", "backslashreplace")


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
