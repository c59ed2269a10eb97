"""Spotted intervals and their scores: files, tables on the terminal, and JSON.

Spotters that mertk runs on long videos are scored by the rules. Intervals from a file are scored by
the rules and as the challenges' script does, side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.core.errors import DataError
from mertk.core.escaping import csv_text
from mertk.core.printing import text_console
from mertk.core.spelling import check_spelling
from mertk.report.tables import make_table
from mertk.spotting.scoring import STRS, Compat, Counts, Interval, Spotting, spot, strs
from mertk.storage.atomic_files import json_text, write_files

if TYPE_CHECKING:
    from mertk.spotting.search import Outcome, Searched

TRUTH, SUMMARY = "truth.csv", "spot.json"
"""What is written beside the spotters' files."""

_TRUTH = ("subject", "video", "onset", "offset", "type")
_FOUND = (*_TRUTH, "apex", "strength")
_TYPES = {"micro": "me", "macro": "mae"}
_RULES: Mapping[str, Compat | None] = {"correct": None, "megc": "megc"}
_NAMED = 5  # how many unknown videos are named


def file_names(spotters: Sequence[str]) -> list[str]:
    """The files of spotters by name; of two of one name the second file ends with -2."""
    found = []
    for at, name in enumerate(spotters):
        same = spotters[:at].count(name)
        found.append(f"spots-{name}-{same + 1}.csv" if same else f"spots-{name}.csv")
    return found


def write_spotting(found: Searched, folder: Path) -> list[Path]:
    """Write truth.csv and spots-NAME.csv, as `mertk score --spotting` reads them, and spot.json.

    Gives the spotters' files. Raises `StorageError` as `write_files` does.
    """
    texts = {TRUTH: csv_text(_TRUTH, map(_make_row, found.truths))}
    names = file_names([outcome.spotter.name for outcome in found.outcomes])
    for name, outcome in zip(names, found.outcomes, strict=True):
        rows = []
        for find in outcome.finds:
            more = {"apex": find.apex, "strength": round(find.strength, 3)}
            rows.append(_make_row(find.interval) | more)
        texts[name] = csv_text(_FOUND, rows)
    write_files(folder, texts | {SUMMARY: json_text(to_json(found))})
    return [folder / name for name in names]


def to_json(found: Searched) -> dict[str, Any]:
    """Everything that is printed, as JSON."""
    return {
        "dataset": found.dataset.to_json(),
        "synthetic": found.synthetic,
        "videos": len(found.videos),
        "minutes": sum(video.seconds for video in found.videos) / 60,
        "spotters": list(map(_describe_outcome, found.outcomes)),
    }


def print_spotting(found: Searched) -> None:
    """Print a table: one row per spotter and kind."""
    made = " (synthetic)" if found.synthetic else ""
    minutes = sum(video.seconds for video in found.videos) / 60
    silent = sum(not video.truths for video in found.videos)
    title = (
        f"{found.dataset}{made}: {len(found.videos)} videos, {minutes:.1f} minutes, "
        f"{silent} without an annotated expression; IoU ≥ 0.5"
    )
    head = ("spotter", "kind", "true", "spotted", "matched", "precision", "recall", "F1")
    table = make_table(title, head, texts=2)
    console = text_console()
    for outcome in found.outcomes:
        spotter = str(outcome.spotter)
        for name, counts in _list_parts(outcome).items():
            numbers = map(str, (counts.truths, counts.predictions, counts.matches))
            ratios = map("{:.3f}".format, (counts.precision, counts.recall, counts.f1))
            table.add_row(spotter if name == "overall" else "", name, *numbers, *ratios)
    console.print(table)
    for outcome in found.outcomes:
        spent = 1000 * outcome.busy / max(outcome.frames, 1)
        rate = len(outcome.finds) / max(outcome.minutes, 1e-9)
        console.print(
            f"{outcome.spotter}: {rate:.1f} spots per minute; {spent:.1f} ms per frame with reading"
        )
        if outcome.lost:
            console.print(
                f"{outcome.spotter}: no single face can be tracked in {outcome.lost} of "
                f"{outcome.frames} frames; expressions in them are missed"
            )


def _list_parts(outcome: Outcome) -> Mapping[str, Counts]:
    return {"overall": outcome.overall, **outcome.by_kind, "either kind": outcome.either}


def _describe_outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "spotter": outcome.spotter.to_json(),
        "scores": {name: _describe_counts(counts) for name, counts in _list_parts(outcome).items()},
        "frames": outcome.frames,
        "lost": outcome.lost,
        "seconds": outcome.busy,
        "spots_per_minute": len(outcome.finds) / max(outcome.minutes, 1e-9),
    }


