"""The annotation spreadsheet of CASME II: its rows as text, and which edition it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mertk
from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Row, Table

_COLUMNS = {
    "subject": ("subject", "sub", "subid"),
    "clip": ("filename",),
    "onset": ("onsetframe", "onset"),
    "apex": ("apexframe", "apex"),
    "offset": ("offsetframe", "offset"),
    "au": ("actionunits", "actionunit", "aus", "au"),
    "emotion": ("estimatedemotion", "emotion"),
}
_OBJECTIVE = ("objectiveclasses", "objectiveclass")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}

_SAME = {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "fear": 2}
EDITIONS = (
    datasets.survey.Edition("20190701", 255, 26, {**_SAME, "surprise": 28, "sadness": 4}),
    datasets.survey.Edition("20140508", 255, 26, {**_SAME, "surprise": 25, "sadness": 7}),
    datasets.survey.Edition("updated", 256, 26),
    datasets.survey.Edition("label_Ver_2", 255, 26),
)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One row, all text but the subject: `number` is its number, `subject` is 1 … 26."""

    row: int
    number: int
    native: str
    clip: str
    onset: str
    apex: str
    offset: str
    au: str
    emotion: str
    objective: str

    @property
    def subject(self) -> str:
        """The canonical name, `sub01`."""
        return f"sub{self.number:02d}"

    @property
    def objective_class(self) -> int | None:
        """1–7, or None where the column is missing or empty."""
        return _class(self.objective)


def annotated(table: Table) -> list[Annotation]:
    """All rows; raises `DataError` where a column or a name is missing.

    Frame numbers stay text: what is wrong with them is the survey's to report, clip by clip.
    """
    columns = {field: table.column(*names) for field, names in _COLUMNS.items()}
    objective = next((name for name in _OBJECTIVE if name in table.columns), "")
    found = [_annotation(table, row, columns, objective) for row in table.rows]
    if not found:
        raise mertk.DataError(f"{table.place()}: a header but no rows")
    return found


def _annotation(table: Table, row: Row, columns: Mapping[str, str], objective: str) -> Annotation:
    cells = {field: row[column] for field, column in columns.items()}
    for field in ("subject", "clip", "emotion"):
        if not cells[field]:
            raise mertk.DataError(f"{table.place(row, columns[field])}: the cell is empty")
    return Annotation(
        row=row.number,
        number=_subject(table, row, columns["subject"]),
        native=cells.pop("subject"),
        objective=row[objective],
        **cells,
    )


def _subject(table: Table, row: Row, column: str) -> int:
    number = re.fullmatch(r"(?:sub(?:ject)?[ _-]*)?0*(\d+)(?:\.0+)?", row[column].lower())
    if not number:
        raise mertk.DataError(
            f"{table.place(row, column)}: '{row[column]}' is not a subject such as 1, 01 or sub01"
        )
    return int(number[1])


def _class(text: str) -> int | None:
    roman = _ROMAN.get(text.upper())
    return roman or (int(text) if text in {"1", "2", "3", "4", "5", "6", "7"} else None)


def megc2018(table: Table) -> dict[str, str]:
    """The objective classes of MEGC 2018, '1'–'7', by clip (`sub01/EP02_01f`).

    They are not those of the 2019 spreadsheet. Raises `DataError` where a class is none.
    """
    subject, clip = (table.column(*_COLUMNS[field]) for field in ("subject", "clip"))
    objective = table.column(*_OBJECTIVE)
    found = {}
    for row in table.rows:
        number = _class(row[objective])
        if number is None:
            raise mertk.DataError(
                f"{table.place(row, objective)}: '{row[objective]}' is not a class 1 … 7"
            )
        found[f"sub{_subject(table, row, subject):02d}/{row[clip]}"] = str(number)
    return found


def edition(table: Table, records: Sequence[Record]) -> str:
    """Which published edition the rows are, by their header and counts.

    `20140508`, `20190701`, `updated` (256 rows, with sub24/EP02_07), `label_Ver_2` (255 or 256
    rows with the older frames), or `unrecognised`.
    """
    clips = {f"{record.subject}/{record.clip}": record.onset_raw for record in records}
    if len(records) == 256 and "sub24/EP02_07" in clips:
        return "updated"
    if len(records) in (255, 256) and clips.get("sub12/EP09_02") == "161":
        return "label_Ver_2"
    has_objective = any(name in table.columns for name in _OBJECTIVE)
    allowed = ["20190701"] if has_objective else ["20140508"]
    return datasets.survey.recognised(records, [e for e in EDITIONS if e.name in allowed])
