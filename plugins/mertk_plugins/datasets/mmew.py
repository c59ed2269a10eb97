"""MMEW: 300 micro-expressions of 30 people at 90 frames a second."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import mertk
from mertk import datasets
from mertk.datasets.annotations import Source
from mertk.datasets.folders import Found, Place, Tree
from mertk.datasets.reader import Line, NameForm
from mertk.datasets.record import Record
from mertk.datasets.survey import Reading, Survey

_HERE = Path(__file__)
_PUBLISHED = datasets.reader.read_published(_HERE.with_name("_published.toml"))["mmew"]
_SUBJECT = NameForm(r"(?:s(?:ub(?:ject)?)?[ _-]*)?0*([0-9]{1,4})(?:\.0+)?", "S{:0>2}")
_CLIP = NameForm("s0*([0-9]{1,4})-0*([0-9]{1,3})-0*([0-9]{1,4})", "S{:0>2}-{:0>2}-{:0>3}")
_EMOTIONS = {
    "01": "happiness",
    "02": "surprise",
    "03": "disgust",
    "04": "others",
    "05": "fear",
    "06": "sadness",
    "07": "anger",
}
"""By their number in a clip's name."""

_FOLDER_OF_OTHERS = "repression"
_FOLDERS = frozenset({*_EMOTIONS.values(), _FOLDER_OF_OTHERS})
_KIND = "cropped"  # faces of 231 × 231 pixels; whole pictures were not published
_MACRO = "macro"
_LONGER = "offset_ne_folder"
_VERSION_2 = "MMEW_Micro_Exp_v2 has the columns and counts of the first edition"


@dataclass(kw_only=True, eq=False)
class MMEW(datasets.reader.SpreadsheetReader):
    """The micro-expressions of MMEW, from its spreadsheet and its one tree of frames.

    Clips are cut to onset … offset; where a folder goes on behind the offset the clip is marked
    `offset_ne_folder` and its record says how many files there are. Known errors of the spreadsheet
    are all marked, and none has a known right value, so `repair` changes nothing.
    """

    default_protocol = "mmew_6"
    obtain = "dpailab.com (request form), School of Information Science, Shandong University"

    name = "mmew"
    layout = (
        "The folder should hold MMEW_Micro_Exp.xlsx (or _v2) and the tree Micro_Expression with "
        "pictures such as happiness/S03-01-002/1.jpg, or S03/happiness/S03-01-002/1.jpg. The "
        "macro-expressions, which are single pictures, are not read."
    )
    kinds = (_KIND,)
    editions = _PUBLISHED.editions
    file_pattern = r"mmew(?!.*macro)"
    file_names = ("MMEW_Micro_Exp_v2.xlsx", "MMEW_Micro_Exp.xlsx")
    optional = _PUBLISHED.optional
    known_errors = _HERE.with_name("_mmew_repairs.csv")

    tree: Literal["auto"] = field(default="auto", init=False)

    def survey(self, root: Path | None, /) -> Survey:
        """As every reader's, with clips marked whose folders go on behind the offset."""
        found = super().survey(root)
        return replace(found, clips=tuple(map(_mark_longer_folder, found.clips)))

    def read(self, found: Found, tree: Tree | None) -> Reading:
        """The records of the spreadsheet; raises `DataError` where it cannot be read."""
        reading = super().read(found, tree)
        newer = "_v2" in reading.sheets[0].stem.lower()
        return replace(reading, assumed=[_VERSION_2] if newer else [])

    def read_line(self, source: Source, line: Line) -> Record:
        """The record of a row; raises `DataError` where a name is missing or is none."""
        _, named, emotion = line.need("subject", "clip", "emotion")
        person = line.name("subject", _SUBJECT, "is not a subject such as 1 or S01")
        clip, word = _CLIP.parse(named), datasets.record.canonical_emotion(emotion)
        word = "others" if word == _FOLDER_OF_OTHERS else word
        quirks: tuple[str, ...] = ("irregular_name",)
        if clip is not None:
            quirks = _find_disagreements(person, word, clip)
        record = line.record(
            source,
            subject=person,
            clip=clip or named,
            fps=90.0,
            modality="rgb",
            quirks=quirks,
            extra={"remarks": line["remarks"]},
        )
        return replace(record, label=word, emotion=word)

    def place(self, root: Path, folder: Path) -> Place | None:
        """`…/happiness/S03-01-002` is a clip, with or without a folder of the subject around it.

        Names of clips are unique, so the folder of the emotion, which is called otherwise than the
        class in one case, is not needed to find them.
        """
        name = _CLIP.parse(folder.name)
        below = folder.relative_to(root).parts
        if name is None or not below or any(_MACRO in part.lower() for part in below):
            return None
        base = folder.parent
        while base != root and (base.name.lower() in _FOLDERS or _SUBJECT.parse(base.name)):
            base = base.parent
        return datasets.folders.Place(base, _KIND, name.lower())

    def key(self, record: Record) -> str:
        """Names of clips are unique."""
        return record.clip.lower()


def _find_disagreements(person: str, word: str, name: str) -> tuple[str, ...]:
    """What the name `S{subject}-{emotion}-{index}` says otherwise than the columns."""
    of_person, code, _ = name.split("-")
    found = []
    if of_person != person:
        found.append("subject_differs_from_name")
    if _EMOTIONS.get(code) != word:
        found.append("emotion_differs_from_name")
    return tuple(found)


def _mark_longer_folder(clip: mertk.Clip) -> mertk.Clip:
    """The clip, marked where its folder goes on behind the offset: the files themselves decide."""
    record = clip.record
    last, offset = record["last_file"], record["offset"]
    if last is None:
        return clip
    quirks = [quirk for quirk in record["quirks"] if quirk != _LONGER]
    notes = list(record["notes"])
    if last > offset:
        quirks.append(_LONGER)
        notes.append(
            f"the folder holds {record['n_files']} files, up to {last}; the offset is {offset}"
        )
    return replace(clip, record={**record, "quirks": tuple(quirks), "notes": tuple(notes)})


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("mmew", MMEW, paper="doi:10.1109/TPAMI.2021.3067464")
