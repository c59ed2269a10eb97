"""How SMIC spells its clips, cameras and folders, and what its publications count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mertk import datasets

Camera = Literal["hs", "vis", "nir"]

FPS: Mapping[str, float] = {"hs": 100.0, "vis": 25.0, "nir": 25.0}
LABELS: Mapping[str, str] = {"ne": "negative", "po": "positive", "sur": "surprise"}

_CLIP = re.compile(r"s0*([0-9]{1,3})[_ -]+(ne|po|sur)[_ -]*0*([0-9]{1,3})", re.IGNORECASE)
_LEVEL = re.compile(r"micro|negative|positive|surprise|ne|po|sur|s[0-9]+", re.IGNORECASE)
_CAMERA = re.compile(r"(?<![a-z])(hs|vis|nir)(?![a-z])", re.IGNORECASE)
_NON_MICRO = re.compile(r"non[_ -]*micro.*", re.IGNORECASE)
_WORDS = {
    "crop": "cropped",
    "long": "long",
    "smic-e": "long",
    "smic_e": "long",
    **{f"{camera}{sign}e": "long" for camera in FPS for sign in "-_"},
    "raw": "raw",
}

_PEOPLE = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 18, 19, 20)
_CLIPS = (6, 6, 39, 19, 2, 4, 13, 4, 7, 9, 10, 10, 4, 7, 2, 22)
_HS = {"negative": 70, "positive": 51, "surprise": 43}
_HS_LONG = {"negative": 65, "positive": 51, "surprise": 41}
_OTHER = {"negative": 23, "positive": 28, "surprise": 20}
CUT: Mapping[str, tuple[datasets.survey.Edition, ...]] = {
    "hs": (
        datasets.survey.Edition(
            "SMIC-HS 164",
            164,
            16,
            _HS,
            {f"s{who:02d}": count for who, count in zip(_PEOPLE, _CLIPS, strict=True)},
        ),
    ),
    "vis": (datasets.survey.Edition("SMIC-VIS 71", 71, 8, _OTHER),),
    "nir": (datasets.survey.Edition("SMIC-NIR 71", 71, 8, _OTHER),),
}
"""What the folders of the cropped and the raw tree hold."""

LONG: Mapping[str, tuple[datasets.survey.Edition, ...]] = {
    "hs": (
        datasets.survey.Edition("SMIC-E-HS 157", 157, 16, _HS_LONG),
        datasets.survey.Edition("SMIC-E-HS 162", 162),
    ),
    "vis": (datasets.survey.Edition("SMIC-E-VIS 71", 71, 8, _OTHER),),
    "nir": (datasets.survey.Edition("SMIC-E-NIR 71", 71, 8, _OTHER),),
}
"""What the annotations of SMIC-E hold, one row a long clip."""


@dataclass(frozen=True, slots=True)
class Name:
    """A clip's name, read from any spelling: s1_ne_1, s01_ne_01, S1-NE-01."""

    person: int
    code: str
    count: int

    @property
    def subject(self) -> str:
        """The canonical subject, `s01`."""
        return f"s{self.person:02d}"

    @property
    def clip(self) -> str:
        """The canonical clip, `s01_ne_01`."""
        return f"{self.subject}_{self.code}_{self.count:02d}"

    @property
    def label(self) -> str:
        """negative, positive or surprise."""
        return LABELS[self.code]


def parse_name(text: str) -> Name | None:
    """The name that a folder or a cell spells, or None where it is none."""
    found = _CLIP.fullmatch(text.strip())
    return Name(int(found[1]), found[2].lower(), int(found[3])) if found else None


def classify_folder(root: Path, camera: Camera, folder: Path) -> datasets.folders.Place | None:
    """What a folder is: a clip of a camera and a tree (`hs cropped`), or None.

    Where no folder name says which camera filmed, it is taken for the wanted `camera`.
    """
    name = parse_name(folder.name)
    if name is None or folder == root or is_non_micro(root, folder):
        return None
    base = folder.parent
    while base != root and _LEVEL.fullmatch(base.name):
        base = base.parent
    levels = {part.lower() for part in folder.relative_to(base).parts[:-1]}
    kind = _name_tree_kind(root, base, folder, levels & {"micro", *LABELS.values()} != set())
    return datasets.folders.Place(base, f"{camera_of(base, root) or camera} {kind}", make_key(name))


def make_key(name: Name) -> str:
    """What a tree knows a clip by."""
    return f"{name.subject}/{name.clip}"


def of_key(key: str) -> Name:
    """The name that `key` was made of."""
    person, code, count = key.rpartition("/")[2].split("_")
    return Name(int(person[1:]), code, int(count))


def camera_of(base: Path, root: Path) -> str:
    """The camera that the nearest folder name says, from `base` up to the root; '' where none."""
    below = base.relative_to(root).parts if base.is_relative_to(root) else ()
    for part in (*reversed(below), root.resolve().name):
        found = camera_in(part)
        if found:
            return found
    return ""


def camera_in(text: str) -> str:
    """The camera that a text names, or ''."""
    found = _CAMERA.search(text)
    return found[1].lower() if found else ""


def emotion_folder(root: Path, folder: Path) -> str:
    """The emotion that a folder above a clip names, as it is spelt there; '' where none does."""
    for part in reversed(folder.relative_to(root).parts[:-1]):
        if part.lower() in LABELS.values():
            return part
    return ""


def is_non_micro(root: Path, folder: Path) -> bool:
    """Whether a folder lies below one that holds no micro-expressions."""
    return any(_NON_MICRO.fullmatch(part) for part in folder.relative_to(root).parts)


def _name_tree_kind(root: Path, base: Path, folder: Path, sorted_by_emotion: bool) -> str:
    """The kind of a tree: what its folders' names say, and their structure.

    SMIC-E does not sort its clips by emotion. Where nothing says that a clip is cut, it counts as
    long: then the annotation must cut it.
    """
    unnamed = "raw" if sorted_by_emotion else "long"
    unnamed = "cropped" if datasets.folders.looks_cropped(folder) else unnamed
    words = {word: kind for word, kind in _WORDS.items() if not sorted_by_emotion or kind != "long"}
    return datasets.folders.kind_of(base, root, words, unnamed)
