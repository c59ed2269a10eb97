"""Spotting expressions in long videos, and recognising what was spotted, as MEGC scores them.

A spotted interval is right where its IoU with a true one, counted in frames with both ends, is at
least 0.5. All videos are pooled, those without truth or without predictions too: with A matches,
M truths and N predictions, F1 is 2A / (M + N). MEGC 2019 asks for micro-expressions alone;
MEGC 2020 to 2024 ask for micro- and macro-expressions, and their overall score adds up A, M and N
of both. MEGC 2024 and 2025 ask for STRS: F1 of spotting times F1 of recognising what was spotted.

Published numbers are counted in several ways, which `mertk.spotting.rules` describes; a `rule`
chooses one. With `rule="strs2023"` the recognition is that of the STRS script, too, which differs:

- F1 of recognition is the harmonic mean of macro precision and macro recall, not UF1;
- its "UAR" is macro precision;
- a class scores 0 where all that was spotted is of it and is recognised as it.

The script knows no kinds: it is applied to each of them. Where it divides 0 by 0, or stops with an
error because nothing matched, 0 is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from mertk.core import metrics
from mertk.core.errors import DataError
from mertk.spotting.interval import IOU, Counts, Interval, Pair, divide_safely, group_intervals, iou
from mertk.spotting.interval_names import make_comparable
from mertk.spotting.rules import COUNTERS, RULES, Rule, match_intervals

__all__ = [
    "IOU",
    "RULES",
    "STRS",
    "Counts",
    "Interval",
    "Pair",
    "Rule",
    "Spotting",
    "iou",
    "match_intervals",
    "spot",
    "strs",
]


@dataclass(frozen=True, slots=True)
class Spotting:
    """What was spotted: overall, by kind (empty where kinds are not known), and the pairs.

    `by_subject` has one entry without a name where subjects are not known. A rule may count a
    prediction that matches several truths once for each.
    """

    overall: Counts
    by_kind: Mapping[str, Counts]
    pairs: tuple[Pair, ...]
    by_subject: Mapping[str, Counts]


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


def spot(
    truths: Sequence[Interval],
    predictions: Sequence[Interval],
    *,
    rule: Rule = "one_to_one",
    threshold: float = IOU,
) -> Spotting:
    """Score spotted intervals, pooled over videos.

    Where both sides know the kinds, only intervals of one kind match. Raises `DataError` where
    one side knows a kind or subject of some intervals alone, where a video's subject is needed
    and not known, or where subjects or videos differ in spelling alone (`0101` and `0101.avi`).
    """
    truths, predictions = make_comparable(truths, predictions)
    by_kind, by_subject, pairs = dict[str, Counts](), dict[str, Counts](), list[Pair]()
    none = Counts(0, 0, 0)
    for kind, sides in sorted(group_intervals(truths, predictions, attrgetter("kind")).items()):
        for subject, own in group_intervals(*sides, attrgetter("subject")).items():
            videos = list(group_intervals(*own, attrgetter("video")).values())
            counts, matched = COUNTERS[rule](videos, threshold)
            by_kind[kind] = by_kind.get(kind, none) + counts
            by_subject[subject] = by_subject.get(subject, none) + counts
            pairs += matched
    overall = sum(by_kind.values(), start=none)
    by_kind.pop("", None)
    return Spotting(overall, by_kind, tuple(pairs), by_subject)


def strs(
    truths: Sequence[Interval],
    predictions: Sequence[Interval],
    *,
    classes: Sequence[str] = (),
    rule: Rule = "one_to_one",
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
    found = spot(truths, predictions, rule=rule)
    matrix = _count_emotions(found.pairs, known)
    recognition = _as_script(matrix) if rule == "strs2023" else _as_protocol(matrix)
    return STRS(found.overall, known, int(matrix.sum()), recognition)


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
        "F1 of macro precision and macro recall": divide_safely(
            2 * precision * recall, precision + recall
        ),
        "macro precision, called UAR": precision,
        "macro recall": recall,
        "UF1": float(metrics.f1(cleared)[:-1].mean()),
    }
