"""The files of a results bundle, read without trust: no link is followed, nothing is run.

`result.json` says what was run (identity, releases, scores, intervals, the audit), `clips.csv` has
each clip's person, fold and class, and `predictions.csv` each seed's class probabilities.
"""

import csv
import hashlib
import io
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mertk.core.errors import StorageError
from mertk.core.escaping import original_cell
from mertk.storage.atomic_files import MARK
from mertk.storage.fold_record import list_columns
from mertk.storage.run_files import load_object, make_damage_error, open_seal

FORMAT = 1
ABOUT, CLIPS, PREDICTIONS = "result.json", "clips.csv", "predictions.csv"
LARGEST: Mapping[str, int] = {ABOUT: 2**21, CLIPS: 2**24, PREDICTIONS: 2**27}
"""The largest size of each file, in bytes: a larger one is not read."""

CLIP_COLUMNS = ("clip", "person", "fold", "truth")

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "run": str,
    "key": str,
    "by": str,
    "identity": dict,
    "provenance": dict,
    "seeds": list,
    "keyframes": list,
    "drew": list,
    "seconds": dict,
    "sha256": dict,
    "score_names": list,
    "scores": dict,
    "parts": list,
    "chance": dict,
    "counts": dict,
    "left_out": list,
    "replaced_ids": list,
    "collapsed": bool,
    "floor": bool,
    "audit": (dict, type(None)),
}
"""What `result.json` must hold, with the types."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as it was read: what `result.json` says, and the rows of the two tables."""

    path: Path
    about: Mapping[str, Any]
    clips: Mapping[str, Mapping[str, Any]]
    predictions: Sequence[Mapping[str, Any]]

    @property
    def classes(self) -> Sequence[str]:
        """The classes, in the order of their numbers."""
        found: Sequence[str] = self.about["identity"]["classes"]
        return found


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle; raises `StorageError`, in one line, for a file that is not as written.

    Nothing is followed or run: links, other files, files above their largest size, text that is no
    JSON or no table, and files whose hashes are not those in `result.json` are refused.
    """
    texts = {}
    others = {file.name for file in folder.iterdir()}.difference(LARGEST, [MARK])
    if others:
        raise StorageError(f"{folder / min(others)} is no file of a results bundle")
    for name, size in LARGEST.items():
        _check_file(folder / name, size)
        if name != ABOUT:
            texts[name] = _read_text(folder / name)
    about = load_object(folder / ABOUT)
    if about.get("format") != FORMAT:
        raise StorageError(
            f"{folder / ABOUT} has format {about.get('format')!r}; this release reads {FORMAT}"
        )
    about = open_seal(folder / ABOUT, about)
    try:
        _check_shape(about)
        classes = about["identity"]["classes"]
        for name, text in texts.items():
            if about["sha256"][name] != hash_text(text):
                raise StorageError(f"{folder / name} is changed: its hash is not that in {ABOUT}")
        rows = _read_rows(folder / CLIPS, texts[CLIPS], CLIP_COLUMNS)
        several = bool(about["identity"].get("multilabel"))
        clips = {row["clip"]: _read_clip(row, several=several) for row in rows}
        if len(clips) != len(rows):
            raise StorageError(f"{folder / CLIPS} names a clip twice")
        columns = ["seed", "clip", *list_columns("p_", classes)]
        predictions = _read_rows(folder / PREDICTIONS, texts[PREDICTIONS], columns)
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error) as error:
        raise make_damage_error(folder, error) from error
    return Bundle(folder, about, clips, predictions)


def find_bundles(*folders: Path) -> list[Path]:
    """The folders of all bundles in and below these folders, sorted; no link is followed.

    Raises `StorageError` where there is none, and where a link lies below.
    """
    found: set[Path] = set()
    for root in folders:
        here = len(found)
        for folder, below, files in os.walk(root):
            for name in [*below, *files]:
                if (Path(folder) / name).is_symlink():
                    raise StorageError(f"{Path(folder) / name} is a link; links are not followed")
            if {ABOUT, CLIPS, PREDICTIONS}.intersection(files):
                found.add(Path(folder))
        if len(found) == here and not any(Path(root) in one.parents for one in found):
            raise StorageError(f"{root} holds no results bundle; `mertk results add` writes them")
    return sorted(found)


def _read_clip(row: Mapping[str, str], *, several: bool) -> dict[str, Any]:
    numbers = list(map(int, row["truth"].split(" ")))
    return {
        "person": original_cell(row["person"]),
        "fold": original_cell(row["fold"]) or None,
        "truth": numbers if several else numbers[0],
    }


def _read_rows(file: Path, text: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table, which must have these columns."""
    lines: Iterator[list[str]] = csv.reader(io.StringIO(text), strict=True)
    head = list(map(original_cell, next(lines, [])))
    if head != list(columns):
        raise StorageError(f"{file} does not have the columns {', '.join(columns)}")
    rows = []
    for line in lines:
        row = dict(zip(columns, line, strict=True))
        rows.append(row | {"clip": original_cell(row["clip"])})
    return rows


def _check_file(file: Path, largest: int) -> None:
    """Raise `StorageError` for what is no regular file of a sound size."""
    try:
        about = file.lstat()
    except OSError as error:
        raise StorageError(f"{file} is missing") from error
    if stat.S_ISLNK(about.st_mode):
        raise StorageError(f"{file} is a link; links are not followed")
    if not stat.S_ISREG(about.st_mode):
        raise StorageError(f"{file} is not a file")
    if about.st_size > largest:
        raise StorageError(f"{file} has {about.st_size:,} bytes; at most {largest:,} are read")


def _read_text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, ValueError) as error:
        raise make_damage_error(file, error) from error


def _check_shape(about: Mapping[str, Any]) -> None:
    """Raise `ValueError` where `result.json` lacks a part or has one of another type."""
    for name, kind in _KINDS.items():
        if not isinstance(about.get(name), kind):
            raise ValueError(f"its '{name}' is missing or of another type")  # noqa: TRY004
    classes = about["identity"].get("classes")
    if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes):
        raise ValueError("its classes are no list of names")


def hash_text(text: str) -> str:
    """The SHA-256 of UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
