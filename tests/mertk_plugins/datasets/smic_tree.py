"""Writes tiny folders in the layouts of SMIC and SMIC-E, with the traps of the real ones."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from casme2_tree import picture_bytes

EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
RATE = {"HS": 100, "VIS": 25, "NIR": 25}


@dataclass(frozen=True)
class Clip:
    person: int
    code: str
    number: int
    onset: int
    offset: int


CLIPS = (
    Clip(1, "ne", 1, 34208, 34212),
    Clip(1, "po", 1, 559740, 559744),
    Clip(3, "ne", 2, 403000, 403004),
    Clip(3, "ne", 3, 403020, 403023),
    Clip(20, "sur", 1, 17581039, 17581042),
)

coded = functools.cache(picture_bytes)


def write_frames(folder: Path, numbers: Iterable[int], name: str = "image{:06d}.bmp") -> Path:
    """Flat grey pictures whose value is twice the last two digits of the frame number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        file = folder / name.format(number)
        file.write_bytes(coded(number % 100, file.suffix))
    return folder


def write_cropped(root: Path, clips: Sequence[Clip] = CLIPS, camera: str = "HS") -> Path:
    """`SMIC_all_cropped`: subjects and clips padded, pictures named reg_image."""
    for c in clips:
        person = f"s{c.person:02d}"
        folder = root / "SMIC_all_cropped" / camera / person / "micro" / EMOTIONS[c.code]
        numbers = range(c.onset, c.offset + 1)
        write_frames(folder / f"{person}_{c.code}_{c.number:02d}", numbers, "reg_image{:06d}.bmp")
    return root


def write_raw(root: Path, clips: Sequence[Clip] = CLIPS, camera: str = "HS") -> Path:
    """`SMIC_all_raw`: not padded, and with folders of clips that are no expressions."""
    for c in clips:
        person = f"s{c.person}"
        folder = root / "SMIC_all_raw" / camera / person / "micro" / EMOTIONS[c.code]
        write_frames(folder / f"{person}_{c.code}_{c.number:02d}", range(c.onset, c.offset + 1))
        write_frames(root / "SMIC_all_raw" / camera / person / "non_micro" / f"{person}_ne_90", [1])
    return root


@dataclass(frozen=True)
class Row:
    subject: object = 1
    clip: object = "s1_ne_01"
    onset: object = 34208
    offset: object = 34212
    onset2: object = None
    offset2: object = None
    onset3: object = None
    offset3: object = None
    emotion: object = "negative"
    first: object = 34200
    last: object = 34220


ROWS = (
    Row(20, "s20_sur_01", 17581039, 17581042, emotion="surprise", first=17581030, last=17581050),
    Row(3, "s3_ne_02", 403000, 403004, 403020, 403023, first=402990, last=403030),
    Row(1, "s1_po_01", 559740, 559744, emotion="positive", first=559735, last=559750),
    Row(),
)
HEADER = ["Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", "Onset3F",
          "Offset3F", None, "FirstF", "LastF", "TotalMF1", "Emotion", None]  # fmt: skip


def cells(row: Row) -> list[object]:
    return [row.subject, row.clip, None, row.onset, row.offset, row.onset2, row.offset2, row.onset3,
            row.offset3, None, row.first, row.last, "=E2-D2+1", row.emotion, None]  # fmt: skip


def write_sheet(path: Path, rows: Iterable[Row] = ROWS, sheet: str = "HS") -> Path:
    """An annotation of SMIC-E: formulas, columns without a name, remarks below, empty sheets."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    page.append(HEADER)
    for row in rows:
        page.append(cells(row))
    page.append([])
    page.append([None, None, None, "negative 66", "positive 51", "surprise 40"])
    book.create_sheet("Sheet2")
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_long(root: Path, rows: Sequence[Row] = ROWS, camera: str = "HS") -> Path:
    """`SMIC-E_raw image` of a camera: subjects padded, clips not; and its annotation."""
    top = root / "SMIC-E_raw image" / f"{camera}_long"
    write_sheet(top / f"SMIC-{camera}-E_annotation.xlsx", rows, camera)
    for row in rows:
        folder = top / f"SMIC-{camera}-E" / f"s{row.subject:02d}" / str(row.clip)
        write_frames(folder, range(row.first, row.last + 1), "image{:06d}.jpg")
    return root


def write_smic(root: Path) -> Path:
    """A small good set: the cropped tree of the high-speed camera."""
    return write_cropped(root)


PEOPLE = {1: 6, 2: 6, 3: 39, 4: 19, 5: 2, 6: 4, 8: 13, 9: 4, 11: 7, 12: 9, 13: 10, 14: 10, 15: 4,
          18: 7, 19: 2, 20: 22}  # fmt: skip
COUNTS = {"HS": {"ne": 70, "po": 51, "sur": 43}, "VIS": {"ne": 23, "po": 28, "sur": 20}}


def edition_clips(camera: str = "HS") -> list[Clip]:
    """As many clips of each person and each emotion as a camera filmed."""
    people = [who for who, count in PEOPLE.items() if camera == "HS" or who > 10
              for _ in range(count)]  # fmt: skip
    codes = [code for code, count in COUNTS[camera].items() for _ in range(count)]
    return [
        Clip(who, code, 30 + at % 60, 1000 + at, 1000 + at)
        for at, (who, code) in enumerate(zip(people, codes, strict=True))
    ]