def _describe_counts(counts: Counts) -> dict[str, float]:
    ratios = {"precision": counts.precision, "recall": counts.recall, "F1": counts.f1}
    return {**asdict(counts), **ratios}


def _make_row(one: Interval) -> dict[str, Any]:
    return asdict(one) | {"type": _TYPES[one.kind]}


@dataclass(frozen=True, slots=True)
class ScoredIntervals:
    """Scores by rule ('correct', 'megc'); STRS where both sides have emotions, else empty.

    `predicted_videos` are how many there are, `without_truth` those that the truth does not name.
    """

    spotting: Mapping[str, Spotting]
    strs: Mapping[str, STRS]
    micro_alone: bool
    predicted_videos: int
    without_truth: tuple[str, ...]


def score_intervals(
    truths: Sequence[Interval], predictions: Sequence[Interval], classes: Sequence[str] = ()
) -> ScoredIntervals:
    """Score by both rules; STRS is of micro-expressions alone where kinds are known.

    Raises `DataError` where `classes` are given and emotions are not, or where emotions, subjects
    or videos differ in spelling alone.
    """
    classes = list(map(str.lower, classes))
    emotions = [one.emotion for one in (*truths, *predictions)]
    check_spelling("emotions", [*classes, *emotions], DataError, "intervals")
    found = {rule: spot(truths, predictions, compat=how) for rule, how in _RULES.items()}
    if classes and not all(emotions):
        raise DataError("--classes are the emotions of STRS, but not every interval has an emotion")
    predicted = {one.video for one in predictions}
    unknown = tuple(sorted(predicted.difference(one.video for one in truths)))
    micro = all(emotions) and bool(found["correct"].by_kind)
    if micro:
        truths = [one for one in truths if one.kind == "micro"]
        predictions = [one for one in predictions if one.kind == "micro"]
    recognised = {}
    for rule, how in _RULES.items() if all(emotions) else ():
        recognised[rule] = strs(truths, predictions, classes=classes, compat=how)
    return ScoredIntervals(found, recognised, micro, len(predicted), unknown)


def scores_to_json(found: ScoredIntervals) -> dict[str, Any]:
    """Everything that is printed, as JSON."""
    rules: dict[str, Any] = {}
    for rule, spotting in found.spotting.items():
        kinds = {kind: _describe_counts(counts) for kind, counts in spotting.by_kind.items()}
        rules[rule] = {"overall": _describe_counts(spotting.overall), "by_kind": kinds}
        one = found.strs.get(rule)
        rules[rule]["strs"] = one and {
            "STRS": one.value,
            "F1 of spotting": one.spotting.f1,
            "classes": list(one.classes),
            "recognised": one.spotted,
            "recognition": dict(one.recognition),
        }
    return rules | {"predicted_videos_without_truth": list(found.without_truth)}


def print_scores(found: ScoredIntervals) -> None:
    """Print the scores by both rules, and what they mean."""
    title = "spotting, IoU ≥ 0.5, pooled over videos"
    table = make_table(title, ["", "by the rules", "MEGC script"])
    rows: dict[str, list[str]] = {}
    for spotting in found.spotting.values():
        for part, counts in {"overall": spotting.overall, **spotting.by_kind}.items():
            for name, value in _describe_counts(counts).items():
                rows.setdefault(f"{part} {name}", []).append(_format_number(value))
    for label, cells in rows.items():
        table.add_row(label, *cells)
    if found.strs:
        of = " of micro-expressions" if found.micro_alone else ""
        table.add_section()
        correct, script = found.strs["correct"], found.strs["megc"]
        table.add_row(f"STRS{of}", _format_number(correct.value), _format_number(script.value))
        for name in {**correct.recognition, **script.recognition}:
            values = correct.recognition.get(name), script.recognition.get(name)
            table.add_row(f"recognition {name}", *map(_format_number, values))
    console = text_console()
    console.print(table)
    console.print(
        "The MEGC script leaves out subjects without predictions and videos without true "
        "intervals, and lets a prediction match several true intervals; its F1 of recognition is "
        "not UF1."
    )
    if unknown := found.without_truth:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        console.print(
            f"{len(unknown)} of {found.predicted_videos} predicted videos are not in the truth "
            f"({', '.join(unknown[:_NAMED])}{more}): by the rules, every interval spotted in them "
            "is wrong. Do these videos have other names in the truth?"
        )


def _format_number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
