"""Checks of an evaluation protocol, on clips of its data sets or records that are made up."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Clip, Footage, Frames
from mertk.core.errors import ProtocolError
from mertk.core.offers import get_offer
from mertk.core.recipe import Use
from mertk.core.splits import check_splits
from mertk.datasets.record import Record
from mertk.testing.checks import common
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.interfaces import EvaluationProtocol
    from mertk.core.splits import Split
    from mertk.testing.component import ComponentUnderTest


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
_PEOPLE = 12  # people of each made-up data set: enough for ten folds

_PARTS = ("train", "train", "testA", "testB")


def gives_known_labels(subject: ComponentUnderTest) -> None:
    """A label is one of its classes or None; of a multi-label protocol, a collection of them."""
    rules = _build_protocol(subject)
    multilabel = get_offer("protocol", rules, "multilabel")
    if multilabel and not rules.classes:
        raise BrokenPromise("it is multi-label and fixes no classes")
    for clip, label in _label_clips(subject, rules):
        given = list(label) if multilabel and not isinstance(label, str) else [label]
        for one in given:
            if not isinstance(one, str) or (rules.classes and one not in rules.classes):
                raise BrokenPromise(
                    f"it labels {clip.uid} {one!r}, which is none of {', '.join(rules.classes)}"
                )


def labels_each_clip_alone(subject: ComponentUnderTest) -> None:
    """A clip's label depends on no other clip, and labelling leaves its record as it is."""
    rules = _build_protocol(subject)
    for clip, label in reversed(_label_clips(subject, rules)):
        record = copy.deepcopy(dict(clip.record))
        other = _build_protocol(subject).label(clip)
        if _make_plain_label(label) != _make_plain_label(other):
            raise BrokenPromise(f"it labels {clip.uid} {label!r}, and {other!r} in another order")
        if dict(clip.record) != record:
            raise BrokenPromise(f"it changes the record of {clip.uid}")


def holds_people_apart(subject: ComponentUnderTest) -> None:
    """No person is on both sides of a fold, no side is empty, every clip is tested once."""
    rules = _build_protocol(subject)
    clips = [clip for clip, _ in _label_clips(subject, rules)]
    people = [clip.person for clip in clips]
    try:
        check_splits(rules.splits(clips), people, every=get_offer("protocol", rules, "tests_all"))
    except ProtocolError as error:
        raise BrokenPromise(str(error)) from error


def splits_the_same_twice(subject: ComponentUnderTest) -> None:
    """The same clips give the same folds, and stay as they were."""
    kept = [clip for clip, _ in _label_clips(subject, _build_protocol(subject))]
    given = list(kept)
    one, other = (
        list(_build_protocol(subject).splits(given)),
        _build_protocol(subject).splits(given),
    )
    if given != kept:
        raise BrokenPromise("it changes the list of clips")
    if list(map(_describe_fold, one)) != list(map(_describe_fold, other)):
        raise BrokenPromise("the same clips give other folds the second time")


def scores_stay_finite(subject: ComponentUnderTest) -> None:
    """Scores are finite, also where a class is never predicted."""
    rules = _build_protocol(subject)
    for title, matrix in _make_confusions(rules).items():
        for name, value in rules.score(matrix).items():
            if not np.isfinite(value).all():
                raise BrokenPromise(f"{name} is {value} where predictions are {title}")


def scores_stacks(subject: ComponentUnderTest) -> None:
    """Confusion matrices may have leading axes, and are left as they are."""
    rules = _build_protocol(subject)
    matrices = list(_make_confusions(rules).values())
    stack = np.stack([np.stack(matrices), np.stack(matrices)])
    before = stack.copy()
    scores = rules.score(stack)
    if not np.array_equal(stack, before):
        raise BrokenPromise("score changes the confusion matrix that it is handed")
    for name, values in scores.items():
        alone = [float(np.asarray(rules.score(matrix)[name])) for matrix in matrices]
        if np.shape(values) != (2, len(matrices)) or not np.allclose(values, [alone, alone]):
            raise BrokenPromise(f"{name} of a stack of matrices is not that of each one")


def right_is_better(subject: ComponentUnderTest) -> None:
    """The first score, which models are compared by, is highest where all is right."""
    rules = _build_protocol(subject)
    matrices = _make_confusions(rules)
    name, best = next(iter(rules.score(matrices.pop("all right")).items()))
    for title, matrix in matrices.items():
        value = rules.score(matrix)[name]
        if not best > value:
            raise BrokenPromise(f"{name} is {value} where predictions are {title}, {best} if right")


def _build_protocol(subject: ComponentUnderTest) -> Any:
    return subject.registry.build("protocol", Use(subject.entry.name))


def _make_clips(subject: ComponentUnderTest) -> Sequence[Clip]:
    """Clips of the data sets that it is made for, if they need no files, or else made-up ones."""
    rules = _build_protocol(subject)
    found: list[Clip] = []
    try:
        for name in rules.datasets:
            found += subject.registry.build("dataset", Use(name)).index(None)
    except Exception:  # noqa: BLE001  readers refuse None in ways of their own
        found = []
    return found or _make_recorded_clips(rules)


def _label_clips(subject: ComponentUnderTest, rules: Any) -> list[tuple[Clip, Any]]:
    kept = []
    try:
        for clip in _make_clips(subject):
            label = rules.label(clip)
            if label is not None:
                kept.append((clip, label))
    except ProtocolError as error:
        raise DoesNotApply(f"it refuses the records that are made here: {error}") from error
    if not kept:
        raise DoesNotApply("none of the clips that are made here counts")
    return kept


def _describe_fold(fold: Split) -> tuple[str, list[int], list[int]]:
    return fold.name, fold.train.tolist(), fold.test.tolist()


def _make_plain_label(label: Any) -> Any:
    return label if label is None or isinstance(label, str) else sorted(label)


def _make_recorded_clips(rules: EvaluationProtocol) -> list[Clip]:
    """Every emotion word, by some people of each data set that the protocol is made for."""
    words = tuple(dict.fromkeys([*rules.classes, *_WORDS]))
    clips = []
    for dataset in rules.datasets or ("one", "another"):
        for person in range(_PEOPLE):
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
        official_split=_PARTS[person % len(_PARTS)],
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


def _make_confusions(rules: Any) -> dict[str, NDArray[np.float64]]:
    """Pooled confusion matrices `[true, predicted]` by name; per class 2x2 if multi-label."""
    classes = len(rules.classes) or 3
    multilabel = get_offer("protocol", rules, "multilabel")
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


CHECKS = (
    *common.DECLARED,
    common.spells_offers,
    gives_known_labels,
    labels_each_clip_alone,
    holds_people_apart,
    splits_the_same_twice,
    scores_stay_finite,
    scores_stacks,
    right_is_better,
)
