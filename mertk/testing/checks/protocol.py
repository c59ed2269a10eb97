"""Checks of an evaluation protocol, on clips of its data sets or records that are made up."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ProtocolError
from mertk.core.offers import get_offer
from mertk.core.recipe import Use
from mertk.core.splits import check_splits
from mertk.testing.checks import common
from mertk.testing.checks._records import make_confusions, make_recorded_clips
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Clip
    from mertk.core.splits import Split
    from mertk.testing.component import ComponentUnderTest


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
    known = _label_clips(subject, rules)
    records = [copy.deepcopy(dict(clip.record)) for clip, _ in known]
    again = [_build_protocol(subject).label(clip) for clip, _ in reversed(known)][::-1]
    for (clip, label), other, record in zip(known, again, records, strict=True):
        if _make_plain_label(label) != _make_plain_label(other):
            raise BrokenPromise(f"it labels {clip.uid} {label!r}, and {other!r} in another order")
        if dict(clip.record) != record:
            raise BrokenPromise(f"it changes the record of {clip.uid}")


def holds_people_apart(subject: ComponentUnderTest) -> None:
    """No person is on both sides of a fold, no side is empty, every clip is tested once."""
    rules = _build_protocol(subject)
    kept = [clip for clip, _ in _label_clips(subject, rules)]
    try:
        folds = _list_folds(rules, kept)
        check_splits(
            folds, [c.person for c in kept], every=get_offer("protocol", rules, "tests_all")
        )
    except ProtocolError as error:
        raise BrokenPromise(str(error)) from error


def splits_the_same_twice(subject: ComponentUnderTest) -> None:
    """The same clips give the same folds, and stay as they were."""
    kept = [clip for clip, _ in _label_clips(subject, _build_protocol(subject))]
    given = list(kept)
    one, other = (_list_folds(_build_protocol(subject), given) for _ in range(2))
    if given != kept:
        raise BrokenPromise("it changes the list of clips")
    if [_describe_fold(fold) for fold in one] != [_describe_fold(fold) for fold in other]:
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
    first = {title: next(iter(rules.score(m).items())) for title, m in matrices.items()}
    name, best = first["all right"]
    for title, (_, value) in first.items():
        if title != "all right" and not best > value:
            raise BrokenPromise(f"{name} is {value} where predictions are {title}, {best} if right")


def _build_protocol(subject: ComponentUnderTest) -> Any:
    return subject.registry.build("protocol", Use(subject.entry.name))


def _make_clips(subject: ComponentUnderTest) -> Sequence[Clip]:
    """Clips of the data sets that it is made for, if they need no files, or else made-up ones."""
    rules = _build_protocol(subject)
    try:
        uses = [Use(name) for name in rules.datasets]
        found = [
            clip for use in uses for clip in subject.registry.build("dataset", use).index(None)
        ]
    except Exception:  # noqa: BLE001  readers refuse None in ways of their own
        found = []
    return found or make_recorded_clips(rules)


def _label_clips(subject: ComponentUnderTest, rules: Any) -> list[tuple[Clip, Any]]:
    clips = _make_clips(subject)
    try:
        found = [(clip, rules.label(clip)) for clip in clips]
    except ProtocolError as error:
        raise DoesNotApply(f"it refuses the records that are made here: {error}") from error
    kept = [(clip, label) for clip, label in found if label is not None]
    if not kept:
        raise DoesNotApply("none of the clips that are made here counts")
    return kept


def _list_folds(rules: Any, clips: Sequence[Clip]) -> list[Split]:
    return list(rules.splits(clips))


def _describe_fold(fold: Split) -> tuple[str, list[int], list[int]]:
    return fold.name, fold.train.tolist(), fold.test.tolist()


def _make_plain_label(label: Any) -> Any:
    return label if label is None or isinstance(label, str) else sorted(label)


def _make_confusions(rules: Any) -> dict[str, NDArray[np.float64]]:
    multilabel = get_offer("protocol", rules, "multilabel")
    return make_confusions(len(rules.classes) or 3, multilabel=multilabel)


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
