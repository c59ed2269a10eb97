"""The annotation spreadsheet of CASME II: its rows as text, and which edition it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mertk
from mertk import data

if TYPE_CHECKING:
    from mertk.data.sheets import Row, Table

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

_COUNTS = {
    "20140508": (99, 63, 32, 25, 27, 7, 2),
    "20190701": (99, 63, 32, 28, 27, 4, 2),
}
_EMOTIONS = ("others", "disgust", "happiness", "surprise", "repression", "sadness", "fear")
_UPDATED_ROWS = 256
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}

UNRECOGNISED = "unrecognised"


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
    def key(self) -> str:
        """`sub01/EP02_01f`, as in the table of repairs."""
        return f"{self.subject}/{self.clip}"

    @property
    def objective_class(self) -> int | None:
        """1–7, or None where the column is missing or empty."""
        text = self.objective.upper()
        if text in _ROMAN:
            return _ROMAN[text]
        return int(text) if text in {"1", "2", "3", "4", "5", "6", "7"} else None


def annotated(table: Table) -> list[Annotation]:
    """All rows; raises `DataError` where a column or name is missing, or two rows are one clip.

    Frame numbers stay text: what is wrong with them is the binding's to report, clip by clip.
    """
    columns = {field: table.column(*names) for field, names in _COLUMNS.items()}
    objective = next((name for name in _OBJECTIVE if name in table.columns), "")
    found = [_annotation(table, row, columns, objective) for row in table.rows]
    if not found:
        raise mertk.DataError(f"{table.place()}: a header but no rows")
    seen: dict[tuple[str, str], int] = {}
    for one in found:
        first = seen.setdefault((one.key.lower(), one.onset), one.row)
        if first != one.row:
            raise mertk.DataError(
                f"{table.place()}: rows {first} and {one.row} both annotate {one.key} from frame "
                f"{one.onset}; delete one of them"
            )
    return found


def _annotation(table: Table, row: Row, columns: Mapping[str, str], objective: str) -> Annotation:
    cells = {field: row[column] for field, column in columns.items()}
    for field in ("subject", "clip", "emotion"):
        if not cells[field]:
            raise mertk.DataError(f"{table.place(row, columns[field])}: the cell is empty")
    number = re.fullmatch(r"(?:sub(?:ject)?[ _-]*)?0*(\d+)(?:\.0+)?", cells["subject"].lower())
    if not number:
        raise mertk.DataError(
            f"{table.place(row, columns['subject'])}: '{cells['subject']}' is not a subject "
            "such as 1, 01 or sub01"
        )
    return Annotation(
        row=row.number,
        number=int(number[1]),
        native=cells.pop("subject"),
        objective=row[objective],
        **cells,
    )


def edition(table: Table, rows: Sequence[Annotation]) -> str:
    """Which published edition the rows are, by their header and counts.

    `20140508`, `20190701`, `updated` (256 rows, with sub24/EP02_07), `label_Ver_2` (255 or 256
    rows with the older frames), or `unrecognised`.
    """
    found = Counter(data.record.canonical_emotion(row.emotion) for row in rows)
    counts = tuple(found[name] for name in _EMOTIONS)
    if len(rows) == _UPDATED_ROWS and any(row.key == "sub24/EP02_07" for row in rows):
        return "updated"
    older = any(row.key == "sub12/EP09_02" and row.onset == "161" for row in rows)
    if older and len(rows) in (_UPDATED_ROWS - 1, _UPDATED_ROWS):
        return "label_Ver_2"
    has_objective = any(name in table.columns for name in _OBJECTIVE)
    for name, expected in _COUNTS.items():
        known = counts == expected and len(rows) == sum(expected)
        if known and has_objective == (name == "20190701"):
            return name
    return UNRECOGNISED
