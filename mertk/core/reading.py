"""Read a whole file that a user names: never block on a pipe, never fill the memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mertk.core.errors import DataError

MOST_BYTES = 64 * 2**20
"""The largest table, recipe or configuration; the largest of a published data set has 0.2 MB."""


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file.

    Args:
        path: the file.
        most: how many bytes it may have.

    Raises:
        DataError: where it cannot be read, is no file (a folder, a pipe, a device) or is larger.
    """
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise DataError(f"{path}: is a folder; give a file")
        if not stat.S_ISREG(about.st_mode):
            raise DataError(f"{path}: is a pipe or a device; give a file")
        if about.st_size > most:
            raise DataError(
                f"{path}: {about.st_size:,} bytes; at most {most:,} are read: is it the right file?"
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a null character in the name
        raise DataError(f"{str(path)!r}: cannot be read: {error}") from error


def real_path(path: Path | str) -> Path:
    """The absolute path without links; where links go in a circle, as far as it goes.

    `Path.resolve` raises `RuntimeError` for those before Python 3.13.
    """
    return Path(os.path.realpath(path))


def read_utf8(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a UTF-8 file, with or without a byte order mark; raises as `read_file`."""
    try:
        return read_file(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason}); save it as UTF-8") from error
