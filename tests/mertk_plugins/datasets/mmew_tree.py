"""Writes tiny folders in the layouts of MMEW, with the traps of the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from casme2_tree import picture_bytes

HEADER = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units",
          "Estimated Emotion", "remarks"]  # fmt: skip
CODES = {"happiness": 1, "surprise": 2, "disgust": 3, "others": 4, "fear": 5, "sadness": 6,
         "anger": 7}  # fmt: skip


@dataclass(frozen=True)
class Row:
    subject: object = 1
    clip: object = "S01-01-001"
    onset: object = 1
    apex: object = 3
    offset: object = 11
    au: object = "6+12"
    emotion: object = "happiness"


ROWS = (
    Row(),
    Row(1, "S01-04-002", 1, 2, 4, "4R+10R", "others"),
    Row(4, "S04-02-002", 1, 8, 15, "1+2", "surprise"),
    Row(13, "S13-07-001", 1, 2, 3, 4, "anger"),
)


def cells(row: Row) -> list[object]:
    return [row.subject, row.clip, row.onset, row.apex, row.offset, row.au, row.emotion, None]


def write_sheet(path: Path, rows: Iterable[Row] = ROWS) -> Path:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for row in rows:
        book.active.append(cells(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_frames(folder: Path, numbers: Iterable[int]) -> Path:
    """`1.jpg`, `2.jpg` …, not padded."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number}.jpg").write_bytes(picture_bytes(number))
    return folder


def write_tree(
    tree: Path, rows: Sequence[Row] = ROWS, *, others: str = "repression", by_subject: bool = False
) -> Path:
    """Folders of frames; the class others is a folder of another name."""
    for row in rows:
        emotion = others if row.emotion == "others" else str(row.emotion)
        above = tree / str(row.clip)[:3] if by_subject else tree
        write_frames(above / emotion / str(row.clip), range(row.onset, row.offset + 1))
    return tree


def write_macro(tree: Path) -> Path:
    """Single pictures of macro-expressions, one of them in a folder named like a clip."""
    write_frames(tree / "S01/anger", [])
    (tree / "S01/anger/S01-07-001.jpg").write_bytes(picture_bytes(1))
    write_frames(tree / "S01/happiness/S01-01-001", [1])
    return tree


def write_mmew(root: Path, rows: Sequence[Row] = ROWS) -> Path:
    """A small good set, with the tree of macro-expressions beside it."""
    write_sheet(root / "MMEW_Micro_Exp.xlsx", rows)
    write_tree(root / "MMEW_Final/Micro_Expression", rows)
    write_macro(root / "MMEW_Final/Macro_Expression")
    return root


COUNTS = {"surprise": 89, "disgust": 72, "others": 66, "happiness": 36, "fear": 16, "sadness": 13,
          "anger": 8}  # fmt: skip


def edition_rows() -> list[Row]:
    """300 rows of 30 people with the published counts of each emotion."""
    emotions = [emotion for emotion, count in COUNTS.items() for _ in range(count)]
    return [
        Row(at % 30 + 1, f"S{at % 30 + 1:02d}-{CODES[emotion]:02d}-{at:03d}", emotion=emotion)
        for at, emotion in enumerate(emotions)
    ]
