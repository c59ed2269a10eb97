"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.errors import StorageError
from mertk.escaping import csv_text


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it.

    A crash leaves the old file or none, and of two writers at once the last one wins. Raises
    `StorageError` where the disk is full or read-only.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # tempfile would make a file that only its owner can read; pages are for others too
        temporary = path.with_name(f".{path.name[:200]}-{uuid.uuid4().hex}")
        temporary.touch(exist_ok=False)
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


def write_folder(path: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` put files into a hidden folder beside `path`, then rename it.

    What lies at `path` is replaced. A crash leaves a whole folder or none, and perhaps a hidden
    one that the next attempt clears away. Raises `StorageError` where the disk refuses.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        _remove(partial)
        partial.mkdir(parents=True)
        try:
            fill(partial)
            _remove(path)
            partial.rename(path)
        finally:
            _remove(partial)
    except OSError as error:
        raise _refused(path, error) from error


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write {path}: {error.strerror or error}. Finished work is kept; free some "
        "space or choose another folder, and run the same command again"
    )


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all.

    A file name that is no UTF-8 itself is written with its bytes as backslash escapes.
    """
    content = text.encode("utf-8", "backslashreplace")
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def write_json(path: Path, data: Any) -> None:
    """Write JSON, whole or not at all; NaN is refused."""
    text = json.dumps(data, indent=1, sort_keys=True, allow_nan=False)
    write_text(path, text + "\n")


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a CSV with all columns that any of them has, whole or not at all."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    write_text(path, csv_text(columns, rows))
