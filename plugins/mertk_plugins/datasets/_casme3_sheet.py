"""The annotation files of CAS(ME)^3 part A: which one to read, its rows, and its edition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import mertk
from mertk import datasets
from mertk_plugins.datasets._casme3_folders import subject
from mertk_plugins.datasets._casme3_shared import Kind, Wanted

if TYPE_CHECKING:
    from mertk.datasets.spreadsheets import Row, Table

_ME_V2 = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
_ME_V1 = "cas(me)3_part_A_ME_label_JpgIndex_v1.xls"
_BOTH_V2 = "CAS(ME)3_part_A_v2.xls"
_BOTH_V1 = "CAS(ME)3_part_A_v1.xls"
_MACRO = "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
_NAMES: Mapping[Wanted, tuple[str, ...]] = {
    "micro": (_ME_V2, _ME_V1, _BOTH_V2, _BOTH_V1),
    "macro": (_MACRO, _BOTH_V2, _BOTH_V1),
    "all": (_BOTH_V2, _BOTH_V1),
}
_FILE = r"part[ _-]*a(?![a-z])(?!.*(?:wrong|error))"
_TITLES = ("AU+Emotion", "label")  # other sheets of these files are working copies and blinks

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "native": ("subject", "sub", "subid"),
    "letter": ("filename", "seq"),
    "onset": ("onset", "onsetframe"),
    "apex": ("apex", "apexframe"),
    "offset": ("offset", "offsetframe"),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "au": ("au", "aus", "actionunits"),
    "type": ("expressiontype", "type"),
    "objective": ("objectiveclass", "objectiveclasses"),
    "emotion": ("emotion", "estimatedemotion"),
}
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_TYPE = re.compile(r"(micro|macro)(?:[ -]*expression)?", re.IGNORECASE)

_LABELS = {
    "disgust": 250, "surprise": 187, "others": 161, "fear": 86,
    "anger": 64, "sadness": 57, "happiness": 55,
}  # fmt: skip
_COUNTS: Mapping[str, Mapping[Wanted, int]] = {
    "part_A_v2": {"micro": 860, "macro": 3346, "all": 4206},
    "part_A_v1": {"micro": 921, "macro": 3285, "all": 4206},
}
_PEOPLE: Mapping[str, Mapping[Wanted, int]] = {"part_A_v2": {"micro": 94, "all": 98}}
_MICRO_ONLY = (
    datasets.survey.Edition("v2", 860, 94, _LABELS),
    datasets.survey.Edition("v1", 921),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One row as text, but for `subject` (canonical), `clip` (the letter, lower case), `kind`."""

    row: int
    subject: str
    native: str
    clip: str
    letter: str
    onset: str
    apex: str
    offset: str
    au: str
    kind: Kind
    objective: str
    emotion: str

    @property
    def objective_class(self) -> int | None:
        """1–7, or None where the column is missing or empty."""
        return _ROMAN.get(self.objective.upper())


def table(
    found: datasets.folders.Found, expressions: Wanted, wanted: str | None, layout: str
) -> Table:
    """The annotation file for these expressions; raises `DataError` where there is none."""
    file = datasets.folders.choose_sheet("casme3", found, _FILE, _NAMES[expressions], wanted)
    return datasets.spreadsheets.read_table(
        datasets.folders.need_sheet("casme3", found, file, layout), before=_TITLES
    )


def annotated(table: Table) -> list[Annotation]:
    """All rows; raises `DataError` where a column or a cell that is needed is missing."""
    columns = {field: table.column(*names) for field, names in _COLUMNS.items()}
    for field, names in _OPTIONAL.items():
        columns[field] = next((name for name in names if name in table.columns), "")
    if not table.rows:
        raise mertk.DataError(f"{table.place()}: a header but no rows")
    return [_annotation(table, row, columns) for row in table.rows]


def _annotation(table: Table, row: Row, columns: Mapping[str, str]) -> Annotation:
    cells = {field: row[column] for field, column in columns.items()}
    person = subject(cells["native"])
    if person is None:
        raise mertk.DataError(
            f"{table.place(row, columns['native'])}: '{cells['native']}' is not a subject such as "
            "spNO.1"
        )
    if not re.fullmatch(r"[A-Za-z]", cells["letter"]):
        raise mertk.DataError(
            f"{table.place(row, columns['letter'])}: '{cells['letter']}' is not a letter a … m"
        )
    if columns["emotion"] and not cells["emotion"]:
        raise mertk.DataError(f"{table.place(row, columns['emotion'])}: the cell is empty")
    kind = _kind(table, row, cells.pop("type"), columns["type"])
    return Annotation(
        row=row.number, subject=person, clip=cells["letter"].lower(), kind=kind, **cells
    )


def _kind(table: Table, row: Row, text: str, column: str) -> Kind:
    """The type of an expression; files without such a column hold one type alone."""
    if not column:
        return "macro" if _is_macro(table.file) else "micro"
    found = _TYPE.fullmatch(text)
    if not found:
        raise mertk.DataError(
            f"{table.place(row, column)}: '{text}' is neither Micro-expression nor Macro-expression"
        )
    return "micro" if found[1].lower() == "micro" else "macro"


def _is_macro(file: Path) -> bool:
    return re.search(r"(?<![a-z])mae(?![a-z])", file.name, re.IGNORECASE) is not None


def chosen(table: Table, rows: Sequence[Annotation], expressions: Wanted) -> list[Annotation]:
    """The rows of these expressions; raises `DataError` where there are none."""
    fits = [row for row in rows if expressions in ("all", row.kind)]
    typed = any(name in table.columns for name in _OPTIONAL["type"])
    if not fits or (expressions == "all" and not typed):
        held = " and ".join(sorted({row.kind for row in rows}))
        raise mertk.DataError(
            f"{table.file}: holds {held}-expressions alone, but expressions={expressions} is asked "
            f"for; {_BOTH_V2} has both"
        )
    return fits


def editions(table: Table, expressions: Wanted) -> list[datasets.survey.Edition]:
    """The published editions that a file of this kind may be; none are known of the macro file."""
    if "emotion" in table.columns:
        return list(_MICRO_ONLY) if not _is_macro(table.file) else []
    return [
        datasets.survey.Edition(name, counts[expressions], _PEOPLE.get(name, {}).get(expressions))
        for name, counts in _COUNTS.items()
    ]


def edition(
    rows: Sequence[Annotation],
    records: Sequence[datasets.record.Record],
    known: Sequence[datasets.survey.Edition],
) -> str:
    """The name of the edition; `rows` are all of the file, `records` those that are read."""
    kinds = Counter(row.kind for row in rows)
    fits = [
        one
        for one in known
        if one.name not in _COUNTS
        or all(kinds[kind] == _COUNTS[one.name][kind] for kind in ("micro", "macro"))
    ]
    return datasets.survey.recognised(records, fits)
