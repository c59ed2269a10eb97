"""Names in SAMM: `006_1_2` is the second movement of person 006 under inducement 1."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mertk import datasets
from mertk.datasets.folders import Place
from mertk.datasets.reader import Line, NameForm

CLIP = NameForm("0*([0-9]{1,3})_([0-9]+)_([0-9]+)", "{:0>3}_{}_{}")
VIDEO = NameForm("0*([0-9]{1,3})_([0-9]+)", "{:0>3}_{}")
SUBJECT = NameForm(r"0*([0-9]{1,3})(?:\.0+)?", "{:0>3}")

_LONG_OFFSETS = Path(__file__).with_name("_samm_videos.csv")


def read_names(line: Line) -> tuple[str, str]:
    """The person and the clip of a row; raises `DataError` naming the cell that is neither."""
    line.need("subject", "clip")
    person = line.name("subject", SUBJECT, "is not a subject such as 6 or 006")
    why = f"is not a clip of subject {person} such as {person}_1_2"
    clip = line.name("clip", CLIP, why)
    if not clip.startswith(person):
        raise line.wrong("clip", why)
    return person, clip


def read_common_fields(line: Line) -> dict[str, Any]:
    """What a row of either spreadsheet gives a record; raises `DataError` where a name is none."""
    person, clip = read_names(line)
    video = clip.rpartition("_")[0]
    return {
        "subject": person,
        "clip": clip,
        "video": video,
        "inducement": line["inducement"],
        "fps": 200.0,
        "modality": "grey",
        "long_offset": _read_long_offsets().get(video),
        "extra": {"remarks": line["notes"]} if line["notes"] else {},
    }


@functools.cache
def _read_long_offsets() -> Mapping[str, int]:
    """Recording → the frame number in a clip less that in the recording, for what was compared."""
    with _LONG_OFFSETS.open(encoding="utf-8", newline="") as file:
        return {row["video"]: int(row["offset"]) for row in csv.DictReader(file)}


def place(root: Path, folder: Path, key: str, kind: str) -> Place:
    """A folder in its tree, with or without a folder for each person around it."""
    base = folder.parent
    if base != root and SUBJECT.parse(base.name):
        base = base.parent
    kind = datasets.folders.kind_of(base, root, {"crop": "cropped"}, kind)
    return datasets.folders.Place(base, kind, key)
