"""Writes tiny folders in the layouts of CAS(ME)^3 parts A and C, with the traps of the real ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import openpyxl
from casme_sq_tree import write_frames

ME_V2 = "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
ME_V1 = "cas(me)3_part_A_ME_label_JpgIndex_v1.xls"
BOTH_V2 = "CAS(ME)3_part_A_v2.xls"
BOTH_V1 = "CAS(ME)3_part_A_v1.xls"
MACRO = "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
PART_C_ME = "CAS(ME)3_part_C_ME.xlsx"
PART_C = "CAS(ME)3_part_C.xls"

ME_HEADER = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")
BOTH_HEADER = (*ME_HEADER[:6], "Expression type", "Objective class")


@dataclass(frozen=True)
class Row:
    subject: str
    letter: str
    onset: int | str
    apex: int | str
    offset: int | str
    au: str = "4"
    objective: str = "III"
    emotion: str = "disgust"
    kind: str = "Micro-expression"


ROWS = (
    Row("spNO.1", "a", 5, 9, 12, "5", "II", "others"),
    Row("spNO.1", "a", 20, 24, 30, "L12+r18", "VII", "sad"),
    Row("spNO.1", "b", 16, 17, 19, "4", "III", "Others"),
    Row("spNO.14", "J", 8, 8, 12, "1+2", "II", "surprise"),
    Row("spNO.10", "a", 1, 5, 20, "T23", "VII", "happy"),
)
MACROS = (Row("spNO.1", "b", 1, 4, 9, "12", "I", "happy", "Macro-expression"),)


def me_cells(row: Row) -> list[object]:
    """A row of the file of micro-expressions, all text."""
    fields = (row.subject, row.letter, row.onset, row.apex, row.offset, row.au)
    return [*map(str, fields), row.objective, row.emotion]


def both_cells(row: Row) -> list[object]:
    """A row of the file of both types, which has no emotions."""
    return [*me_cells(row)[:6], row.kind, row.objective]


def write_book(path: Path, sheets: Mapping[str, Iterable[Sequence[object]]]) -> Path:
    """A workbook; one that is called .xls is .xlsx inside, as some are."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(list(line))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        book.save(file)
    return path


def write_me(path: Path, rows: Iterable[Row] = ROWS, title: str = "label") -> Path:
    """The file of micro-expressions; v1 calls its sheet Sheet1 and has two columns more."""
    more = [None, None] if title == "Sheet1" else []
    lines = [[*ME_HEADER, *more], *([*me_cells(row), *(7 for _ in more)] for row in rows)]
    return write_book(path, {title: lines})


def write_both(path: Path, rows: Iterable[Row] = (*ROWS, *MACROS)) -> Path:
    """The file of both types, behind a working copy of it and the blinks."""
    blinks = [ME_HEADER[:3] + ME_HEADER[4:5], ["spNO.1", "a", 3, 5]]
    broken = [BOTH_HEADER, ["spNO.1", None, "x", 1, 2, None, None, None]]
    codes = [BOTH_HEADER, *map(both_cells, rows)]
    return write_book(path, {"Sheet1": broken, "eye blink": blinks, "AU+Emotion": codes})


def interval(row: Row) -> range:
    return range(int(row.onset), int(row.offset) + 1)


def write_clips(root: Path, rows: Iterable[Row] = ROWS) -> Path:
    """The release of clips: colour, depth and an empty folder of videos."""
    base = root / "Part_A_ME_clip/Part_A_ME_clip"
    for row in rows:
        name = f"{row.subject}_{row.letter}_{row.onset}"
        write_frames(base / "frame" / name, interval(row), "{}.jpg")
        write_frames(base / "depth" / name, interval(row), "{}.png")
    (base / "video").mkdir()
    return root


def write_long(tree: Path, rows: Iterable[Row] = ROWS) -> Path:
    """Whole recordings with depth beside them; letters are lower case but for J."""
    for row in rows:
        folder = tree / row.subject.replace("NO", "No") / row.letter
        write_frames(folder / "color", range(1, int(row.offset) + 3), "{}.jpg")
        write_frames(folder / "depth", range(1, 3), "{}.png")
    return tree


def write_cut(tree: Path, rows: Iterable[Row] = ROWS) -> Path:
    """Expressions cut out of the recordings: a, a2, a3 … in the order of the rows."""
    counts: dict[str, int] = {}
    for row in rows:
        name = f"{row.subject}/{row.letter}"
        counts[name] = counts.get(name, 0) + 1
        copy = "" if counts[name] == 1 else str(counts[name])
        write_frames(tree / f"{name}{copy}/color", interval(row), "{}.jpg")
    return tree


def write_casme3(root: Path, rows: Sequence[Row] = ROWS) -> Path:
    """Version 2 of the file of micro-expressions and the release of clips."""
    write_me(root / ME_V2, rows)
    return write_clips(root, rows)


_EMOTIONS = {"disgust": 250, "surprise": 187, "others": 158, "Others": 3, "fear": 86, "anger": 64,
             "sad": 57, "happy": 55}  # fmt: skip


def many(count: int, people: int, kind: str = "Micro-expression") -> list[Row]:
    """As many rows of so many people; of 860 the emotions are those of version 2."""
    words = [word for word, number in _EMOTIONS.items() for _ in range(number)]
    return [
        Row(f"spNO.{1 + at % people}", kind[1], at * 4 + 1, at * 4 + 2, at * 4 + 3,
            emotion=words[at % len(words)], kind=kind)
        for at in range(count)
    ]  # fmt: skip


@dataclass(frozen=True)
class Crime:
    """A row of part C; `kind` is 1 (micro) or 0 (macro)."""

    subject: int
    count: int
    onset: int | str
    offset: int | str
    au: str = "4"
    emotion: str = "negative"
    kind: int = 1


CRIMES = (
    Crime(1, 1, 3, 9, "4，11"),
    Crime(1, 2, 20, 28, "R4,5", "surprise"),
    Crime(12, 1, 5, 9, "13?", "others"),
)


def write_part_c_me(path: Path, rows: Iterable[Crime] = CRIMES) -> Path:
    """The file of micro-expressions with emotions."""
    header = ["sub", "count", "onset", "offset", "au", "emotion"]
    lines = [[r.subject, r.count, r.onset, r.offset, r.au, r.emotion] for r in rows]
    return write_book(path, {"mockCrimeME": [header, *lines]})


def write_part_c(path: Path, rows: Iterable[Crime]) -> Path:
    """The file of both types, without emotions."""
    header = ["Subject", "Onset", "Offset", "diff", "Exp_type", "risk"]
    lines = [[r.subject, r.onset, r.offset, None, r.kind, 2] for r in rows]
    return write_book(path, {"organize": [header, *lines]})


def write_casme3_c(root: Path, rows: Sequence[Crime] = CRIMES) -> Path:
    """The file of micro-expressions and the recordings of the mock crime."""
    write_part_c_me(root / PART_C_ME, rows)
    for row in rows:
        folder = root / f"part_C/{row.subject:02d}/a"
        write_frames(folder / "color", range(1, int(row.offset) + 3), "{}.jpg")
        write_frames(folder / "depth", [1], "{}.png")
    return root


def changed(rows: Sequence[Row], at: int, **changes: object) -> list[Row]:
    """The rows with one of them changed."""
    return [replace(row, **changes) if i == at else row for i, row in enumerate(rows)]
