"""The annotation files of DFME, one for each part of the official split: their rows as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import mertk
from mertk import datasets

if TYPE_CHECKING:
    from mertk.datasets.reader import Line
    from mertk.datasets.record import Record
    from mertk.datasets.spreadsheets import Table

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
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "subject": ("subject", "sub", "subid"),
    "clip": ("filename",),
    "onset": ("onsetframe", "onset"),
    "apex": ("apexframe", "apex"),
    "offset": ("offsetframe", "offset"),
    "emotion": ("emotion", "estimatedemotion"),
    "fps": ("fps", "framerate"),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "emotion_id": ("emotionid",),
    "au": ("au", "aus", "actionunits"),
}
_SUBJECT = re.compile(r"(?:sub(?:ject)?[ _-]*)?0*([0-9]{1,5})(?:\.0+)?", re.IGNORECASE)
_CLIP = re.compile(r"sub0*([0-9]{1,5})_([^/\\]+)", re.IGNORECASE)
_RATES = frozenset({200.0, 300.0, 500.0})
_FASTEST = 100_000.0  # frames a second; no camera of faces is faster, nor slower than 1

_COUNTS: Mapping[Part, tuple[int, tuple[int, ...]]] = {
    "train": (176, (161, 100, 548, 265, 206, 278, 298)),
    "testA": (42, (39, 34, 129, 62, 63, 46, 101)),
    "testB": (41, (41, 37, 58, 38, 42, 35, 48)),
}


def find_files(
    found: datasets.folders.Found, wanted: Sequence[str], layout: str
) -> dict[Part, Path]:
    """The spreadsheet of each part that is wanted, or (none named) of each that is there.

    Raises `DataError` where a wanted one is missing, or all are.
    """
    files: dict[Part, Path] = {}
    missing = []
    for part in PARTS:
        file = datasets.folders.choose_sheet("dfme", found, _FILES[part], _NAMES[part], None)
        if file is not None and (part in wanted or not wanted):
            files[part] = file
        elif part in wanted:
            missing.append(part)
    if missing:
        raise mertk.DataError(
            f"dfme: no spreadsheet of the part {missing[0]}, such as {_NAMES[missing[0]][0]}, "
            f"below {found.root}; spreadsheets found: {datasets.folders.shown_sheets(found)}"
        )
    if not files:
        datasets.folders.need_sheet("dfme", found, None, layout)
    return files


def part_of(name: str) -> Part | None:
    """The part of the split that the name of a file or folder tells, such as `test_data_A`."""
    found = (part for part in PARTS if re.search(_FILES[part], name, re.IGNORECASE))
    return next(found, None)


def has_aus(tables: Iterable[Table]) -> bool:
    """Whether any of the files has a column of AUs."""
    return any(table.optional(*OPTIONAL["au"]) for table in tables)


def read_row(line: Line) -> dict[str, Any]:
    """What a row says beside its plain texts, as `Line.record` takes it.

    Raises `DataError` where a name is missing or is none.
    """
    native, name, emotion = line.need("subject", "clip", "emotion")
    person = parse_subject(native)
    if person is None:
        raise line.wrong("subject", "is not a subject such as sub0003")
    rate = _parse_rate(line)
    named = parse_clip(name)
    quirks = [*_name_quirks(person, named)]
    if line.columns["emotion_id"]:
        quirks += _emotion_quirks(emotion, line["emotion_id"])
    if rate not in _RATES:
        quirks.append("fps_unusual")
    return {
        "place": f"row {line.row.number} of {line.table.file.name}",
        "subject": person,
        "clip": f"{named[0]}_{named[1]}" if named else name,
        "fps": rate,
        "quirks": tuple(quirks),
    }


def parse_subject(text: str) -> str | None:
    """The canonical name, `sub0003`, of `sub0003`, `sub3` or `3`; None for anything else."""
    found = _SUBJECT.fullmatch(text)
    return f"sub{int(found[1]):04d}" if found else None


def parse_clip(text: str) -> tuple[str, str] | None:
    """The canonical subject and the rest of a clip's name, `sub0003_01`; None for others."""
    found = _CLIP.fullmatch(text)
    return (f"sub{int(found[1]):04d}", found[2]) if found else None


def _parse_rate(line: Line) -> float:
    try:
        rate = float(line["fps"])
    except ValueError:
        rate = 0.0
    if not 1 <= rate <= _FASTEST:
        raise line.wrong("fps", "is not a frame rate in Hz such as 500")
    return rate


def _name_quirks(person: str, named: tuple[str, str] | None) -> tuple[str, ...]:
    if named is None:
        return ("irregular_name",)
    return () if named[0] == person else ("subject_differs_from_name",)


def _emotion_quirks(emotion: str, number: str) -> tuple[str, ...]:
    """Whether the number of the emotion is that of its word."""
    word = datasets.record.canonical_emotion(emotion)
    right = str(EMOTIONS.index(word)) if word in EMOTIONS else None
    return () if number.removesuffix(".0") == right else ("emotion_id_differs",)


def in_two_parts(people: Iterable[tuple[str, Part]]) -> frozenset[str]:
    """The people who are in several parts of the official split, where none should be."""
    parts = Counter(person for person, _ in set(people))
    return frozenset(person for person, times in parts.items() if times > 1)


def list_editions(parts: Sequence[Part]) -> list[datasets.survey.Edition]:
    """What was published of these parts together, under the name of the challenge."""
    chosen = [_COUNTS[part] for part in parts]
    labels = {word: sum(counts[at] for _, counts in chosen) for at, word in enumerate(EMOTIONS)}
    people = sum(people for people, _ in chosen)
    name = f"CCAC {' + '.join(parts)}"
    return [datasets.survey.Edition(name, sum(labels.values()), people, labels)]


def recognise(records: Sequence[Record], parts: Sequence[Part]) -> str:
    """The name where each part has its published counts, else unrecognised."""
    whole = list_editions(parts)[0]
    for part in parts:
        of_part = [record for record in records if record.official_split == part]
        if not list_editions([part])[0].fits(of_part):
            return datasets.survey.UNRECOGNISED
    return whole.name
