"""The annotation files of CAS(ME)^3 part C: which one to read, its rows, and its edition."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mertk
from mertk import datasets
from mertk_plugins.datasets._casme3_shared import Kind, Wanted

if TYPE_CHECKING:
    from mertk.datasets.spreadsheets import Row, Table

_ME = "CAS(ME)3_part_C_ME.xlsx"
_BOTH = "CAS(ME)3_part_C.xls"
_NAMES: Mapping[Wanted, tuple[str, ...]] = {
    "micro": (_ME, _BOTH),
    "macro": (_BOTH,),
    "all": (_BOTH,),
}
_FILE = r"part[ _-]*c(?![a-z])|mock[ _-]*crime"
_TITLES = ("mockCrimeME", "organize")
_SUBJECT = re.compile(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,3})(?:\.0+)?", re.IGNORECASE)

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "native": ("sub", "subject", "subid"),
    "onset": ("onset", "startframe"),
    "offset": ("offset", "endframe"),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "count": ("count",),
    "au": ("au", "aus", "actionunits"),
    "emotion": ("emotion",),
    "type": ("exptype",),
    "risk": ("risk",),
}
_TYPES: Mapping[str, Kind] = {"1": "micro", "0": "macro"}

_EMOTIONS = datasets.survey.Edition(
    "part_C_ME", 165, 30, {"negative": 99, "surprise": 30, "others": 20, "positive": 16}
)
_ROWS: Mapping[Wanted, int] = {"micro": 160, "macro": 303, "all": 463}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One row as text, but for `subject` (canonical) and `kind`.

    `count` numbers the micro-expressions of a subject.
    """

    row: int
    subject: str
    native: str
    count: str
    onset: str
    offset: str
    au: str
    emotion: str
    kind: Kind
    risk: str


def subject(text: str) -> str | None:
    """The canonical name, `01`, of `1`, `01` or `sub1`; None for anything else."""
    found = _SUBJECT.fullmatch(text)
    return f"{int(found[1]):02d}" if found else None


def table(
    found: datasets.folders.Found, expressions: Wanted, wanted: str | None, layout: str
) -> Table:
    """The annotation file for these expressions; raises `DataError` where there is none."""
    file = datasets.folders.choose_sheet("casme3_c", found, _FILE, _NAMES[expressions], wanted)
    return datasets.spreadsheets.read_table(
        datasets.folders.need_sheet("casme3_c", found, file, layout), before=_TITLES
    )


def annotated(table: Table, expressions: Wanted) -> list[Annotation]:
    """The rows of these expressions; raises `DataError` where there are none, or cells are bad."""
    columns = {field: table.column(*names) for field, names in _COLUMNS.items()}
    for field, names in _OPTIONAL.items():
        columns[field] = next((name for name in names if name in table.columns), "")
    rows = [_annotation(table, row, columns) for row in table.rows]
    fits = [row for row in rows if expressions in ("all", row.kind)]
    if not fits or (expressions == "all" and not columns["type"]):
        raise mertk.DataError(
            f"{table.place()}: no rows for expressions={expressions}; {_ME} holds the "
            f"micro-expressions, {_BOTH} both"
        )
    return fits


def _annotation(table: Table, row: Row, columns: Mapping[str, str]) -> Annotation:
    cells = {field: row[column] for field, column in columns.items()}
    person = subject(cells["native"])
    if person is None:
        raise mertk.DataError(
            f"{table.place(row, columns['native'])}: '{cells['native']}' is not a subject such as 1"
        )
    if columns["emotion"] and not cells["emotion"]:
        raise mertk.DataError(f"{table.place(row, columns['emotion'])}: the cell is empty")
    text = cells.pop("type")
    kind = _TYPES.get(text) if columns["type"] else "micro"
    if kind is None:
        raise mertk.DataError(
            f"{table.place(row, columns['type'])}: '{text}' is neither 1 (micro) nor 0 (macro)"
        )
    return Annotation(row=row.number, subject=person, kind=kind, **cells)


def editions(table: Table, expressions: Wanted) -> Sequence[datasets.survey.Edition]:
    """The published edition that a file of this kind may be."""
    if "emotion" in table.columns:
        return (_EMOTIONS,)
    return (datasets.survey.Edition("part_C", _ROWS[expressions]),)
