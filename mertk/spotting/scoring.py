"""Spotting expressions in long videos, and recognising what was spotted, as MEGC scores them.

A spotted interval is right where its IoU with a true one, counted in frames with both ends, is at
least 0.5. All videos are pooled, those without truth or without predictions too: with A matches,
M truths and N predictions, F1 is 2A / (M + N). MEGC 2019 asks for micro-expressions alone;
MEGC 2020 to 2024 ask for micro- and macro-expressions, and their overall score adds up A, M and N
of both. MEGC 2024 and 2025 ask for STRS: F1 of spotting times F1 of recognising what was spotted.

The rules say that a truth counts once, and not which prediction gets it. Here as many pairs are
made as can be (a maximum matching, one to one), and of those matchings the one with the largest
sum of IoU is taken, so that the order of rows never matters.

`compat="megc"` computes what the published script of the challenges does (Liong et al. 2023,
doi:10.1016/j.image.2022.116875), to compare with numbers made with it. It differs:

- subjects without a prediction are left out with all that was missed in them;
- predictions in videos without a truth are left out;
- truths are given away in the order of the rows, and one prediction may take several;
- F1 of recognition is the harmonic mean of macro precision and macro recall, not UF1;
- its "UAR" is macro precision;
- a class scores 0 where all that was spotted is of it and is recognised as it.

The script knows no kinds: it is applied to each of them. Where it divides 0 by 0, or stops with an
error because nothing matched, 0 is given.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mertk.core import metrics
from mertk.core.errors import DataError
from mertk.core.spelling import check_spelling, normal_video, spelt_twice

if TYPE_CHECKING:
    from numpy.typing import NDArray

IOU = 0.5
"""The least IoU of a match, in all challenges."""

Compat = Literal["megc"]


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """One expression in a long video, true or spotted; `offset` is its last frame, inclusive.

    `kind` is 'micro' or 'macro', and empty where it is not known. `emotion` is needed for STRS
    alone. Videos are identified by subject and name; `subject` may be empty in all truths or in
    all predictions where names of videos are unique. Raises `DataError` where the offset lies
    before the onset.
    """

    video: str
    onset: int
    offset: int
    kind: str = ""
    emotion: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        if self.offset < self.onset:
            raise DataError(
                f"video {self.video}: offset {self.offset} lies before onset {self.onset}. Where "
                "an offset is not annotated (0 in CAS(ME)^2), MEGC 2020 takes the apex for it"
            )


Pair = tuple[Interval, Interval]
"""A truth and the prediction that matches it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A `matches`, M `truths`, N `predictions`, pooled; a ratio over nothing is 0."""

    matches: int
    truths: int
    predictions: int

    @property
    def precision(self) -> float:
        """A / N."""
        return _divide_safely(self.matches, self.predictions)

    @property
    def recall(self) -> float:
        """A / M."""
        return _divide_safely(self.matches, self.truths)

    @property
    def f1(self) -> float:
        """2A / (M + N)."""
        return _divide_safely(2 * self.matches, self.truths + self.predictions)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.matches + other.matches,
            self.truths + other.truths,
            self.predictions + other.predictions,
        )


@dataclass(frozen=True, slots=True)
class Spotting:
    """What was spotted: overall, by kind (empty where kinds are not known), and the pairs.

    With `compat` the counts are those of the script: a prediction that matches several truths is
    counted once for each.
    """

    overall: Counts
    by_kind: Mapping[str, Counts]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class STRS:
    """Spotting, then recognising what was spotted.

    `recognition` names each score of it; the first one is the F1 that STRS is made of. `spotted`
    counts the matches that it rests on: those whose true emotion is one of `classes`.
    """

    spotting: Counts
    classes: tuple[str, ...]
    spotted: int
    recognition: Mapping[str, float]

    @property
    def value(self) -> float:
        """F1 of spotting × F1 of recognition."""
        return self.spotting.f1 * next(iter(self.recognition.values()))


def iou(truths: Sequence[Interval], predictions: Sequence[Interval]) -> NDArray[np.float64]:
    """Intersection over union of frames `[truths, predictions]`, all in the same video."""
    onset, offset = _make_end_arrays(truths)
    other_onset, other_offset = _make_end_arrays(predictions)
    first, last = np.maximum.outer(onset, other_onset), np.minimum.outer(offset, other_offset)
    shared = np.maximum(last - first + 1, 0)
    lengths = np.add.outer(offset - onset + 1, other_offset - other_onset + 1)
    return np.asarray(shared / (lengths - shared), np.float64)


def match_intervals(truths: Iterable[Interval], predictions: Iterable[Interval]) -> list[Pair]:
    """A maximum matching of intervals of one video, and of those one of the largest total IoU.

    Neither the order of the intervals nor which side is called the truth changes how many match.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = sorted(truths), sorted(predictions)
    overlap = iou(rows, columns)
    good = overlap >= IOU
    worth = np.where(good, overlap + min(good.shape) + 1, 0)  # one more pair outweighs all IoU
    found = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    return [(rows[t], columns[p]) for t, p in found if good[t, p]]


