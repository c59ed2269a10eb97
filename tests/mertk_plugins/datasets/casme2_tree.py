"""Writes tiny folders in the layout of CASME II, with the traps of the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import openpyxl

COLUMNS = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None,
           "Action Units", "Estimated Emotion", "Objective Classes"]  # fmt: skip


@dataclass(frozen=True)
class Row:
    subject: str | int = "01"
    clip: str = "EP02_01f"
    onset: str | int = 8
    apex: str | int = 10
    offset: str | int = 12
    au: str | int = 12
    emotion: str = "happiness"
    objective: int = 1


ROWS = (
    Row(),
    Row(clip="EP03_02", onset=3, apex=4, offset=6, au="4+L10", emotion="disgust", objective=4),
    Row("02", "EP01_2", 95, 99, 103, "1+2", "surprise", 2),
    Row("02", "EP09f", 1, 2, 3, "17", "repression", 7),
)


def write_sheet(
    path: Path,
    rows: Iterable[Row] = ROWS,
    *,
    objective: bool = True,
    order: Sequence[int] = range(10),
) -> Path:
    """A spreadsheet of the 2019 edition, or with `objective=False` of the 2014 one."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    width = 10 if objective else 9
    columns = [at for at in order if at < width]
    sheet.append([COLUMNS[at] for at in columns])
    for r in rows:
        cells = [r.subject, r.clip, None, r.onset, r.apex, r.offset, None, r.au, r.emotion]
        cells.append(r.objective)
        sheet.append([cells[at] for at in columns])
    book.create_sheet("Sheet2")
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_objective(path: Path, classes: Iterable[tuple[str, str, str | int]]) -> Path:
    """The file of MEGC 2018: subject, clip, objective class."""
    book = openpyxl.Workbook()
    book.active.append(["Subject", "Filename", "Objective Class"])
    for line in classes:
        book.active.append(list(line))
    book.save(path)
    return path


def picture_bytes(number: int, ending: str = ".jpg") -> bytes:
    """A flat grey picture whose value is twice the frame number."""
    done, coded = cv2.imencode(ending, np.full((6, 8, 3), 2 * number % 256, np.uint8))
    assert done
    return coded.tobytes()


def write_frames(folder: Path, numbers: Iterable[int], prefix: str = "img") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{prefix}{number}.jpg").write_bytes(picture_bytes(number))
    return folder


def write_tree(
    tree: Path, rows: Sequence[Row] = ROWS, *, prefix: str = "img", around: int = 0
) -> Path:
    """Folders of frames, with `around` more frames on both sides of onset … offset."""
    for row in rows:
        first, last = int(row.onset) - around, int(row.offset) + around
        folder = tree / f"sub{int(row.subject):02d}" / row.clip
        write_frames(folder, range(max(1, first), last + 1), prefix)
    return tree


def write_casme2(root: Path, rows: Sequence[Row] = ROWS, tree: str = "CASME2_RAW_selected") -> Path:
    """A spreadsheet of the 2019 edition and one tree."""
    write_sheet(root / "CASME2-coding-20190701.xlsx", rows)
    write_tree(root / tree, rows)
    return root


_COUNTS = {"others": 99, "disgust": 61, "happiness": 32, "surprise": 25, "repression": 27,
           "sadness": 4, "fear": 2}  # fmt: skip
_CHANGED = ("EP07_01", "EP07_04f", "EP10_03")
_NOT_IN_MEGC = (("04", "EP12_01f"), ("05", "EP09_05f"))  # both disgust
_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17)
_SHOWN = {
    "20140508": (26, 21, 129, 2, 13, 38, 13, 17, 34, 27, 16, 25),
    "20190701": (28, 25, 125, 5, 10, 38, 9, 18, 39, 22, 17, 26),
}
_OBJECTIVE = (30, 18, 93, 15, 18)


def edition_rows(edition: str) -> list[Row]:
    """255 rows with the counts of an edition, `20140508` or `20190701`: emotions, AUs, people."""
    everybody = list(range(1, 27))
    expressive = [who for who in everybody if who not in (10, 18)]
    emotions = [emotion for emotion, count in _COUNTS.items() for _ in range(count)]
    rows = []
    for at, emotion in enumerate(emotions):
        people = everybody if emotion == "others" else expressive
        subject = f"{people[at % len(people)]:02d}"
        rows.append(Row(subject, f"EP50_{at:03d}", 1, 2, 3, "", emotion))
    changed = "sadness" if edition == "20140508" else "surprise"
    rows += [Row(who, clip, 1, 2, 3, "", "disgust") for who, clip in _NOT_IN_MEGC]
    rows += [Row("24", clip, 1, 2, 3, "", changed) for clip in _CHANGED]
    unknown = 5 if edition == "20140508" else 0
    coded = [*codings(len(rows) - unknown, _SHOWN[edition]), *["?"] * unknown]
    classes = [name for name, count in enumerate(_OBJECTIVE, 1) for _ in range(count)]
    classes += [7] * (len(rows) - len(classes))
    return [replace(r, au=a, objective=o) for r, a, o in zip(rows, coded, classes, strict=True)]


def codings(rows: int, shown: Sequence[int]) -> list[str]:
    """A coding a row, so that each AU is in as many as it should be; AU 43 where there is none."""
    found: list[list[str]] = [[] for _ in range(rows)]
    at = 0
    for au, count in zip(_AUS, shown, strict=True):
        for _ in range(count):
            found[at % rows].append(str(au))
            at += 1
    return ["+".join(aus) or "43" for aus in found]


def with_row(rows: Sequence[Row], at: int, **changes: object) -> list[Row]:
    """The rows with one of them changed."""
    return [replace(row, **changes) if i == at else row for i, row in enumerate(rows)]
