"""Names in SAMM: `006_1_2` is the second movement that inducement 1 made person 006 show."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping
from pathlib import Path

from mertk import datasets

LONG_OFFSETS = Path(__file__).with_name("_samm_videos.csv")

_CLIP = re.compile(r"0*(\d{1,3})_(\d+)_(\d+)")
_VIDEO = re.compile(r"0*(\d{1,3})_(\d+)")
_SUBJECT = re.compile(r"0*(\d{1,3})(?:\.0+)?")


def parse_subject(text: str) -> str | None:
    """The canonical name `006` of `6`, `006` or `6.0`; None for anything else."""
    found = _SUBJECT.fullmatch(text)
    return f"{int(found[1]):03d}" if found else None


def parse_clip(text: str) -> str | None:
    """The canonical name of a clip, `006_1_2`; None for anything else."""
    found = _CLIP.fullmatch(text)
    return f"{int(found[1]):03d}_{found[2]}_{found[3]}" if found else None


def parse_video(text: str) -> str | None:
    """The canonical name of a recording, `006_1`; None for anything else."""
    found = _VIDEO.fullmatch(text)
    return f"{int(found[1]):03d}_{found[2]}" if found else None


def video_of(name: str) -> str:
    """The recording that a clip is cut from."""
    return name.rpartition("_")[0]


def find_tree(folder: Path, root: Path) -> Path:
    """The tree that a folder lies in, with or without a folder for each person."""
    above = folder.parent
    return above.parent if above != root and parse_subject(above.name) else above


@functools.cache
def long_offsets() -> Mapping[str, int]:
    """Recording → the frame number in a clip less that in the recording, for what was compared."""
    with LONG_OFFSETS.open(encoding="utf-8", newline="") as file:
        return {row["video"]: int(row["offset"]) for row in csv.DictReader(file)}


def read_names(line: datasets.reader.Line) -> tuple[str, str]:
    """The person and the clip of a row; raises `DataError` naming the cell that is neither."""
    native, named = line.need("subject", "clip")
    person, name = parse_subject(native), parse_clip(named)
    if person is None:
        raise line.wrong("subject", "is not a subject such as 6 or 006")
    if name is None or not name.startswith(person):
        raise line.wrong("clip", f"is not a clip of subject {person} such as {person}_1_2")
    return person, name
