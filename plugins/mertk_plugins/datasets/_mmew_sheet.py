"""The words of MMEW: its people, its emotions, and what the name of a clip says."""

from __future__ import annotations

import re

from mertk import datasets

_SUBJECT = re.compile(r"(?:s(?:ub(?:ject)?)?[ _-]*)?0*([0-9]{1,4})(?:\.0+)?", re.IGNORECASE)
_CLIP = re.compile(r"s0*([0-9]{1,4})-0*([0-9]{1,3})-0*([0-9]{1,4})", re.IGNORECASE)
_CODES = {
    1: "happiness",
    2: "surprise",
    3: "disgust",
    4: "others",
    5: "fear",
    6: "sadness",
    7: "anger",
}
_FOLDER_OF_OTHERS = "repression"

EDITIONS = (
    datasets.survey.Edition(
        "300",
        300,
        30,
        {
            "surprise": 89,
            "disgust": 72,
            "others": 66,
            "happiness": 36,
            "fear": 16,
            "sadness": 13,
            "anger": 8,
        },
    ),
)
FOLDERS = frozenset({*_CODES.values(), _FOLDER_OF_OTHERS})
"""The folders of emotions; that of the class others is called repression."""


def parse_subject(text: str) -> str | None:
    """The canonical name, `S03`, of `S03`, `s3` or `3`; None for anything else."""
    found = _SUBJECT.fullmatch(text)
    return f"S{int(found[1]):02d}" if found else None


def parse_clip(text: str) -> str | None:
    """The canonical name, `S03-01-002`, in whatever case and padding; None for anything else."""
    found = _CLIP.fullmatch(text)
    return f"S{int(found[1]):02d}-{int(found[2]):02d}-{int(found[3]):03d}" if found else None


def read_word(text: str) -> str:
    """The class that an emotion cell names."""
    word = datasets.record.canonical_emotion(text)
    return "others" if word == _FOLDER_OF_OTHERS else word


def find_disagreements(person: str, word: str, name: str) -> tuple[str, ...]:
    """What the name `S{subject}-{emotion}-{index}` says otherwise than the columns."""
    of_person, code, _ = name.split("-")
    found = []
    if of_person != person:
        found.append("subject_differs_from_name")
    if _CODES.get(int(code)) != word:
        found.append("emotion_differs_from_name")
    return tuple(found)
