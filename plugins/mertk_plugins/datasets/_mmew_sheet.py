"""The annotation file of MMEW: its rows as text, and what the name of a clip says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mertk
from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.spreadsheets import Row, Table

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "native": ("subject", "sub", "subid"),
    "clip": ("filename",),
    "onset": ("onsetframe", "onset"),
    "apex": ("apexframe", "apex"),
    "offset": ("offsetframe", "offset"),
    "au": ("actionunits", "actionunit", "aus", "au"),
    "emotion": ("estimatedemotion", "emotion"),
}
_REMARKS = ("remarks", "remark")
_SUBJECT = re.compile(r"(?:s(?:ub(?:ject)?)?[ _-]*)?0*([0-9]{1,4})(?:\.0+)?", re.IGNORECASE)
_CLIP = re.compile(r"s0*([0-9]{1,4})-0*([0-9]{1,3})-0*([0-9]{1,4})", re.IGNORECASE)
_CODES = {
    1: "happiness", 2: "surprise", 3: "disgust", 4: "others", 5: "fear", 6: "sadness", 7: "anger",
}  # fmt: skip
_FOLDER_OF_OTHERS = "repression"

EDITIONS = (
    datasets.survey.Edition(
        "300",
        300,
        30,
        {
            "surprise": 89, "disgust": 72, "others": 66, "happiness": 36,
            "fear": 16, "sadness": 13, "anger": 8,
        },
    ),
)  # fmt: skip
FOLDERS = frozenset({*_CODES.values(), _FOLDER_OF_OTHERS})
"""The folders of emotions; that of the class others is called repression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One row as text, but for `subject` and `clip` (canonical) and what was odd about it."""

    row: int
    subject: str
    native: str
    clip: str
    onset: str
    apex: str
    offset: str
    au: str
    emotion: str
    word: str
    remarks: str
    quirks: tuple[str, ...]


def subject(text: str) -> str | None:
    """The canonical name, `S03`, of `S03`, `s3` or `3`; None for anything else."""
    found = _SUBJECT.fullmatch(text)
    return f"S{int(found[1]):02d}" if found else None


def clip(text: str) -> str | None:
    """The canonical name, `S03-01-002`, in whatever case and padding; None for anything else."""
    found = _CLIP.fullmatch(text)
    return f"S{int(found[1]):02d}-{int(found[2]):02d}-{int(found[3]):03d}" if found else None


def annotated(table: Table) -> list[Annotation]:
    """All rows; raises `DataError` where a column or a name is missing."""
    columns = {field: table.column(*names) for field, names in _COLUMNS.items()}
    columns["remarks"] = table.optional(*_REMARKS)
    if not table.rows:
        raise mertk.DataError(f"{table.place()}: a header but no rows")
    return [_annotation(table, row, columns) for row in table.rows]


def _annotation(table: Table, row: Row, columns: Mapping[str, str]) -> Annotation:
    for field in ("native", "clip", "emotion"):
        table.filled(row, columns[field])
    cells = {field: row[column] for field, column in columns.items()}
    person = subject(cells["native"])
    if person is None:
        raise mertk.DataError(
            f"{table.place(row, columns['native'])}: '{cells['native']}' is not a subject such as "
            "1 or S01"
        )
    name = clip(cells["clip"])
    word = datasets.record.canonical_emotion(cells["emotion"])
    word = "others" if word == _FOLDER_OF_OTHERS else word
    cells["clip"] = name or cells["clip"]
    quirks = _disagreements(person, word, name) if name else ("irregular_name",)
    return Annotation(row=row.number, subject=person, word=word, quirks=quirks, **cells)


def _disagreements(person: str, word: str, name: str) -> tuple[str, ...]:
    """What the name `S{subject}-{emotion}-{index}` says otherwise than the columns."""
    of_person, code, _ = name.split("-")
    found = []
    if of_person != person:
        found.append("subject_differs_from_name")
    if _CODES.get(int(code)) != word:
        found.append("emotion_differs_from_name")
    return tuple(found)
