"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mertk.errors import StorageError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it.

    A crash leaves the old file or none, and of two writers at once the last one wins. Raises
    `StorageError` where the disk is full or read-only.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}. Finished work is kept; free some "
            "space or choose another folder, and run the same command again"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, data: Any) -> None:
    """Write JSON, whole or not at all; NaN is refused."""
    text = json.dumps(data, indent=1, sort_keys=True, allow_nan=False)
    write_text(path, text + "\n")
