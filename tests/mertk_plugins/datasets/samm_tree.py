"""Writes tiny folders in the layout of SAMM and its long videos, with the traps of the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from casme2_tree import codings, picture_bytes

HEADER = ["Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame",
          "Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"]  # fmt: skip
LONG_HEADER = ["Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration",
               "Type", "Action Units", "Notes"]  # fmt: skip


@dataclass(frozen=True)
class Row:
    subject: str | int = "006"
    clip: str = "006_1_2"
    onset: object = 9998
    apex: object = 10000
    offset: object = 10002
    au: str = "4+7"
    emotion: str = "Anger"
    objective: int = 3
    notes: str | None = None


ROWS = (
    Row(),
    Row("006", "006_2_4", 180, 182, 184, "12", "Happiness", 1),
    Row("028", "028_4_1", 1071, 1143, 1134, "A14C", "Contempt", 7, "Blinks"),
    Row("032", "032_3_1", 4896, 1930, 4970, "4", "Other", 3),
    Row("011", "011_4_2", 2980, 3014, 3037, "L12 or L14", "Contempt", 1, "Eye movement"),
)


@dataclass(frozen=True)
class Long:
    subject: str = "006"
    clip: str = "006_1_2"
    onset: object = 3
    apex: object = 5
    offset: object = 7
    kind: str = "Micro - 1/2"
    au: str = "4+7"


LONG = (
    Long(),
    Long("037", "037_4_1", 8, 9, 12),
    Long("037", "037_4_1", 7, 9, 12, "Macro"),
    Long("011", "011_6_10", 0, 4, 6, "Macro", "12"),
    Long("010", "010_1_3", 2, -1, 5, "Micro - 1/2", "2"),
)


def write_sheet(
    path: Path, rows: Iterable[Row] = ROWS, *, preamble: int = 13, order: Sequence[int] = ()
) -> Path:
    """The spreadsheet of the clips, its header behind `preamble` rows, its columns in `order`."""
    lines = [
        [r.subject, r.clip, 1, r.onset, r.apex, r.offset, f"=F{at}-D{at}+1", "Micro - 1/2", r.au,
         r.emotion, r.objective, r.notes]
        for at, r in enumerate(rows, preamble + 2)
    ]  # fmt: skip
    return _write(path, "MICRO_ONLY", preamble, _ordered([HEADER, *lines], order))


def write_long_sheet(
    path: Path, rows: Iterable[Long] = LONG, *, preamble: int = 9, order: Sequence[int] = ()
) -> Path:
    """The spreadsheet of the long videos, likewise."""
    lines = [
        [r.subject, r.clip, 1, r.onset, r.apex, r.offset, None, r.kind, r.au, None] for r in rows
    ]
    return _write(path, "FACS_Movement_Only", preamble, _ordered([LONG_HEADER, *lines], order))


def _ordered(lines: list, order: Sequence[int]) -> list:
    return [[line[at] for at in order or range(len(line))] for line in lines]


def _write(path: Path, sheet: str, preamble: int, lines: list) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Sheet1"  # empty
    page = book.create_sheet(sheet)
    for at in range(preamble):
        page.append(["Spontaneous Actions and Micro-Movements" if at == 0 else "/ = or, ? unsure"])
    for line in lines:
        page.append(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_frames(folder: Path, numbers: Iterable[int], digits: int) -> None:
    """Files such as `006_05562.jpg`; zero-padded as a whole recording is."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        name = f"{folder.name[:3]}_{number:0{digits}d}.jpg"
        (folder / name).write_bytes(picture_bytes(number % 100))


def write_samm(root: Path, rows: Sequence[Row] = ROWS, tree: str = ".") -> Path:
    """The spreadsheet and the frames onset … offset of its rows; recording 006_1 has 5 digits."""
    write_sheet(root / "SAMM_Micro_FACS_Codes_v2.xlsx", rows)
    for row in rows:
        digits = 5 if row.clip.startswith("006_1_") else 4
        folder = root / tree / row.clip[:3] / row.clip
        write_frames(folder, range(int(row.onset), int(row.offset) + 1), digits)
    return root


def write_samm_lv(root: Path, rows: Sequence[Long] = LONG, tree: str = "SAMM_longvideos") -> Path:
    """The spreadsheet of version 2 and recordings of 20 frames each."""
    write_long_sheet(root / "SAMM_LongVideos_V2_Release.xlsx", rows)
    for video in {row.clip.rpartition("_")[0] for row in rows}:
        folder = root / tree / video
        folder.mkdir(parents=True)
        for number in range(1, 21):
            (folder / f"{video}_{number:04d}.jpg").write_bytes(picture_bytes(number))
    return root


_EMOTIONS = {"Fear": 8, "Disgust": 9, "Sadness": 6, "Other": 26, "Anger": 57, "Happiness": 26,
             "Surprise": 15, "Contempt": 12}  # fmt: skip
_OBJECTIVE = {7: 84, 6: 7, 5: 3, 4: 8, 3: 20, 2: 13, 1: 24}
_SHOWN = (6, 18, 23, 10, 3, 46, 5, 6, 28, 13, 4, 6)
_OTHERS = (6, 7, *range(9, 24), 26, 28, *range(30, 36), 37)
_IN_FIVE_CLASSES = 21  # people of the objective classes I–V


def edition_rows() -> list[Row]:
    """159 rows with the published counts of emotions, objective classes, AUs and people.

    024 and 036 show nothing of the five usual emotions and 025 nothing but Other.
    """
    emotions = [name for name, count in _EMOTIONS.items() for _ in range(count)]
    classes = [number for number, count in _OBJECTIVE.items() for _ in range(count)]
    alone = {"Fear": 24, "Disgust": 36, "Other": 25}
    rows = []
    for at, (emotion, objective, coding) in enumerate(
        zip(emotions, classes, codings(159, _SHOWN), strict=True)
    ):
        people = _OTHERS if objective > 5 else _OTHERS[:_IN_FIVE_CLASSES]
        person = alone.pop(emotion, people[at % len(people)])
        rows.append(Row(person, f"{person:03d}_1_{at}", 1, 2, 3, coding, emotion, objective))
    return rows
