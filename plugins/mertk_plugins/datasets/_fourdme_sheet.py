"""The annotation file of 4DME: its rows as text, in the release and in the list before it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mertk
from mertk import datasets
from mertk_plugins.datasets import _fourdme_labels as labels
from mertk_plugins.datasets import _fourdme_names as names

if TYPE_CHECKING:
    from mertk.datasets.corrections import Repair
    from mertk.datasets.spreadsheets import Row, Table

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "native": ("subid", "subject", "sub"),
    "onset": ("onset", "onsetframe"),
    "apex": ("apex", "apexframe"),
    "offset": ("offset", "offsetframe"),
    "au": ("aus", "au", "actionunits"),
    "emotion": ("emotion", "emotions"),
}
_FOLDER = ("foldname", "foldername", "filename")
_PARTS = (("videonumber", 3), ("menumber", 2), ("submenumber", 1))
_SELF_REPORT = ("self-reportemo", "self-reportemotion")

_UNMARKED = frozenset({"", "0", "nan"})

RELEASE, BEFORE = "release v1", "pre-release"
_ROWS = 267
_SWAPPED = (144, 145)  # counted from 0
EDITIONS = (datasets.survey.Edition(RELEASE, _ROWS), datasets.survey.Edition(BEFORE, _ROWS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One row as text; the marks say of each emotion and AU with a column if it is marked there."""

    row: int
    person: names.Person
    native: str
    clip: str
    onset: str
    apex: str
    offset: str
    au: str
    emotion: str
    self_report: str
    emotion_marks: Mapping[str, bool]
    au_marks: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Coding:
    """All rows of a file, which edition its header is, and what was left out."""

    rows: tuple[Annotation, ...]
    edition: str
    assumed: tuple[str, ...]


def read_coding(table: Table) -> Coding:
    """All rows but a summary at the end; raises `DataError` where a column or name is missing."""
    columns = {field: table.column(*given) for field, given in _NEEDED.items()}
    columns["clip"] = table.optional(*_FOLDER)
    columns["self_report"] = table.optional(*_SELF_REPORT)
    edition, assumed = RELEASE, []
    if not columns["clip"]:
        edition = BEFORE
        if not all(name in table.columns for name, _ in _PARTS):
            table.column(*_FOLDER)  # says which columns there are
        assumed.append("clips are named by the numbers of video, expression and part: 001_01_1")
    rows = list(table.rows)
    if rows and _is_summary(rows[-1], columns):
        assumed.append(f"row {rows[-1].number}, at the end, is a summary and left out")
        rows.pop()
    if not rows:
        raise mertk.DataError(f"{table.place()}: a header but no rows")
    return Coding(tuple(_parse_row(table, row, columns) for row in rows), edition, tuple(assumed))


def _is_summary(row: Row, columns: Mapping[str, str]) -> bool:
    """Whether a row names no emotion, and no clip or nobody."""
    person = names.parse_person(_strip_apostrophe(row[columns["native"]]))
    clip = row[columns["clip"] or _PARTS[0][0]]
    return not (person and clip) and not labels.select_emotions(
        _strip_apostrophe(row[columns["emotion"]])
    )


def _parse_row(table: Table, row: Row, columns: Mapping[str, str]) -> Annotation:
    cells = {field: _strip_apostrophe(row[column]) for field, column in columns.items()}
    person = names.parse_person(cells["native"])
    if person is None:
        raise mertk.DataError(
            f"{table.place(row, columns['native'])}: '{cells['native']}' is not a subject such as "
            "S13 or S13_1st"
        )
    if columns["clip"]:
        table.filled(row, columns["clip"])
        cells["clip"] = names.strip_person(cells["native"], cells["clip"])
    else:
        cells["clip"] = _parse_clip(table, row)
    return Annotation(
        row=row.number,
        person=person,
        emotion_marks=_read_marks(row, {w: w for w in labels.EMOTIONS if w in table.columns}),
        au_marks=_read_marks(row, _au_columns(table)),
        **cells,
    )


def _strip_apostrophe(text: str) -> str:
    """A cell without the apostrophe that marks text in the list before the release."""
    return text.strip("'").strip()


def _parse_clip(table: Table, row: Row) -> str:
    """A clip's name, `001_01_1`, from its three numbers."""
    parts = []
    for column, digits in _PARTS:
        text = _strip_apostrophe(table.filled(row, column))
        parts.append(text.partition(".")[0].zfill(digits))
    return "_".join(parts)


def _au_columns(table: Table) -> dict[str, str]:
    found = (re.fullmatch(r"au0*([0-9]{1,2})", name) for name in table.columns)
    return {one[1]: one[0] for one in found if one}


def _read_marks(row: Row, columns: Mapping[str, str]) -> dict[str, bool]:
    return {key: _strip_apostrophe(row[column]) not in _UNMARKED for key, column in columns.items()}


def list_swapped_rows(table: Table, coding: Coding) -> Mapping[str, tuple[Repair, ...]]:
    """Repairs of two rows of the release whose labels stand in each other's place.

    The values themselves were never published, so they are known by their place in the file alone:
    any other file, or one of another length, is left as it is.
    """
    found: dict[str, tuple[Repair, ...]] = {}
    named = re.search(r"release[ _-]*v1(?![0-9.])", table.file.stem, re.IGNORECASE)
    if not named or coding.edition != RELEASE or len(coding.rows) != _ROWS:
        return found
    one, other = (coding.rows[at] for at in _SWAPPED)
    for row, right in ((one, other), (other, one)):
        key = datasets.corrections.list_repair_keys(
            row.person.subject, row.clip, row.onset, row.apex
        )[-1]
        values = (("au", row.au, right.au), ("emotion", row.emotion, right.emotion))
        found[key] = tuple(_make_exchange(key, *value) for value in values)
    return found


def _make_exchange(key: str, field: str, published: str, value: str) -> Repair:
    return datasets.corrections.Repair(
        editions=RELEASE,
        clip=key,
        field=field,
        published=published,
        value=value,
        level="recommended",
        quirk="labels_swapped",
        evidence="MEB exchanges the labels of the 145th and 146th row",
    )


def recognise_edition(coding: Coding, records: Sequence[datasets.record.Record]) -> str:
    """`release v1`, `pre-release` (by their headers), or unrecognised."""
    fits = [one for one in EDITIONS if one.name == coding.edition]
    return datasets.survey.recognise_edition(records, fits)
