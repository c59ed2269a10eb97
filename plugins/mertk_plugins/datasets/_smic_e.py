"""The annotation of SMIC-E: one row a long clip, with up to three micro-expressions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.editions import Edition
from mertk.datasets.folders import Found
from mertk.datasets.reader import Line, NameForm
from mertk.datasets.record import Record
from mertk.datasets.spreadsheets import Table, parse_integer

Camera = Literal["hs", "vis", "nir"]

FPS: Mapping[str, float] = {"hs": 100.0, "vis": 25.0, "nir": 25.0}
LABELS: Mapping[str, str] = {"ne": "negative", "po": "positive", "sur": "surprise"}
PUBLISHED = datasets.reader.read_published(Path(__file__).with_name("_published.toml"))["smic"]

_CLIP = NameForm("s0*([0-9]{1,3})[_ -]+(ne|po|sur)[_ -]*0*([0-9]{1,3})", "s{:0>2}_{}_{:0>2}")
_SUBJECT = NameForm("s?0*([0-9]{1,3})", "s{:0>2}")
_CAMERA = re.compile(r"(?<![a-z])(hs|vis|nir)(?![a-z])", re.IGNORECASE)
_FILE = r"smic.*annotation"
_MERGED: Mapping[tuple[str, int], str] = {
    ("s03_ne_02", 2): "s03_ne_03",
    ("s04_ne_04", 2): "s04_ne_05",
    ("s04_ne_04", 3): "s04_ne_06",
    ("s09_sur_01", 2): "s09_sur_02",
}
"""Clips of SMIC that are the second or third expression of a long clip of SMIC-E."""

_EMPTY = (
    "OnsetF or OffsetF is empty; a formula has no value until a spreadsheet program has saved "
    "the file: open it in one and save it"
)


def parse_clip(text: str) -> str | None:
    """The canonical name, `s01_ne_01`, of a clip in any spelling; None for any other text."""
    return _CLIP.parse(text.strip().lower())


def find_camera(text: str) -> str:
    """The camera that a text names, or ''."""
    found = _CAMERA.search(text)
    return found[1].lower() if found else ""


def make_common_fields(clip: str, camera: Camera, **extra: str) -> dict[str, Any]:
    """What the name of a clip and the camera say of its record."""
    subject, emotion, _ = clip.split("_")
    return {
        "subject": subject,
        "clip": clip,
        "apex": "",
        "label": LABELS[emotion],
        "fps": FPS[camera],
        "modality": "nir" if camera == "nir" else "rgb",
        "uid_tail": "" if camera == "hs" else camera,
        "extra": {"camera": camera, **extra},
    }


def choose_file(found: Found, camera: str, wanted: str | None) -> Path | None:
    """The annotation file: the wanted one, else the camera's own, else another, the newest first.

    `…_annotation_orig.xlsx` has no third expressions and is taken only where there is no other.
    """
    own, names = rf"smic[_ -]*{camera}.*annotation", (f"SMIC-{camera}-E_annotation_2019.xlsx",)
    for pattern in (rf"{own}(?!.*orig)", rf"{_FILE}(?!.*orig)", _FILE):
        file = datasets.folders.choose_sheet("smic", found, pattern, names, wanted)
        if file is not None:
            return file
    return None


def read_table(file: Path, camera: str) -> Table:
    """The camera's sheet: the one of its name, else the first of a file of its name."""
    cameras = {title: find_camera(title) for title in datasets.spreadsheets.read_sheets(file)}
    for title, named in cameras.items():
        if named == camera:
            return datasets.spreadsheets.read_table(file, title)
    if find_camera(file.name) == camera and not any(cameras.values()):
        return datasets.spreadsheets.read_table(file)
    raise mertk.DataError(
        f"{file}: no sheet '{camera.upper()}'; sheets: {', '.join(cameras)}. "
        f"SMIC-{camera.upper()}-E_annotation.xlsx belongs here"
    )


def read_records(
    source: Source, lines: Sequence[Line], camera: Camera, *, further: bool
) -> tuple[list[Record], list[str]]:
    """The expressions, and what is assumed of the rows; raises `DataError` for a bad row.

    Unless `further`, only the first expression of each row is read. The rows below the last clip
    are remarks and totals.
    """
    clips = [parse_clip(line["clip"]) for line in lines]
    named = [at for at, clip in enumerate(clips) if clip]
    if not named:
        raise mertk.DataError(f"{lines[0].table.place()}: no row names a clip such as s1_ne_01")
    end = named[-1] + 1
    onsets = {clip: _strip_padding(lines[at]["onset"]) for at, clip in enumerate(clips) if clip}
    records = []
    for line, clip in zip(lines[:end], clips, strict=False):
        if clip is None:
            raise line.wrong("clip", "is not a clip such as s1_ne_01")
        subject = line["subject"]
        if subject and _SUBJECT.parse(subject) != clip.partition("_")[0]:
            where = line.table.place(line.row, line.columns["subject"])
            raise mertk.DataError(f"{where}: subject '{subject}', but the clip is {clip}")
        read = _read_expressions(source, line, clip, onsets, camera)
        records += read if further else read[:1]
    assumed = _describe_further(records)
    if lines[end:]:
        first = lines[end].row.number
        remark = f"{len(lines) - end} rows from row {first} on are remarks, not clips"
        assumed.insert(0, remark)
    return records, assumed