def spot(
    truths: Sequence[Interval], predictions: Sequence[Interval], *, compat: Compat | None = None
) -> Spotting:
    """Score spotted intervals, pooled over videos.

    Where both sides know the kinds, only intervals of one kind match. Raises `DataError` where
    one side knows a kind or subject of some intervals alone, where a video's subject is needed
    and not known, or where subjects or videos differ in spelling alone (`0101` and `0101.avi`).
    """
    truths, predictions = _make_comparable(truths, predictions)
    rule = _by_script if compat == "megc" else _by_rules
    overall, by_kind, pairs = Counts(0, 0, 0), {}, list[Pair]()
    for kind, sides in sorted(_group_intervals(truths, predictions, attrgetter("kind")).items()):
        counts, matched = rule(*sides)
        overall += counts
        pairs += matched
        if kind:
            by_kind[kind] = counts
    return Spotting(overall, by_kind, tuple(pairs))


def strs(
    truths: Sequence[Interval],
    predictions: Sequence[Interval],
    *,
    classes: Sequence[str] = (),
    compat: Compat | None = None,
) -> STRS:
    """The spot-then-recognise score of MEGC 2024 and 2025: only matched intervals are recognised.

    `classes` are the emotions that count, found or not; default: all that the truths have.
    Matches whose true emotion is another are spotted but not recognised; a predicted emotion that
    is no class is a miss. Raises `DataError` where an emotion is missing.
    """
    for name, side in (("truth", truths), ("prediction", predictions)):
        for one in side:
            if not one.emotion:
                raise DataError(f"STRS needs emotions: the {name} {one} has none")
    known = tuple(classes) or tuple(sorted({one.emotion for one in truths}))
    found = spot(truths, predictions, compat=compat)
    matrix = _count_emotions(found.pairs, known)
    recognition = _as_script(matrix) if compat == "megc" else _as_protocol(matrix)
    return STRS(found.overall, known, int(matrix.sum()), recognition)


