"""Writes tiny folders in the layouts of 4DME, with the traps of the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import openpyxl
from casme2_tree import picture_bytes

AUS = (1, 2, 4, 6, 7, 12, 17, 45)
EMOTIONS = ("Positive", "Negative", "Surprise", "Repression", "Others")
MARKS = [*(f"AU{au}" for au in AUS), *EMOTIONS]
HEADER = ["sub_ID", "fold_name", "Onset", "Apex", "Offset", "AUs", "Emotion", *MARKS, "eye blink",
          "Total", "fold"]  # fmt: skip
BEFORE = ["sub_ID'", "video_number'", "ME_number'", "subME_number'", "first_frame'", "last_frame'",
          "video emo'", "self-report emo'", "Onset", "Apex", "Offset", "Length", "AUs", "Emotion",
          *MARKS]  # fmt: skip


@dataclass(frozen=True)
class Row:
    subject: object = "S02"
    clip: object = "001_01_1"
    onset: object = 241
    apex: object = 246
    offset: object = 252
    au: object = "4+7"
    emotion: object = "Negative"
    marked: tuple[object, ...] = (4, 7, "Negative")


ROWS = (
    Row(),
    Row("S13_1st", "002_01_1", 12, 14, 16, "AU4(k)+L7", "Repression", (7, "Repression")),
    Row("S13_2nd", "002_01_1", 12, 15, 16, "R12", "Surprise+Positive",
        (12, "Positive", "Surprise")),
    Row("S49_2", "003_02_1", 7, 8, 9, "AUR2+12(k)+45", "Others", (2, 12, 45, "Others")),
)  # fmt: skip


def marks(row: Row) -> list[object]:
    marked = {f"AU{mark}" if isinstance(mark, int) else mark for mark in row.marked}
    return [int(name in marked) for name in MARKS]


def cells(row: Row) -> list[object]:
    first = [row.subject, row.clip, row.onset, row.apex, row.offset, row.au, row.emotion]
    return [*first, *marks(row), 0, len(row.marked), 1]


def write_sheet(path: Path, rows: Iterable[Row] = ROWS) -> Path:
    """The file of release v1."""
    return _saved(path, [HEADER, *(cells(row) for row in rows)])


def write_list(path: Path, rows: Iterable[Row] = ROWS) -> Path:
    """The list before the release: apostrophes in header and cells, and a summary at the end."""
    lines = []
    for row in rows:
        video, number, part = str(row.clip).split("_")
        first = [f"{row.subject}'", f"{video}'", int(number), f"{part}'", 1, 99, "1'", 1.3]
        length = row.offset - row.onset + 1
        lines.append(
            [*first, row.onset, row.apex, row.offset, length, row.au, row.emotion, *marks(row)]
        )
    summary = [None] * 14 + [sum(line[14 + at] for line in lines) for at in range(len(MARKS))]
    return _saved(path, [BEFORE, *lines, summary])


def _saved(path: Path, lines: Iterable[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_frames(folder: Path, numbers: Iterable[int]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"frame{number:05d}.png").write_bytes(picture_bytes(number, ".png"))
    return folder


def write_tree(tree: Path, rows: Sequence[Row] = ROWS, name: str = "{0.subject}/{0.clip}") -> Path:
    """Folders of frames; `name` makes a folder's name of a row."""
    for row in rows:
        write_frames(tree / name.format(row), range(row.onset, row.offset + 1))
    return tree


def write_fourdme(root: Path, rows: Sequence[Row] = ROWS) -> Path:
    """A small good set, with a folder that has no row."""
    write_sheet(root / "4DME_Labelling_Micro_release v1.xlsx", rows)
    write_tree(root / "gray_micro", rows)
    write_frames(root / "gray_micro/S13_1st/001_01_1", [1, 2])
    return root


def edition_rows() -> list[Row]:
    """267 rows; the labels of the 145th and 146th are swapped, as in the release."""
    rows = [Row(f"S{at % 40 + 1:02d}", f"{at:03d}_01_1") for at in range(267)]
    happy = {"au": "12", "emotion": "Positive", "marked": (12, "Positive")}
    rows[144] = replace(rows[144], **happy)
    return rows
