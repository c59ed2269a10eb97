"""The JSON files of a run: each names its run and carries a checksum, so that damage is noticed."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from mertk.core.errors import StorageError
from mertk.storage.atomic_files import write_json
from mertk.storage.identity import hash_json

LARGEST = 2**28  # no file of a run is larger, in bytes: a larger one is not read at all


def write_sealed(path: Path, run: str, data: Mapping[str, Any]) -> None:
    """Write `data` with the key of its run and a checksum, whole or not at all."""
    plain = json.loads(json.dumps({**data, "run": run}, allow_nan=False))  # as it is read again
    write_json(path, {**plain, "checksum": hash_json(plain)})


def read_sealed(path: Path, run: str) -> dict[str, Any] | None:
    """What `write_sealed` wrote for this run; None where nothing is at `path`.

    Raises `StorageError`, in one line that names the file, where it is damaged or of another run.
    """
    if not os.path.lexists(path):
        return None
    found = open_seal(path, load_object(path))
    if found.pop("run", None) != run:
        raise StorageError(f"{path} is damaged (it is of another run)")
    return found


def open_seal(path: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a file without its checksum; raises `StorageError` where they do not match."""
    found = dict(data)
    checksum = found.pop("checksum", None)
    try:
        expected = hash_json(found)
    except (ValueError, RecursionError) as error:
        raise make_damage_error(path, error) from error
    if checksum != expected:
        raise StorageError(f"{path} is damaged (its checksum is not that of its content)")
    return found


def load_object(path: Path) -> dict[str, Any]:
    """The JSON object in a regular file; raises `StorageError` for anything else."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # to open a pipe would wait for ever
            _refuse_value("it is not a file")
        if about.st_size > LARGEST:
            _refuse_value(f"it has {about.st_size:,} bytes")
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_value)
        if not isinstance(found, dict):
            _refuse_value("it holds no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise make_damage_error(path, error) from error
    return found


def make_damage_error(path: Path, error: Exception) -> StorageError:
    """The error that names a damaged file and what is wrong with it, in one line."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StorageError(f"{path} is damaged ({' '.join(why.split())[:200]})")


def _refuse_value(what: str) -> NoReturn:
    raise ValueError(what)
