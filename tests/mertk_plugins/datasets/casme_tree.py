"""Writes tiny folders in the layouts of CASME, with the traps of the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from casme2_tree import picture_bytes

HEADER = ["Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU",
          "Emotion"]  # fmt: skip
SECTION_HEADER = [*HEADER[:8], "Onset-Apex", "Total", "AUs", "Estimated Emotion"]


@dataclass(frozen=True)
class Row:
    subject: object = 1
    clip: object = "EP01_12"
    onset: object = 73
    apex: object = 81
    apex2: object = None
    offset: object = 85
    au: object = 4
    emotion: object = "tense"


ROWS = (
    Row(),
    Row(onset=95, apex=99, apex2=101, offset=103, au="R4+14"),
    Row(7, "EP17_2", 8, 10, None, 12, "9", "disgust"),
    Row(17, "EP17_4_1", 1, 2, "\\", 4, "14", "comtempt"),
)


def cells(row: Row) -> list[object]:
    return [row.subject, row.clip, None, row.onset, row.apex, row.apex2, row.offset, None, row.au,
            row.emotion]  # fmt: skip


def write_sheet(path: Path, rows: Iterable[Row] = ROWS) -> Path:
    """`casme.xlsx`: one file for all people."""
    return _saved(path, HEADER, (cells(row) for row in rows))


def write_sections(tree: Path, rows: Iterable[Row] = ROWS) -> Path:
    """`Section A.xls` (people 1–7) and `Section B.xls`, beside their frames, .xlsx inside."""
    for letter, people in (("A", range(1, 8)), ("B", range(8, 20))):
        lines = [
            [*cells(row)[:8], None, None, row.au, row.emotion]
            for row in rows
            if row.subject in people
        ]
        file = tree / f"CASME_{letter}" / f"Section {letter}" / f"Section {letter}.xls"
        _saved(file, SECTION_HEADER, lines)
    return tree


def write_short_sheet(path: Path, rows: Iterable[Row] = ROWS) -> Path:
    """`CASME.xls` of five columns, without offsets and AUs, .xlsx inside."""
    lines = ([row.subject, row.clip, row.onset, row.apex, row.emotion] for row in rows)
    return _saved(path, ["Subject", "Filename", "OnsetF", "ApexF1", "Emotion"], lines)


def _saved(path: Path, header: Sequence[object], lines: Iterable[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Sheet1"
    page.append(header)
    for line in lines:
        page.append(line)
    book.create_sheet("Sheet2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        book.save(file)
    return path


def write_frames(folder: Path, numbers: Iterable[int], name: str | None = None) -> Path:
    """`EP01_12-73.jpg`, or another name with the number in braces."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        file = (name or folder.name + "-{}.jpg").format(number)
        (folder / file).write_bytes(picture_bytes(number))
    return folder


def write_tree(tree: Path, rows: Sequence[Row] = ROWS, *, prefix: str = "") -> Path:
    """Folders of frames; from sub07/EP17_2 on their numbers have three digits."""
    for row in rows:
        width = "{:03d}" if row.subject >= 7 else "{}"
        folder = tree / f"sub{row.subject:02d}" / str(row.clip)
        write_frames(folder, range(row.onset, row.offset + 1), f"{prefix}{row.clip}-{width}.jpg")
    return tree


def write_casme(root: Path, rows: Sequence[Row] = ROWS) -> Path:
    """A small good set: one spreadsheet and the raw tree."""
    write_sheet(root / "casme.xlsx", rows)
    write_tree(root / "CASME_raw_selected", rows)
    return root


PER_SUBJECT = (38, 2, 5, 5, 2, 18, 26, 24, 7, 6, 1, 3, 9, 11, 3, 4, 10, 15)
COUNTS = {"tense": 68, "disgust": 45, "repression": 39, "surprise": 20, "happiness": 7,
          "sadness": 6, "comtempt": 2, "fear": 2}  # fmt: skip


def edition_rows() -> list[Row]:
    """189 rows with the published counts of each emotion and each person."""
    people = [who for who, count in enumerate(PER_SUBJECT, 1) for _ in range(count)]
    emotions = [emotion for emotion, count in COUNTS.items() for _ in range(count)]
    return [
        Row(who, f"EP50_{at}", 1, 2, None, 3, 4, emotion)
        for at, (who, emotion) in enumerate(zip(people, emotions, strict=True))
    ]
