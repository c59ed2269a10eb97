"""Clips without a picture, whose records hold all that protocols read labels from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Clip, Footage, Frames
from mertk.datasets.record import Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.interfaces import EvaluationProtocol

_WORDS = (
    "anger",
    "contempt",
    "disgust",
    "fear",
    "happiness",
    "sadness",
    "surprise",
    "others",
    "repression",
    "tense",
    "negative",
    "positive",
)
_UNITS = ((1, 2), (4,), (6, 12), (5, 7), (9,), (10,), (14,), (15, 17))
_PARTS = ("train", "train", "testA", "testB")


def make_recorded_clips(rules: EvaluationProtocol) -> list[Clip]:
    """Every emotion word, by four people of each data set that the protocol is made for."""
    words = tuple(dict.fromkeys([*rules.classes, *_WORDS]))
    clips = []
    for dataset in rules.datasets or ("one", "another"):
        for person in range(len(_PARTS)):
            for number, word in enumerate(words):
                clips.append(_make_clip(dataset, person, word, number))
    return clips


def _make_clip(dataset: str, person: int, word: str, number: int) -> Clip:
    subject, name = f"s{person}", f"c{number}"
    units = _UNITS[(number + person) % len(_UNITS)]
    record = Record(
        uid=f"{dataset}/{subject}/{name}",
        dataset=dataset,
        subject=subject,
        subject_native=subject,
        clip=name,
        label=word,
        synthetic=True,
        onset=0,
        apex=1,
        offset=1,
        fps=100.0,
        emotion_raw=word,
        emotion=word,
        emotions=(word,),
        valence=word,
        self_report=word,
        au_raw="+".join(map(str, units)),
        au_set=units,
        au_known=True,
        objective_class=number % 5 + 1,
        official_split=_PARTS[person],
    )
    frames = Frames.of(np.zeros((2, 8, 8, 3), np.uint8))
    return Clip(
        dataset=dataset,
        subject=subject,
        name=name,
        footage=Footage(frames=frames, onset=0, apex=1, offset=1),
        fingerprint=record.uid,
        record=record.to_dict(),
    )


def make_confusions(classes: int, *, multilabel: bool) -> dict[str, NDArray[np.float64]]:
    """Pooled confusion matrices `[true, predicted]` by name; per class 2x2 if multi-label."""
    size = 2 if multilabel else classes
    right = np.eye(size)
    rows, columns = np.indices((size, size))
    found = {
        "all right": 10 * right,
        "all wrong": 10 * (1 - right),
        "one class predicted": 10 * right[[0] * size],
        "mixed": 1 + 5 * right + (rows + columns) % 3,
    }
    if multilabel:
        return {name: np.repeat(matrix[None], classes, axis=0) for name, matrix in found.items()}
    return found
