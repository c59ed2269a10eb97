"""The annotation files of CASME: one for all people or one per section, with columns by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.reader import Line
    from mertk.datasets.spreadsheets import Table

_SINGLE = re.compile(r"casme(?![ _-]*(?:[2-9]|ii|sq|\^))(?!.*section)", re.IGNORECASE)
_SECTION = re.compile(r"section[ _-]*([ab])(?![a-z0-9])", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,3})(?:\.0+)?", re.IGNORECASE)
_NEEDED = ("subject", "clip", "onset", "emotion")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "subject": ("subject", "sub", "subid"),
    "clip": ("filename", "file", "clip", "video"),
    "onset": ("onsetf", "onsetframe", "onset"),
    "apex": ("apexf1", "apexf", "apexframe", "apex", "apex1"),
    "apex2": ("apexf2", "apex2"),
    "offset": ("offsetf", "offsetframe", "offset"),
    "au": ("au", "aus", "actionunit", "actionunits"),
    "emotion": ("emotion", "estimatedemotion", "emotions"),
}
_LIKE: Mapping[str, str] = {
    "clip": "filename",
    "onset": "onset",
    "emotion": "emotion",
    "apex": "apex",
    "offset": "offset",
    "au": "actionunit",
}

_PER_SUBJECT = (38, 2, 5, 5, 2, 18, 26, 24, 7, 6, 1, 3, 9, 11, 3, 4, 10, 15)
EDITIONS = (
    datasets.survey.Edition(
        "189",
        189,
        18,
        {
            "tense": 68,
            "disgust": 45,
            "repression": 39,
            "surprise": 20,
            "happiness": 7,
            "sadness": 6,
            "contempt": 2,
            "fear": 2,
        },
        {f"sub{who:02d}": count for who, count in enumerate(_PER_SUBJECT, 1)},
    ),
    datasets.survey.Edition("195", 195, 19),
)
"""The file of 189 rows, and the 195 micro-expressions of the paper (Yan et al. 2013)."""


def read_tables(found: datasets.folders.Found, wanted: str | None, layout: str) -> list[Table]:
    """The annotation: one file for all, or those of the sections; the first that has offsets.

    Naming one section's file as `wanted` reads both. Raises `DataError` where there is none.
    """
    sections = _find_section_files(found.sheets)
    groups = [[file] for file in _by_depth(found.sheets) if _SINGLE.match(file.name)]
    groups += [sections] if sections else []
    if wanted is not None:
        file = datasets.folders.choose_sheet("casme", found, "", (), wanted)
        groups = [[file] if file and not _SECTION.search(file.name) else sections]
    if not groups:
        datasets.folders.need_sheet("casme", found, None, layout)
    read = []
    for group in groups:
        read.append([datasets.spreadsheets.read_table(file) for file in group])
        if all(_find_column(table, "offset") for table in read[-1]):
            return read[-1]
    return read[0]


def _by_depth(files: Sequence[Path]) -> list[Path]:
    return sorted(files, key=lambda file: (len(file.parts), str(file)))


def _find_section_files(files: Sequence[Path]) -> list[Path]:
    """The file of each section that is nearest to the root, A before B."""
    nearest: dict[str, Path] = {}
    for file in _by_depth(files):
        letter = _SECTION.search(file.name)
        if letter:
            nearest.setdefault(letter[1].lower(), file)
    return [file for _, file in sorted(nearest.items())]


def find_columns(table: Table) -> dict[str, str]:
    """The table's columns; raises `DataError` where one that is needed is missing."""
    columns = {field: _find_column(table, field) for field in _COLUMNS}
    for field in _NEEDED:
        if not columns[field]:
            table.column(*_COLUMNS[field])  # says which columns there are
    return columns


def read_subject(line: Line) -> int:
    """The number of a subject; raises `DataError` where the cell has none."""
    number = _SUBJECT.fullmatch(line["subject"])
    if not number:
        raise line.wrong("subject", "is not a subject such as 1 or 01")
    return int(number[1])


def place_of(line: Line) -> str:
    """Where a row stands, with the file's name where there is one file per section."""
    place, file = f"row {line.row.number}", line.table.file
    return f"{place} of {file.name}" if _SECTION.search(file.name) else place


def list_assumed(table: Table) -> list[str]:
    """Which columns were found by a part of their name, or not at all."""
    sentences = []
    for field, names in _COLUMNS.items():
        column = _find_column(table, field)
        if column and column not in names:
            sentences.append(
                f"{table.file.name}: column '{table.columns[column]}' is taken for the {field}"
            )
    if not _find_column(table, "offset"):
        sentences.append(
            f"{table.file.name} has no column of offsets: its rows can be counted, but no clip cut"
        )
    return sentences


def has_column(tables: Sequence[Table], field: str) -> bool:
    """Whether any of the files has such a column."""
    return any(_find_column(table, field) for table in tables)


def _find_column(table: Table, field: str) -> str:
    """The normalised name of a column, exact or else by a part of it; '' where there is none."""
    part = _LIKE.get(field)
    return _find_first(table, lambda name: name in _COLUMNS[field]) or _find_first(
        table, lambda name: part is not None and part in name and not name.endswith("2")
    )


def _find_first(table: Table, fits: Callable[[str], bool]) -> str:
    return next((name for name in table.columns if fits(name)), "")
