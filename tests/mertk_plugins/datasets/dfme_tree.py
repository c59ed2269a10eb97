"""Writes tiny folders in the layout of DFME, with the traps of the real ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from casme2_tree import picture_bytes

HEADER = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId",
          "Fps", "AU"]  # fmt: skip
WORDS = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
FILES = {"train": "training_full_with_AU.xlsx", "testA": "testA_full_with_AU.xlsx",
         "testB": "testB_full_with_AU.xlsx"}  # fmt: skip
TREES = {"train": "DFME_train", "testA": "test_data_A", "testB": "test_data_B/test_data_B"}


@dataclass(frozen=True)
class Row:
    subject: object = "sub0003"
    clip: object = "sub0003_01"
    onset: object = 109
    apex: object = 111
    offset: object = 113
    emotion: object = "anger"
    emotion_id: object = 0
    fps: object = 500
    au: object = 23


PARTS = {
    "train": (
        Row(),
        Row(clip="sub0003_02", onset=0, apex=2, offset=4, emotion="surprise", emotion_id=6,
            au="L1+AD38+M57"),
        Row("sub0007", "sub0007_01", 9, 11, 12, "disgust", 2, 300, "4+R10"),
    ),
    "testA": (Row("sub0021", "sub0021_03", 5, 6, 7, "happiness", 4, 200, "12"),),
    "testB": (Row("sub0040", "sub0040_01", 1, 2, 3, "fear", 3, 300, "20"),),
}  # fmt: skip


def cells(row: Row) -> list[object]:
    return [row.subject, row.clip, row.onset, row.apex, row.offset, row.emotion, row.emotion_id,
            row.fps, row.au]  # fmt: skip


def write_sheet(path: Path, rows: Iterable[Row], *, width: int = len(HEADER)) -> Path:
    book = openpyxl.Workbook()
    book.active.append(HEADER[:width])
    for row in rows:
        book.active.append(cells(row)[:width])
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_csv(path: Path, rows: Iterable[Row]) -> Path:
    """The same as text, which is much faster for many rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *(cells(row) for row in rows)])
    return path


def write_frames(folder: Path, numbers: Iterable[int]) -> Path:
    """`00109.png`: five digits, counted from 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number:05d}.png").write_bytes(picture_bytes(number, ".png"))
    return folder


def write_tree(tree: Path, rows: Sequence[Row], *, around: int = 0) -> Path:
    for row in rows:
        first = max(0, row.onset - around)
        write_frames(tree / str(row.clip), range(first, row.offset + around + 1))
    return tree


def write_dfme(root: Path, parts: Mapping[str, Sequence[Row]] = PARTS) -> Path:
    """A small good set of these parts."""
    for part, rows in parts.items():
        write_sheet(root / FILES[part], rows)
        write_tree(root / TREES[part], rows)
    return root


COUNTS = {"train": (176, (161, 100, 548, 265, 206, 278, 298)),
          "testA": (42, (39, 34, 129, 62, 63, 46, 101)),
          "testB": (41, (41, 37, 58, 38, 42, 35, 48))}  # fmt: skip


def edition_rows(part: str) -> list[Row]:
    """The published number of rows, people and emotions of a part."""
    people, counts = COUNTS[part]
    first = {"train": 1, "testA": 200, "testB": 300}[part]
    emotions = [(at, WORDS[at]) for at, count in enumerate(counts) for _ in range(count)]
    return [
        Row(f"sub{first + n % people:04d}", f"sub{first + n % people:04d}_{n}", 1, 2, 3, word, at)
        for n, (at, word) in enumerate(emotions)
    ]
