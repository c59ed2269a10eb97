"""The annotation of SMIC-E: one row a long clip, with up to three micro-expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import mertk
from mertk import datasets
from mertk_plugins.datasets import _smic_names as names

if TYPE_CHECKING:
    from mertk.datasets.spreadsheets import Row, Table
    from mertk_plugins.datasets._smic_names import Name

_FILE = r"smic.*annotation"
_COLUMNS = {
    "subject": ("subject", "sub", "subid"),
    "clip": ("filename",),
    "onset": ("onsetf", "onset1f", "onset"),
    "offset": ("offsetf", "offset1f", "offset"),
    "emotion": ("emotion",),
}
_SUBJECT = re.compile(r"s?0*([0-9]{1,3})", re.IGNORECASE)

MERGED: Mapping[tuple[str, int], str] = {
    ("s03_ne_02", 2): "s03_ne_03",
    ("s04_ne_04", 2): "s04_ne_05",
    ("s04_ne_04", 3): "s04_ne_06",
    ("s09_sur_01", 2): "s09_sur_02",
}
"""Clips of SMIC that are the second or third expression of a long clip of SMIC-E."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One micro-expression of a row; `number` is 1, 2 or 3, `video` the long clip that it is in."""

    row: int
    number: int
    name: Name
    video: Name
    native: str
    onset: str
    offset: str
    emotion: str
    first: str
    last: str
    quirks: tuple[str, ...] = ()


def choose_file(found: datasets.folders.Found, camera: str, wanted: str | None) -> Path | None:
    """The annotation file: the wanted one, else the camera's own, else another, the newest first.

    `…_annotation_orig.xlsx` has no third expressions and is taken only where there is no other.
    """
    own = rf"smic[_ -]*{camera}.*annotation"
    for pattern in (rf"{own}(?!.*orig)", rf"{_FILE}(?!.*orig)", _FILE):
        names_ = (f"SMIC-{camera}-E_annotation_2019.xlsx",)
        file = datasets.folders.choose_sheet("smic", found, pattern, names_, wanted)
        if file is not None:
            return file
    return None


def read_table(file: Path, camera: str) -> Table:
    """The camera's sheet: the one of its name, else the first of a file of its name."""
    sheets = datasets.spreadsheets.read_sheets(file)
    for title in sheets:
        if names.camera_in(title) == camera:
            return datasets.spreadsheets.read_table(file, title)
    if names.camera_in(file.name) == camera and not any(map(names.camera_in, sheets)):
        return datasets.spreadsheets.read_table(file)
    raise mertk.DataError(
        f"{file}: no sheet '{camera.upper()}'; sheets: {', '.join(sheets)}. "
        f"SMIC-{camera.upper()}-E_annotation.xlsx belongs here"
    )


def parse_rows(found: Table) -> tuple[list[Expression], list[int]]:
    """All expressions, and the rows below the last clip, which are remarks and totals.

    Raises `DataError` where a column is missing, or where a row among the clips names none.
    """
    columns = {field: found.column(*known) for field, known in _COLUMNS.items()}
    clips = [names.parse_name(row[columns["clip"]]) for row in found.rows]
    end = max((at for at, name in enumerate(clips, 1) if name), default=0)
    if not end:
        raise mertk.DataError(f"{found.place()}: no row names a clip such as s1_ne_01")
    rows = list(zip(found.rows[:end], clips[:end], strict=True))
    onsets = {name.clip: strip_padding(row[columns["onset"]]) for row, name in rows if name}
    expanded: list[Expression] = []
    for row, name in rows:
        if name is None:
            raise mertk.DataError(
                f"{found.place(row, columns['clip'])}: '{row[columns['clip']]}' is not a clip "
                "such as s1_ne_01"
            )
        _check_subject(found, row, columns["subject"], name)
        expanded += _of_row(row, columns, name, onsets)
    return expanded, [row.number for row in found.rows[end:]]


def _check_subject(found: Table, row: Row, column: str, name: Name) -> None:
    number = _SUBJECT.fullmatch(row[column])
    if row[column] and (number is None or int(number[1]) != name.person):
        raise mertk.DataError(
            f"{found.place(row, column)}: subject '{row[column]}', but the clip is {name.clip}"
        )


def _of_row(
    row: Row, columns: Mapping[str, str], name: Name, onsets: Mapping[str, str]
) -> list[Expression]:
    """The expressions of a row; those after the first count where their numbers make sense.

    `onsets` are those of the clips that have rows of their own; these are not counted twice.
    """
    further, quirks = [], []
    for number in (2, 3):
        onset, offset = row[f"onset{number}f"], row[f"offset{number}f"]
        if strip_padding(onset) == onsets.get(MERGED.get((name.clip, number), "")):
            continue
        if _is_span(onset, offset):
            further.append((number, strip_padding(onset), strip_padding(offset)))
        elif onset or offset:
            quirks.append(f"expression_{number}_unreadable")
    if row["firstf"] and not row["firstf"].isdecimal():
        quirks.append("first_frame_missing")
    first = (1, strip_padding(row[columns["onset"]]), strip_padding(row[columns["offset"]]))
    return [
        Expression(
            row=row.number,
            number=number,
            name=_identify_clip(name, number, onsets),
            video=name,
            native=row[columns["subject"]] or name.subject,
            onset=onset,
            offset=offset,
            emotion=row[columns["emotion"]],
            first=row["firstf"],
            last=row["lastf"],
            quirks=tuple(quirks) if number == 1 else (),
        )
        for number, onset, offset in (first, *further)
    ]


def _identify_clip(video: Name, number: int, onsets: Mapping[str, str]) -> Name:
    """The clip of SMIC that an expression is, unless that has a row of its own."""
    other = MERGED.get((video.clip, number))
    merged = names.parse_name(other) if other and other not in onsets else None
    return merged or video


def strip_padding(text: str) -> str:
    """A frame number without padding, so that ids are alike; other text as it is."""
    try:
        return str(datasets.spreadsheets.parse_integer(text))
    except ValueError:
        return text


def _is_span(onset: str, offset: str) -> bool:
    try:
        return (
            0
            <= datasets.spreadsheets.parse_integer(onset)
            <= datasets.spreadsheets.parse_integer(offset)
        )
    except ValueError:
        return False
