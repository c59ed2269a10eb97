"""The annotation files of DFME, one for each part of the official split: their rows as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import mertk
from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Row, Table

Part = Literal["train", "testA", "testB"]
PARTS: tuple[Part, ...] = ("train", "testA", "testB")

EMOTIONS = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
"""In the order of `EmotionId`, which counts from 0."""

_FILES: Mapping[Part, str] = {
    "train": r"train",
    "testA": r"test[ _-]*(?:data[ _-]*)?a(?![a-z])",
    "testB": r"test[ _-]*(?:data[ _-]*)?b(?![a-z])",
}
_NAMES: Mapping[Part, tuple[str, ...]] = {
    "train": ("training_full_with_AU.xlsx", "DFME_training_full_with_AU.xlsx"),
    "testA": ("testA_full_with_AU.xlsx", "DFME_test_A_full_with_AU.xlsx"),
    "testB": ("testB_full_with_AU.xlsx", "DFME_test_B_full_with_AU.xlsx"),
}
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "native": ("subject", "sub", "subid"),
    "clip": ("filename",),
    "onset": ("onsetframe", "onset"),
    "apex": ("apexframe", "apex"),
    "offset": ("offsetframe", "offset"),
    "emotion": ("emotion", "estimatedemotion"),
    "fps": ("fps", "framerate"),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "emotion_id": ("emotionid",), "au": ("au", "aus", "actionunits"),
}  # fmt: skip
_SUBJECT = re.compile(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,5})(?:\.0+)?", re.IGNORECASE)
_CLIP = re.compile(r"sub0*([0-9]{1,5})_([^/\\]+)", re.IGNORECASE)
_RATES = frozenset({200.0, 300.0, 500.0})
_FASTEST = 100_000.0  # frames a second; no camera of faces is faster, nor slower than 1

_COUNTS: Mapping[Part, tuple[int, tuple[int, ...]]] = {
    "train": (176, (161, 100, 548, 265, 206, 278, 298)),
    "testA": (42, (39, 34, 129, 62, 63, 46, 101)),
    "testB": (41, (41, 37, 58, 38, 42, 35, 48)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One row as text, but for `subject` and `clip` (canonical), `fps` (Hz) and oddities."""

    place: str
    part: Part
    subject: str
    native: str
    clip: str
    onset: str
    apex: str
    offset: str
    fps: float
    emotion: str
    au: str
    quirks: tuple[str, ...]


def tables(found: datasets.folders.Found, wanted: Sequence[Part], layout: str) -> dict[Part, Table]:
    """The spreadsheet of each part that is wanted, or (none named) of each that is there.

    Raises `DataError` where a wanted one is missing, or all are.
    """
    files = {
        part: datasets.folders.choose_sheet("dfme", found, _FILES[part], _NAMES[part], None)
        for part in PARTS
    }
    parts = [part for part in PARTS if part in wanted or (not wanted and files[part])]
    if not parts:
        datasets.folders.need_sheet("dfme", found, None, layout)
    for part in parts:
        if files[part] is None:
            raise mertk.DataError(
                f"dfme: no spreadsheet of the part {part}, such as {_NAMES[part][0]}, below "
                f"{found.root}; spreadsheets found: {datasets.folders.shown_sheets(found)}"
            )
    return {
        part: datasets.spreadsheets.read_table(file)
        for part in parts
        if (file := files[part]) is not None
    }


def part_of(name: str) -> Part | None:
    """The part of the split that the name of a file or folder tells, such as `test_data_A`."""
    found = (part for part in PARTS if re.search(_FILES[part], name, re.IGNORECASE))
    return next(found, None)


def has_aus(tables: Iterable[Table]) -> bool:
    """Whether any of the files has a column of AUs."""
    return any(table.optional(*_OPTIONAL["au"]) for table in tables)