def _by_rules(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> tuple[Counts, list[Pair]]:
    pairs = []
    for sides in _group_intervals(truths, predictions, _VIDEO).values():
        pairs += match_intervals(*sides)
    return Counts(len(pairs), len(truths), len(predictions)), pairs


def _by_script(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> tuple[Counts, list[Pair]]:
    subjects = {one.subject for one in predictions}
    pairs, wrong, count = [], 0, 0
    for sides in _group_intervals(truths, predictions, _VIDEO).values():
        true, spotted = sides
        if not true or true[0].subject not in subjects:
            continue
        count += len(true)
        good = iou(true, spotted) >= IOU
        for p, prediction in enumerate(spotted):  # each takes every truth that is left
            taken = np.flatnonzero(good[:, p]).tolist()
            pairs += [(true[t], prediction) for t in taken]
            wrong += not taken
            good[taken] = False
    return Counts(len(pairs), count, len(pairs) + wrong), pairs


_VIDEO = attrgetter("subject", "video")


def _group_intervals(
    truths: Sequence[Interval], predictions: Sequence[Interval], key: Callable[[Interval], Any]
) -> dict[Any, tuple[list[Interval], list[Interval]]]:
    """The truths and the predictions of each key, in their order."""
    groups: dict[Any, tuple[list[Interval], list[Interval]]] = {}
    for side, intervals in enumerate((truths, predictions)):
        for one in intervals:
            groups.setdefault(key(one), ([], []))[side].append(one)
    return groups


def _make_comparable(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> tuple[list[Interval], list[Interval]]:
    """Both sides with or without subjects, and with or without kinds."""
    _check_names(truths, predictions)
    true, spotted = list(truths), list(predictions)
    if true and spotted:
        if _knows_field(true, "kind") != _knows_field(spotted, "kind"):
            drop_kind = functools.partial(dataclasses.replace, kind="")
            true, spotted = list(map(drop_kind, true)), list(map(drop_kind, spotted))
        named, also = _knows_field(true, "subject"), _knows_field(spotted, "subject")
        if named and not also:
            spotted = _with_subjects(spotted, true)
        elif also and not named:
            true = _with_subjects(true, spotted)
    return true, spotted


def _check_names(truths: Sequence[Interval], predictions: Sequence[Interval]) -> None:
    """Refuse subjects, and videos of one subject, that differ in spelling alone."""
    owners: dict[str, set[str]] = {}
    for one in (*truths, *predictions):
        owners.setdefault(one.subject, set()).add(one.video)
    check_spelling("subjects", owners, DataError, "intervals")
    everywhere = owners.pop("", set())
    for videos in owners.values() or [set()]:
        twice = spelt_twice(sorted(videos | everywhere), normal_video)
        if twice:
            _refuse_names(twice, {one.video for one in truths}, {one.video for one in predictions})


def _refuse_names(
    twice: Sequence[Sequence[str]], true: AbstractSet[str], spotted: AbstractSet[str]
) -> None:
    lost, meant = spotted - true, []
    for group in twice:
        known = [name for name in group if name in true]
        for name in group:
            if known and name in lost:
                meant.append(f"'{name}' (did you mean '{known[0]}'?)")
    if meant:
        more = f"; and {len(meant) - 5} more" if len(meant) > 5 else ""
        raise DataError(
            f"{len(lost)} of {len(spotted)} predicted videos are not in the truth, "
            f"{len(meant)} of them for their spelling alone: {'; '.join(meant[:5])}{more}. Write "
            "each video in one way"
        )
    check_spelling("videos", itertools.chain(*twice), DataError, "intervals", normal_video)


def _knows_field(intervals: Sequence[Interval], what: Literal["kind", "subject"]) -> bool:
    bare = [one for one in intervals if not getattr(one, what)]
    if bare and len(bare) < len(intervals):
        raise DataError(f"some intervals have a {what} and some have none, such as {bare[0]}")
    return not bare


def _with_subjects(bare: Sequence[Interval], named: Sequence[Interval]) -> list[Interval]:
    """The intervals of one side with the subjects that the other side gives to their videos."""
    owners: dict[str, str] = {}
    for one in named:
        if owners.setdefault(one.video, one.subject) != one.subject:
            raise DataError(
                f"video '{one.video}' is of {owners[one.video]} and of {one.subject}, and the "
                "intervals to compare with name no subject: give them one"
            )
    return [dataclasses.replace(one, subject=owners.get(one.video, "")) for one in bare]


def _count_emotions(pairs: Iterable[Pair], classes: Sequence[str]) -> NDArray[np.int64]:
    """Counts `[true, predicted]` of the classes; a last row and column are for none of them."""
    other = len(classes)
    numbers = dict(zip(classes, range(other), strict=True))
    true, predicted = [], []
    for truth, prediction in pairs:
        if truth.emotion in numbers:
            true.append(numbers[truth.emotion])
            predicted.append(numbers.get(prediction.emotion, other))
    return metrics.confusion(np.array(true, np.int64), np.array(predicted, np.int64), other + 1)


def _as_protocol(matrix: NDArray[np.int64]) -> dict[str, float]:
    return {
        "UF1": float(metrics.f1(matrix)[:-1].mean()),
        "UAR": float(metrics.recall(matrix)[:-1].mean()),
    }


def _as_script(matrix: NDArray[np.int64]) -> dict[str, float]:
    """The script's scores, called what they are."""
    hits = np.diagonal(matrix)
    alone = hits == matrix.sum()
    cleared = np.where(np.diag(alone), 0, matrix)
    precision = float(metrics.recall(cleared.T)[:-1].mean())
    recall = float(metrics.recall(cleared)[:-1].mean())
    return {
        "F1 of macro precision and macro recall": _divide_safely(
            2 * precision * recall, precision + recall
        ),
        "macro precision, called UAR": precision,
        "macro recall": recall,
        "UF1": float(metrics.f1(cleared)[:-1].mean()),
    }


def _make_end_arrays(intervals: Sequence[Interval]) -> tuple[NDArray[Any], NDArray[Any]]:
    ends = list(map(attrgetter("onset", "offset"), intervals))
    onset, offset = np.array(ends, np.int64).reshape(-1, 2).T
    return onset, offset


def _divide_safely(above: float, below: float) -> float:
    return above / below if below else 0.0
