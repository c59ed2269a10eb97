"""Score a file of spotted intervals by all rules, with notes on the file."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mertk.core.errors import DataError
from mertk.core.spelling import check_spelling
from mertk.evaluation import statistics
from mertk.spotting.interval import Counts, Interval
from mertk.spotting.interval_names import knows_field, list_unknown_videos, make_comparable
from mertk.spotting.rules import RULES, Rule
from mertk.spotting.scoring import STRS, Spotting, spot, strs

Kind = Literal["micro", "macro"]
STRS_RULES: Sequence[Rule] = ("one_to_one", "strs2023")
"""The rules that say how to recognise what was spotted."""

_WORDS = {"micro": "micro-expressions", "macro": "macro-expressions", "": "expressions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredIntervals:
    """Scores by rule.

    `truths` and `predictions` are what was compared. `ends` are the 95 % intervals of F1 over
    subjects of one-to-one matching, by 'overall' and kind; empty where no two subjects are known.
    `strs` is empty where `without_strs` says why. `unknown` are predicted videos that the truth
    does not name, as they are told, `videos` how many were predicted.
    """

    name: str
    truths: tuple[Interval, ...]
    predictions: tuple[Interval, ...]
    spotting: Mapping[Rule, Spotting]
    ends: Mapping[str, tuple[float, float]]
    strs: Mapping[Rule, STRS]
    without_strs: str
    strs_kind: str
    videos: int
    unknown: Mapping[str, str]
    notes: tuple[str, ...]


def score_intervals(
    truths: Sequence[Interval],
    predictions: Sequence[Interval],
    classes: Sequence[str] = (),
    *,
    kind: Kind | None = None,
    silent: AbstractSet[str] = frozenset(),
    name: str = "predictions",
    notes: Sequence[str] = (),
) -> ScoredIntervals:
    """Score by all rules; STRS is of micro-expressions alone where kinds are known.

    Args:
        truths: all true expressions.
        predictions: the spotted ones.
        classes: the emotions of STRS; default: those of the truths.
        kind: score expressions of this kind alone. Predictions without kinds are all taken for it.
        silent: videos that are known to hold no expression.
        name: what the predictions are called.
        notes: sentences on the truth, which are kept.

    Raises:
        DataError: where `classes` are given and emotions are not, where emotions, subjects or
            videos differ in spelling alone, or where no predicted video is in the truth.
    """
    classes = list(map(str.lower, classes))
    emotions = [one.emotion for one in (*truths, *predictions)]
    check_spelling("emotions", [*classes, *filter(None, emotions)], DataError, "intervals")
    unknown = list_unknown_videos(truths, predictions, silent)
    notes = [*notes, *_compare_kinds(truths, predictions, kind)]
    if kind:
        truths = [one for one in truths if one.kind == kind]
        found = [replace(one, kind=one.kind or kind) for one in predictions]
        predictions = [one for one in found if one.kind == kind]
    true, spotted = make_comparable(truths, predictions)
    scores = {rule: spot(true, spotted, rule=rule) for rule in RULES}
    ends = {"overall": interval_of_f1(scores["one_to_one"].by_subject)}
    for part in scores["one_to_one"].by_kind:
        own = spot(_select_kind(true, part), _select_kind(spotted, part))
        ends[part] = interval_of_f1(own.by_subject)
    micro = "micro" if any(one.kind for one in true) else ""
    sides = _select_kind(true, micro), _select_kind(spotted, micro)
    why = _explain_no_strs(*sides, micro)
    if classes and why:
        raise DataError(f"--classes are the emotions of STRS, but {why}")
    recognised = {}
    for rule in () if why else STRS_RULES:
        recognised[rule] = strs(*sides, classes=classes, rule=rule)
    return ScoredIntervals(
        name=name,
        truths=tuple(true),
        predictions=tuple(spotted),
        spotting=scores,
        ends={part: one for part, one in ends.items() if one is not None},
        strs=recognised,
        without_strs=why,
        strs_kind=micro,
        videos=len({one.video for one in predictions}),
        unknown=unknown,
        notes=tuple(notes),
    )


def interval_of_f1(by_subject: Mapping[str, Counts]) -> tuple[float, float] | None:
    """The 95 % interval of F1 over subjects (jackknife); None where there are not two of them."""
    if len(by_subject) < 2:
        return None
    total = sum(by_subject.values(), start=Counts(0, 0, 0))
    left_out = []
    for one in by_subject.values():
        truths, predictions = total.truths - one.truths, total.predictions - one.predictions
        left_out.append(Counts(total.matches - one.matches, truths, predictions).f1)
    low, high = statistics.jackknife_interval(total.f1, np.array(left_out))
    return float(low), float(high)


def _select_kind(intervals: Sequence[Interval], kind: str) -> list[Interval]:
    return [one for one in intervals if one.kind == kind]


def _compare_kinds(
    truths: Sequence[Interval], predictions: Sequence[Interval], kind: Kind | None
) -> list[str]:
    """Sentences on kinds that one side alone knows: they change what is scored."""
    named = bool(truths) and knows_field(truths, "kind")
    also = not predictions or knows_field(predictions, "kind")
    if kind and not named:
        raise DataError(f"--kind {kind}: the truth has no types; it needs a column 'type'")
    if named and not also:
        micro = sum(one.kind == "micro" for one in truths)
        if kind:
            return [f"The predictions have no type: all are taken for {_WORDS[kind]}."]
        counts = f"{len(truths)} true expressions, {micro} micro and {len(truths) - micro} macro"
        return [
            f"The predictions have no type: they are compared with all {counts}.",
            "--kind micro compares them with micro-expressions alone.",
        ]
    if predictions and also and not named:
        return ["The truth has no types: those of the predictions are not used."]
    return []


def _explain_no_strs(truths: Sequence[Interval], predictions: Sequence[Interval], kind: str) -> str:
    """Why there is no STRS; empty where both sides have all emotions."""
    of = _WORDS[kind]
    if not truths:
        return f"the truth has no {of}"
    lacking = {}
    for side, intervals in (("true", truths), ("predicted", predictions)):
        bare = [one for one in intervals if not one.emotion]
        if bare:
            lacking[side] = f"{len(bare)} of {len(intervals)} {side} {of} have no emotion"
            if len(bare) < len(intervals):
                where = bare[0]
                lacking[side] += f", such as {where.video} {where.onset}–{where.offset}"
    return " and ".join(lacking.values())