def annotated(part: Part, table: Table) -> list[Annotation]:
    """All rows of a part; raises `DataError` where a column or a name is missing."""
    columns = {field: table.column(*names) for field, names in _COLUMNS.items()}
    columns |= {field: table.optional(*names) for field, names in _OPTIONAL.items()}
    if not table.rows:
        raise mertk.DataError(f"{table.place()}: a header but no rows")
    return [_annotation(part, table, row, columns) for row in table.rows]


def _annotation(part: Part, table: Table, row: Row, columns: Mapping[str, str]) -> Annotation:
    for field in ("native", "clip", "emotion"):
        table.filled(row, columns[field])
    cells = {field: row[column] for field, column in columns.items()}
    person = subject(cells["native"])
    if person is None:
        raise mertk.DataError(
            f"{table.place(row, columns['native'])}: '{cells['native']}' is not a subject such as "
            "sub0003"
        )
    rate = _rate(table, row, columns["fps"], cells.pop("fps"))
    named = clip(cells["clip"])
    quirks = (
        *_name_quirks(person, named),
        *_emotion_quirks(cells["emotion"], cells.pop("emotion_id"), columns["emotion_id"]),
        *(() if rate in _RATES else ("fps_unusual",)),
    )
    cells["clip"] = f"{named[0]}_{named[1]}" if named else cells["clip"]
    return Annotation(
        place=f"row {row.number} of {table.file.name}",
        part=part,
        subject=person,
        fps=rate,
        quirks=quirks,
        **cells,
    )


def subject(text: str) -> str | None:
    """The canonical name, `sub0003`, of `sub0003`, `sub3` or `3`; None for anything else."""
    found = _SUBJECT.fullmatch(text)
    return f"sub{int(found[1]):04d}" if found else None


def clip(text: str) -> tuple[str, str] | None:
    """The canonical subject and the rest of a clip's name, `sub0003_01`; None for others."""
    found = _CLIP.fullmatch(text)
    return (f"sub{int(found[1]):04d}", found[2]) if found else None


def _rate(table: Table, row: Row, column: str, text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 1 <= rate <= _FASTEST:
        raise mertk.DataError(
            f"{table.place(row, column)}: '{text}' is not a frame rate in Hz such as 500"
        )
    return rate


def _name_quirks(person: str, named: tuple[str, str] | None) -> tuple[str, ...]:
    if named is None:
        return ("irregular_name",)
    return () if named[0] == person else ("subject_differs_from_name",)


def _emotion_quirks(emotion: str, number: str, column: str) -> tuple[str, ...]:
    """Whether the number of the emotion is that of its word."""
    if not column:
        return ()
    word = datasets.record.canonical_emotion(emotion)
    right = str(EMOTIONS.index(word)) if word in EMOTIONS else None
    return () if number.removesuffix(".0") == right else ("emotion_id_differs",)


def in_two_parts(rows: Sequence[Annotation]) -> frozenset[str]:
    """The people who are in several parts of the official split, where none should be."""
    parts = {(row.subject, row.part) for row in rows}
    return frozenset(who for who, times in Counter(s for s, _ in parts).items() if times > 1)


def editions(parts: Sequence[Part]) -> list[datasets.survey.Edition]:
    """What was published of these parts together, under the name of the challenge."""
    chosen = [_COUNTS[part] for part in parts]
    labels = {word: sum(counts[at] for _, counts in chosen) for at, word in enumerate(EMOTIONS)}
    people = sum(people for people, _ in chosen)
    name = f"CCAC {' + '.join(parts)}"
    return [datasets.survey.Edition(name, sum(labels.values()), people, labels)]


def edition(records: Sequence[Record], parts: Sequence[Part]) -> str:
    """The name where each part has its published counts, else unrecognised."""
    whole = editions(parts)[0]
    for part in parts:
        of_part = [record for record in records if record.official_split == part]
        if not editions([part])[0].fits(of_part):
            return datasets.survey.UNRECOGNISED
    return whole.name
