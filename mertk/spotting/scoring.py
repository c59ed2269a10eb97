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
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
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
    alone. Videos are told apart by subject and name; `subject` may be empty in all truths or in
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

    Under `compat` the counts are of what the script looks at: a prediction that takes several
    truths is counted once for each.
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
    kinds = sorted({one.kind for one in (*truths, *predictions)})
    found = {
        kind: rule(_select_kind(kind, truths), _select_kind(kind, predictions)) for kind in kinds
    }
    overall = sum((counts for counts, _ in found.values()), Counts(0, 0, 0))
    pairs = itertools.chain.from_iterable(pairs for _, pairs in found.values())
    by_kind = {kind: counts for kind, (counts, _) in found.items() if kind}
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
        bare = next((one for one in side if not one.emotion), None)
        if bare is not None:
            raise DataError(f"STRS needs emotions: the {name} {bare} has none")
    known = tuple(classes) or tuple(sorted({one.emotion for one in truths}))
    found = spot(truths, predictions, compat=compat)
    matrix = _count_emotions(found.pairs, known)
    recognition = _as_script(matrix) if compat == "megc" else _as_protocol(matrix)
    return STRS(found.overall, known, int(matrix.sum()), recognition)


def _by_rules(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> tuple[Counts, list[Pair]]:
    pairs = [
        pair for sides in _group_by_video(truths, predictions) for pair in match_intervals(*sides)
    ]
    return Counts(len(pairs), len(truths), len(predictions)), pairs


def _by_script(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> tuple[Counts, list[Pair]]:
    subjects = {one.subject for one in predictions}
    truths = [one for one in truths if one.subject in subjects]
    videos = {_identify_video(one) for one in truths}
    predictions = [one for one in predictions if _identify_video(one) in videos]
    takes = [
        take for sides in _group_by_video(truths, predictions) for take in _match_greedily(*sides)
    ]
    pairs = [pair for take in takes for pair in take]
    wrong = sum(not take for take in takes)
    return Counts(len(pairs), len(truths), len(pairs) + wrong), pairs


def _match_greedily(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> Iterator[list[Pair]]:
    """Row by row, what each prediction takes: every truth that is left and overlaps enough."""
    good = iou(truths, predictions) >= IOU
    for p, prediction in enumerate(predictions):
        taken = np.flatnonzero(good[:, p]).tolist()
        yield [(truths[t], prediction) for t in taken]
        good[taken] = False


def _group_by_video(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> Iterator[tuple[list[Interval], list[Interval]]]:
    """The truths and the predictions of each video that has either, in their order."""
    sides: dict[tuple[str, str], tuple[list[Interval], list[Interval]]] = {}
    for side, intervals in enumerate((truths, predictions)):
        for one in intervals:
            sides.setdefault(_identify_video(one), ([], []))[side].append(one)
    yield from sides.values()


def _identify_video(one: Interval) -> tuple[str, str]:
    return one.subject, one.video


def _select_kind(kind: str, intervals: Sequence[Interval]) -> list[Interval]:
    return [one for one in intervals if one.kind == kind]


def _make_comparable(
    truths: Sequence[Interval], predictions: Sequence[Interval]
) -> tuple[list[Interval], list[Interval]]:
    """Both sides with subjects, or neither; and with kinds, or neither."""
    _check_names(truths, predictions)
    true, spotted = list(truths), list(predictions)
    if true and spotted:
        if _knows_field(true, "kind") != _knows_field(spotted, "kind"):
            true, spotted = ([dataclasses.replace(i, kind="") for i in s] for s in (true, spotted))
        named, also = _knows_field(true, "subject"), _knows_field(spotted, "subject")
        if named and not also:
            spotted = _with_subjects(spotted, true)
        elif also and not named:
            true = _with_subjects(true, spotted)
    return true, spotted


def _check_names(truths: Sequence[Interval], predictions: Sequence[Interval]) -> None:
    """Refuse subjects, and videos of one subject, that differ in spelling alone."""
    check_spelling(
        "subjects", [one.subject for one in (*truths, *predictions)], DataError, "intervals"
    )
    owners: dict[str, set[str]] = {}
    for one in (*truths, *predictions):
        owners.setdefault(one.subject, set()).add(one.video)
    everywhere = owners.pop("", set())
    for videos in owners.values() or [set()]:
        twice = spelt_twice(sorted(videos | everywhere), normal_video)
        if twice:
            _refuse_names(twice, {one.video for one in truths}, {one.video for one in predictions})


def _refuse_names(
    twice: Sequence[Sequence[str]], true: AbstractSet[str], spotted: AbstractSet[str]
) -> None:
    lost = spotted - true
    meant = [
        f"'{name}' (did you mean '{next((n for n in group if n in true), group[0])}'?)"
        for group in twice
        for name in group
        if name in lost and any(other != name and other in true for other in group)
    ]
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
    at = {name: number for number, name in enumerate(classes)}
    answers = [
        (at[truth.emotion], at.get(prediction.emotion, len(classes)))
        for truth, prediction in pairs
        if truth.emotion in at
    ]
    true, predicted = np.array(answers, np.int64).reshape(-1, 2).T
    return metrics.confusion(true, predicted, len(classes) + 1)


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
    ends = np.array([(one.onset, one.offset) for one in intervals], np.int64).reshape(-1, 2)
    return ends[:, 0], ends[:, 1]


def _divide_safely(above: float, below: float) -> float:
    return above / below if below else 0.0
