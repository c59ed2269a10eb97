"""Spotted intervals scored by the rules and as the challenges' script does, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mertk.core.errors import DataError
from mertk.core.printing import text_console
from mertk.core.spelling import check_spelling
from mertk.spotting.scoring import STRS, Compat, Counts, Interval, Spotting, spot, strs

if TYPE_CHECKING:
    from rich.table import Table

_RULES: Mapping[str, Compat | None] = {"correct": None, "megc": "megc"}
_SHOWN = 5
_TITLES = {"correct": "by the rules", "megc": "MEGC script"}


@dataclass(frozen=True, slots=True)
class Spotted:
    """Scores by rule ('correct', 'megc'); STRS where both sides have emotions, else empty.

    `predicted_videos` are how many there are, `without_truth` those that the truth does not name.
    """

    spotting: Mapping[str, Spotting]
    strs: Mapping[str, STRS]
    micro_alone: bool
    predicted_videos: int
    without_truth: tuple[str, ...]


def score(
    truths: Sequence[Interval], predictions: Sequence[Interval], classes: Sequence[str] = ()
) -> Spotted:
    """Score by both rules; STRS is of micro-expressions alone where kinds are known.

    Raises `DataError` where `classes` are given and emotions are not, or where emotions, subjects
    or videos differ in spelling alone.
    """
    classes = [name.lower() for name in classes]
    emotions = [one.emotion for one in (*truths, *predictions)]
    check_spelling("emotions", [*classes, *emotions], DataError, "intervals")
    found = {rule: spot(truths, predictions, compat=how) for rule, how in _RULES.items()}
    with_emotions = all(one.emotion for one in (*truths, *predictions))
    if classes and not with_emotions:
        raise DataError("--classes are the emotions of STRS, but not every interval has an emotion")
    predicted = {one.video for one in predictions}
    strangers = tuple(sorted(predicted - {one.video for one in truths}))
    if not with_emotions:
        return Spotted(found, {}, False, len(predicted), strangers)
    micro = bool(found["correct"].by_kind)
    true, spotted = (
        [one for one in side if not micro or one.kind == "micro"] for side in (truths, predictions)
    )
    recognised = {
        rule: strs(true, spotted, classes=classes, compat=how) for rule, how in _RULES.items()
    }
    return Spotted(found, recognised, micro, len(predicted), strangers)


def to_json(found: Spotted) -> dict[str, Any]:
    """Everything that is shown, for machines."""
    return {
        rule: {
            "overall": _describe_counts(spotting.overall),
            "by_kind": {
                kind: _describe_counts(counts) for kind, counts in spotting.by_kind.items()
            },
            "strs": _describe_strs(found.strs[rule]) if rule in found.strs else None,
        }
        for rule, spotting in found.spotting.items()
    } | {"predicted_videos_without_truth": list(found.without_truth)}


def print_spotting_scores(found: Spotted) -> None:
    """Print the table and what it means."""
    console = text_console()
    console.print(_make_table(found))
    for sentence in list_sentences(found):
        console.print(sentence, markup=False)


def list_sentences(found: Spotted) -> list[str]:
    """What the table means, and which predicted videos the truth does not name."""
    script = (
        "The MEGC script leaves out subjects without predictions and videos without true "
        "intervals, and lets a prediction match several true intervals; its F1 of recognition is "
        "not UF1."
    )
    said = [script]
    if found.without_truth:
        names = ", ".join(found.without_truth[:_SHOWN])
        more = f" and {len(found.without_truth) - _SHOWN} more" * (
            len(found.without_truth) > _SHOWN
        )
        said.append(
            f"{len(found.without_truth)} of {found.predicted_videos} predicted videos are not in "
            f"the truth ({names}{more}): by the rules, every interval spotted in them is wrong. "
            "Do these videos have other names in the truth?"
        )
    return said


def _describe_counts(counts: Counts) -> dict[str, float]:
    return {
        "matches": counts.matches,
        "truths": counts.truths,
        "predictions": counts.predictions,
        "precision": counts.precision,
        "recall": counts.recall,
        "F1": counts.f1,
    }


def _describe_strs(found: STRS) -> dict[str, Any]:
    return {
        "STRS": found.value,
        "F1 of spotting": found.spotting.f1,
        "classes": list(found.classes),
        "recognised": found.spotted,
        "recognition": dict(found.recognition),
    }


def _make_table(found: Spotted) -> Table:
    from rich.table import Table

    drawn = Table(title="spotting, IoU ≥ 0.5, pooled over videos", title_justify="left", box=None)
    drawn.add_column("", overflow="fold")
    for rule in found.spotting:
        drawn.add_column(_TITLES[rule], justify="right", no_wrap=True)
    for part in ("overall", *found.spotting["correct"].by_kind):
        sides = [
            _describe_counts(_get_counts(spotting, part)) for spotting in found.spotting.values()
        ]
        for name in sides[0]:
            drawn.add_row(f"{part} {name}", *[_format_number(side[name]) for side in sides])
    _add_strs(drawn, found)
    return drawn


def _get_counts(spotting: Spotting, part: str) -> Counts:
    return spotting.overall if part == "overall" else spotting.by_kind[part]


def _add_strs(drawn: Table, found: Spotted) -> None:
    if not found.strs:
        return
    of = " of micro-expressions" if found.micro_alone else ""
    drawn.add_section()
    drawn.add_row(f"STRS{of}", *[_format_number(one.value) for one in found.strs.values()])
    correct, script = (one.recognition for one in found.strs.values())
    for name in dict.fromkeys([*correct, *script]):
        cells = [
            _format_number(scores[name]) if name in scores else "–" for scores in (correct, script)
        ]
        drawn.add_row(f"recognition {name}", *cells)


def _format_number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4f}"
