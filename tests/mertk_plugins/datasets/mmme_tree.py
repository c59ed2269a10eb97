"""Writes tiny folders in the layout of MMME; the people are invented."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from casme2_tree import picture_bytes

HEADER = ["Subject", "Filename", "Marker", "OnsetTime", "ApexTime", "OffsetTime", "OnsetFrame",
          "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion", "Date", "dif"]  # fmt: skip
COUNTS = {"happy": 239, "disgust": 217, "angry": 160, "fear": 114, "sad": 113, "surprise": 51,
          "tense": 50}  # fmt: skip
NAMES = ("zhuge", "sunquan", "diaochan")


@dataclass(frozen=True)
class Row:
    subject: str = "zhuge"
    video: str = "angry_116_3_zhuge_20230802.avi"
    onset: float = 0.02
    apex: float = 0.04
    offset: float = 0.06
    au: str = "AU4, AU7"
    emotion: str = "angry"


ROWS = (
    Row(),
    Row(onset=0.1, apex=0.12, offset=0.12, emotion="tense"),
    Row("sunquan", "happy_107_2_sunquan_20230803.avi", emotion="happy", au="AU12"),
    Row("diaochan", "sad_110_5_diaochan_20230804.avi", 0.0, 0.3, 0.8, "AU1, AU4", "sad"),
)


def clock(second: float) -> str:
    """A frame's time of a video that begins at 14:05:33.100."""
    at = 33_100 + round(1000 * second)
    return f"14-05-{at // 1000:02d}-{at % 1000:03d}"


def cells(row: Row) -> list[object]:
    times = (row.onset, row.apex, row.offset)
    clocks = [f"{clock(time)}-1" for time in times]
    return [row.subject, row.video, 3, *times, *clocks, row.au, row.emotion, "2023-08-02", 0.3]


def write_sheet(path: Path, rows: Iterable[Row] = ROWS) -> Path:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for row in rows:
        book.active.append(cells(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_video(folder: Path, count: int) -> Path:
    """Frames of 150 a second; their grey value tells their number."""
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(count):
        name = f"2023-08-02-{clock(at / 150)}-1-147.tif"
        (folder / name).write_bytes(picture_bytes(at, ".tif"))
    return folder


def write_mmme(root: Path, rows: Iterable[Row] = ROWS, count: int = 24) -> Path:
    rows = list(rows)
    write_sheet(root / "coding_file.xlsx", rows)
    for row in rows:
        write_video(root / "frames" / row.video.removesuffix(".avi"), count)
    return root


def edition_rows() -> list[Row]:
    """944 rows of 16 people, 432 of which last at most half a second."""
    words = [word for word, count in COUNTS.items() for _ in range(count)]
    rows = []
    for at, word in enumerate(words):
        name = f"person{chr(97 + at % 16)}"
        begin = float(at)
        rows.append(
            Row(
                name,
                f"{word}_{100 + at % 50}_{at}_{name}_20230802.avi",
                begin,
                begin + 0.2,
                begin + (0.4 if at < 432 else 0.9),
                emotion=word,
            )
        )
    return rows
