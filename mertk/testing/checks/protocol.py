"""Checks of an evaluation protocol, on clips of its data sets or records that are made up."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ProtocolError
from mertk.core.offers import offered
from mertk.core.recipe import Use
from mertk.core.splits import checked
from mertk.testing.checks import common
from mertk.testing.checks._records import confusions, recorded
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Clip
    from mertk.core.splits import Split
    from mertk.testing.component import Subject


def gives_known_labels(subject: Subject) -> None:
    """A label is one of its classes or None; of a multi-label protocol, a collection of them."""
    rules = _rules(subject)
    multilabel = offered("protocol", rules, "multilabel")
    if multilabel and not rules.classes:
        raise BrokenPromise("it is multi-label and fixes no classes")
    for clip, label in _labelled(subject, rules):
        given = list(label) if multilabel and not isinstance(label, str) else [label]
        for one in given:
            if not isinstance(one, str) or (rules.classes and one not in rules.classes):
                raise BrokenPromise(
                    f"it labels {clip.uid} {one!r}, which is none of {', '.join(rules.classes)}"
                )


def labels_each_clip_alone(subject: Subject) -> None:
    """A clip's label depends on no other clip, and labelling leaves its record as it is."""
    rules = _rules(subject)
    known = _labelled(subject, rules)
    records = [copy.deepcopy(dict(clip.record)) for clip, _ in known]
    again = [_rules(subject).label(clip) for clip, _ in reversed(known)][::-1]
    for (clip, label), other, record in zip(known, again, records, strict=True):
        if _plain(label) != _plain(other):
            raise BrokenPromise(f"it labels {clip.uid} {label!r}, and {other!r} in another order")
        if dict(clip.record) != record:
            raise BrokenPromise(f"it changes the record of {clip.uid}")


def holds_people_apart(subject: Subject) -> None:
    """No person is on both sides of a fold, no side is empty, every clip is tested once."""
    rules = _rules(subject)
    kept = [clip for clip, _ in _labelled(subject, rules)]
    try:
        folds = _folds(rules, kept)
        checked(folds, [c.person for c in kept], every=offered("protocol", rules, "tests_all"))
    except ProtocolError as error:
        raise BrokenPromise(str(error)) from error


def splits_the_same_twice(subject: Subject) -> None:
    """The same clips give the same folds, and stay as they were."""
    kept = [clip for clip, _ in _labelled(subject, _rules(subject))]
    given = list(kept)
    one, other = (_folds(_rules(subject), given) for _ in range(2))
    if given != kept:
        raise BrokenPromise("it changes the list of clips")
    if [_cut(fold) for fold in one] != [_cut(fold) for fold in other]:
        raise BrokenPromise("the same clips give other folds the second time")


def scores_stay_finite(subject: Subject) -> None:
    """Scores are finite, also where a class is never predicted."""
    rules = _rules(subject)
    for title, matrix in _confusions(rules).items():
        for name, value in rules.score(matrix).items():
            if not np.isfinite(value).all():
                raise BrokenPromise(f"{name} is {value} where predictions are {title}")


def scores_stacks(subject: Subject) -> None:
    """Confusion matrices may have leading axes, and are left as they are."""
    rules = _rules(subject)
    matrices = list(_confusions(rules).values())
    stack = np.stack([np.stack(matrices), np.stack(matrices)])
    before = stack.copy()
    scores = rules.score(stack)
    if not np.array_equal(stack, before):
        raise BrokenPromise("score changes the confusion matrix that it is handed")
    for name, values in scores.items():
        alone = [float(np.asarray(rules.score(matrix)[name])) for matrix in matrices]
        if np.shape(values) != (2, len(matrices)) or not np.allclose(values, [alone, alone]):
            raise BrokenPromise(f"{name} of a stack of matrices is not that of each one")


def right_is_better(subject: Subject) -> None:
    """The first score, which models are compared by, is highest where all is right."""
    rules = _rules(subject)
    matrices = _confusions(rules)
    first = {title: next(iter(rules.score(m).items())) for title, m in matrices.items()}
    name, best = first["all right"]
    for title, (_, value) in first.items():
        if title != "all right" and not best > value:
            raise BrokenPromise(f"{name} is {value} where predictions are {title}, {best} if right")


def _rules(subject: Subject) -> Any:
    return subject.registry.build("protocol", Use(subject.entry.name))


def _clips(subject: Subject) -> Sequence[Clip]:
    """Clips of the data sets that it is made for, if they need no files, or else made-up ones."""
    rules = _rules(subject)
    try:
        uses = [Use(name) for name in rules.datasets]
        found = [
            clip for use in uses for clip in subject.registry.build("dataset", use).index(None)
        ]
    except Exception:  # noqa: BLE001  readers refuse None in ways of their own
        found = []
    return found or recorded(rules)


def _labelled(subject: Subject, rules: Any) -> list[tuple[Clip, Any]]:
    clips = _clips(subject)
    try:
        found = [(clip, rules.label(clip)) for clip in clips]
    except ProtocolError as error:
        raise DoesNotApply(f"it refuses the records that are made here: {error}") from error
    kept = [(clip, label) for clip, label in found if label is not None]
    if not kept:
        raise DoesNotApply("none of the clips that are made here counts")
    return kept


def _folds(rules: Any, clips: Sequence[Clip]) -> list[Split]:
    return list(rules.splits(clips))


def _cut(fold: Split) -> tuple[str, list[int], list[int]]:
    return fold.name, fold.train.tolist(), fold.test.tolist()


def _plain(label: Any) -> Any:
    return label if label is None or isinstance(label, str) else sorted(label)


def _confusions(rules: Any) -> dict[str, NDArray[np.float64]]:
    multilabel = offered("protocol", rules, "multilabel")
    return confusions(len(rules.classes) or 3, multilabel=multilabel)


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
