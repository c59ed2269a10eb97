"""The columns of an index.csv: the names that people give them, and which one is used for what."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mertk
from mertk import datasets
from mertk.datasets.spreadsheets import Table
from mertk_plugins.datasets._folder_record import OPTIONAL, REQUIRED

NAMES: Mapping[str, Sequence[str]] = {
    "subject": ("sub", "subid", "subjectid", "participant", "participantid", "person"),
    "clip": ("filename", "clipname", "video", "videoname", "sample", "sequence", "file"),
    "path": ("filepath", "clippath", "videopath", "framespath", "folder", "framesdir"),
    "label": ("estimatedemotion", "emotion", "emotionlabel", "expression", "class"),
    "onset": ("onsetframe", "onsetf", "start", "startframe"),
    "apex": ("apexframe", "apexf", "apx", "peak"),
    "offset": ("offsetframe", "offsetf", "end", "endframe"),
    "fps": ("framerate", "framespersecond", "hz"),
    "au": ("actionunits", "actionunit"),
    "dataset": ("database", "db"),
    "bits": ("bitdepth",),
}
"""What a column holds → names of it, normalised, beside its own; the first that is there counts."""

_HEADER_ROWS = 30
_NEAR = 0.8


@dataclass(frozen=True, slots=True)
class Index:
    """A table whose columns have the names of this reader; `used` says which were which.

    `hints` name columns that are not read although their names are nearly known.
    """

    table: Table
    used: Mapping[str, str]
    hints: Sequence[str] = ()

    def with_hints(self, *hints: str) -> Index:
        """The same with further hints."""
        return replace(self, hints=(*self.hints, *hints))

    def describe(self) -> str:
        """One sentence on what is read from which column."""
        listed = ", ".join(f"{what} from '{name}'" for what, name in self.used.items())
        return f"columns: {listed}"


def read_index(file: Path, layout: str, *, labels: bool) -> Index:
    """The table of a file, from the first row that names a subject.

    Raises `DataError` where a column that is needed lacks.
    """
    sheets = datasets.spreadsheets.read_sheets(file)
    title = next((name for name, rows in sheets.items() if _names_subject(rows)), "")
    cells = sheets[title] if title in sheets else next(iter(sheets.values()), [])
    if not any(map(any, cells)):
        raise mertk.DataError(f"{file}: the table is empty. {layout}")
    at = _find_header(cells)
    title = title if len(sheets) > 1 else ""
    index = _name_columns(datasets.spreadsheets.table_of(file, title, cells, at))
    columns = index.table.columns
    spared = set() if labels else {"label"}
    if {"flow", *list_features(index.table)} & columns.keys():
        spared.add("path")
    lost = [column for column in REQUIRED if column not in {*columns, *spared}]
    if lost:
        near = f" {' '.join(index.hints)}" if index.hints else ""
        raise mertk.DataError(
            f"{file}, row {at + 1}: missing column {', '.join(lost)}. "
            f"Columns: {', '.join(columns.values()) or 'none'}.{near} {layout}"
        )
    if not index.table.rows:
        raise mertk.DataError(f"{file}: a header but no rows. {layout}")
    return index


def _find_header(cells: Sequence[Sequence[str]]) -> int:
    """The first row with a name of the subject's column, or else the first that is not empty."""
    for at, row in enumerate(cells[:_HEADER_ROWS]):
        if _names_subject([row]):
            return at
    return next(at for at, row in enumerate(cells) if any(row))


def _names_subject(rows: Sequence[Sequence[str]]) -> bool:
    """Whether one of the first rows has a name of the subject's column."""
    known = {"subject", *NAMES["subject"]}
    for row in rows[:_HEADER_ROWS]:
        if known & set(map(datasets.spreadsheets.normalise_name, row)):
            return True
    return False


def _name_columns(table: Table) -> Index:
    renamed = {}
    for what, others in NAMES.items():
        found = table.optional(what, *others)
        if found and found != what:
            renamed[found] = what
    columns = {renamed.get(key, key): written for key, written in table.columns.items()}
    rows = []
    for row in table.rows:
        cells = {renamed.get(key, key): text for key, text in row.cells.items()}
        rows.append(replace(row, cells=cells))
    known = {*REQUIRED, *OPTIONAL}
    used = {what: columns[what] for what in (*REQUIRED, *OPTIONAL) if what in columns}
    used |= {name: columns[name] for name in list_features(table)}
    hints = []
    for key in columns.keys() - known if "uid" not in columns else ():
        hints += _find_near(columns[key], key, known - columns.keys())
    return Index(replace(table, columns=columns, rows=tuple(rows)), used, tuple(sorted(hints)))


def _find_near(written: str, key: str, free: set[str]) -> list[str]:
    """A sentence where a column's name is nearly that of something which no column holds."""
    names = {other: what for what in free for other in (what, *NAMES.get(what, ()))}
    near = difflib.get_close_matches(key, names, n=1, cutoff=_NEAR)
    if not near:
        return []
    return [f"Column '{written}' is not read; did you mean '{names[near[0]]}'?"]


def list_features(table: Table) -> list[str]:
    """The columns that name feature files."""
    return [key for key in table.columns if key.startswith("features")]


def name_streams(column: str, streams: Mapping[str, object]) -> dict[str, str]:
    """Stream → its name: that of its file, behind what follows `features` in the column's name."""
    own = column.removeprefix("features").strip(".:-")
    if not own:
        return {name: name for name in streams}
    return {name: own if name == "features" else f"{own}.{name}" for name in streams}