def _read_expressions(
    source: Source, line: Line, video: str, onsets: Mapping[str, str], camera: Camera
) -> list[Record]:
    """The expressions of a row; those after the first count where their numbers make sense.

    `onsets` are those of the clips that have rows of their own; these are not counted twice.
    """
    spans, quirks = {1: (line["onset"], line["offset"])}, []
    first = line["first_frame"]
    for number in (2, 3):
        onset, offset = line.row[f"onset{number}f"], line.row[f"offset{number}f"]
        if _strip_padding(onset) == onsets.get(_MERGED.get((video, number), "")):
            continue
        why = _find_junk(onset, offset, first, list(spans.values()))
        if why:
            quirks.append(f"expression_{number}_{why}")
        elif onset or offset:
            spans[number] = (onset, offset)
    if first and not first.isdecimal():
        quirks.append("first_frame_missing")
    records = []
    for number, span in spans.items():
        onset, offset = map(_strip_padding, span)
        merged = _MERGED.get((video, number), video)
        common = make_common_fields(
            video if merged in onsets else merged,
            camera,
            expression=str(number),
            first_frame=first,
            last_frame=line["last_frame"],
        )
        emotion = line["emotion"] or common["label"]
        if datasets.record.canonical_emotion(emotion) != common["label"]:
            quirks.append("emotion_differs_from_name")
        record = line.record(
            source,
            subject_native=line["subject"] or video.partition("_")[0],
            onset=onset,
            offset=offset,
            emotion=emotion,
            video=video,
            quirks=tuple(quirks),
            **common,
        )
        records.append(record if onset and offset else replace(record, notes=(_EMPTY,)))
        quirks = []  # those of the row are the first expression's
    return records


def _find_junk(onset: str, offset: str, first: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Why a further expression is none: '' where it is one, or where its cells are empty.

    The published sheet has numbers in the columns of third expressions that are none. An expression
    begins after the first frame of its long clip and with another frame than those before it.
    """
    if not onset and not offset:
        return ""
    if not _is_span(onset, offset):
        return "unreadable"
    if first.isdecimal() and parse_integer(onset) <= int(first):
        return "before_first_frame"
    begun = [_strip_padding(one) for one, _ in earlier]
    return "repeated" if _strip_padding(onset) in begun else ""


def list_editions(camera: Camera, records: Sequence[Record]) -> tuple[str, list[Edition]]:
    """Which annotation of SMIC-E this is, and those that are known.

    Publications count rows, that is first expressions; the further ones of this file are added to
    what is expected of it.
    """
    first = [record for record in records if record.extra["expression"] == "1"]
    further = [record.label for record in records if record.extra["expression"] != "1"]
    published, known = PUBLISHED.groups[f"{camera} long"], []
    for edition in published:
        labels = Counter(edition.labels) + Counter(further) if edition.labels else {}
        known.append(replace(edition, rows=edition.rows + len(further), labels=labels))
    return datasets.editions.recognise_edition(first, published), known


def _describe_further(records: Sequence[Record]) -> list[str]:
    """What is taken for granted of the expressions after the first of a row."""
    merged, other = [], []
    for record in records:
        name = f"{record.video} no. {record.extra['expression']}"
        if record.clip != record.video:
            merged.append(f"{name} is {record.clip}")
        elif record.extra["expression"] != "1":
            other.append(name)
    sentences = []
    if merged:
        clips = ", ".join(merged)
        sentences.append(f"further expressions of a long clip are clips of SMIC: {clips}")
    if other:
        sentences.append(
            "further expressions that are no clip of SMIC bear the long clip's name: "
            + ", ".join(other)
        )
    return sentences


def _strip_padding(text: str) -> str:
    """A frame number without padding, so that ids are alike; other text as it is."""
    try:
        return str(parse_integer(text))
    except ValueError:
        return text


def _is_span(onset: str, offset: str) -> bool:
    try:
        return 0 <= parse_integer(onset) <= parse_integer(offset)
    except ValueError:
        return False
