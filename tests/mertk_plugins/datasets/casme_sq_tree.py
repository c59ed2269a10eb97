"""Writes tiny folders in the layout of CAS(ME)^2, with the traps of the real ones."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import openpyxl
from casme2_tree import picture_bytes

UPDATED = "CAS(ME)^2code_final(Updated).xlsx"
ORIGINAL = "CAS(ME)^2code_final.xlsx"
FOLDERS = {1: 15, 2: 16, 11: 27, 14: 31, 15: 32, 17: 34}
FILMS = {"disgust1": ("0101", "disgustingteeth"), "anger1": ("0401", "girlcrashing"),
         "happy1": ("0502", "funnyerrors"), "happy2": ("0503", "unnyfarting")}  # fmt: skip


@dataclass(frozen=True)
class Row:
    participant: int | str
    clip: str
    onset: int | str
    apex: int | str
    offset: int | str
    au: int | str = 4
    valence: str = "negative"
    type: str = "micro-expression"
    self_report: str = "anger"


ROWS = (
    Row(1, "anger1_1", 557, 560, 562, "4+10+14", type="macro-expression"),
    Row(1, "disgust1_1", 8, 10, 12, 38, "others", self_report="sadness"),
    Row(2, "happy2_1", 95, 98, 103, "10or11", "positive", self_report="happyiness"),
    Row(2, "happy1_2", 20, 23, 0, "NULL", "positive", "macro-expression", "happiness"),
    Row(17, "anger1_1", 1763, 0, 1767, 14, "others", "macro-expression", "sadness"),
    Row(17, "anger1_2", 1780, 1782, 1784, 43, "others"),
)


def write_sheet(
    path: Path,
    rows: Iterable[Row] = ROWS,
    *,
    title: str = "CASFEcode_final",
    rules: bool = True,
    after: Sequence[Sequence[object]] = (),
) -> Path:
    """The codes without a header, and the naming rules, whose codes of films are numbers."""
    book = openpyxl.Workbook()
    codes = book.active
    codes.title = title
    for row in rows:
        codes.append([*astuple(row), "=E1-C1+1"])
    for line in after:
        codes.append(list(line))
    if rules:
        people = book.create_sheet("naming rule1")
        for row in rows:
            folder = FOLDERS.get(row.participant)
            if folder:
                people.append([folder, f"s{folder}", row.participant])
        films = book.create_sheet("naming rule2")
        for name, (code, _) in FILMS.items():
            films.append([int(code), name])
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


coded = functools.cache(picture_bytes)


def write_frames(folder: Path, numbers: Iterable[int], name: str = "img{:03d}.jpg") -> Path:
    """Flat grey pictures whose value is twice the last two digits of the frame number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / name.format(number)).write_bytes(coded(number % 100))
    return folder


def interval(row: Row) -> range:
    return range(int(row.onset), max(int(row.apex), int(row.offset)) + 1)


def write_raw(tree: Path, rows: Iterable[Row] = ROWS) -> Path:
    """Whole recordings: two frames more on both sides; their folders' names have typing errors."""
    for row in rows:
        person, (code, words) = FOLDERS[int(row.participant)], FILMS[row.clip.split("_")[0]]
        numbers = interval(row)
        around = range(numbers.start - 2, numbers.stop + 2)
        write_frames(tree / f"s{person}" / f"{person}_{code}{words}", around)
    return tree


def write_cropped(tree: Path, rows: Iterable[Row] = ROWS) -> Path:
    """Single expressions in folders of subjects without 's'."""
    for row in rows:
        folder = tree / str(FOLDERS[int(row.participant)]) / row.clip
        write_frames(folder, interval(row), "img{}.jpg")
    return tree


def write_casme_sq(root: Path, rows: Sequence[Row] = ROWS) -> Path:
    """The updated spreadsheet and the raw tree."""
    write_sheet(root / UPDATED, rows)
    write_raw(root / "rawpic", rows)
    return root


_MICRO = {"negative": 21, "others": 19, "surprise": 9, "positive": 8}
_MACRO = {"negative": 105, "others": 63, "surprise": 16, "positive": 116}


def edition_rows(name: str) -> list[Row]:
    """357 rows with the published counts of `updated` or `original`."""
    rows = []
    for kind, counts, people in (("micro", _MICRO, 14), ("macro", _MACRO, 22)):
        words = [word for word, count in counts.items() for _ in range(count)]
        rows += [
            Row(1 + at % people, f"anger1_{len(rows) + at}", 1, 2, 3, 4, word,
                f"{kind}-expression")
            for at, word in enumerate(words)
        ]  # fmt: skip
    au = "null" if name == "updated" else 4
    return [Row(*astuple(rows[0])[:5], au, *astuple(rows[0])[6:]), *rows[1:]]
