"""Spotters that ran on long videos and their scores: files, tables on the terminal, and JSON.

Intervals from a file are those of `mertk.report.interval_scores`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mertk.core.escaping import csv_text
from mertk.core.printing import count_noun, text_console
from mertk.datasets.elan import Annotation
from mertk.export.annotation_files import make_annotation_files
from mertk.report.tables import make_table
from mertk.spotting.interval import Counts, Interval
from mertk.spotting.recordings import TYPES
from mertk.spotting.search import Outcome, Searched
from mertk.storage.atomic_files import json_text, write_files

TRUTH, SUMMARY = "truth.csv", "spot.json"  # what is written beside the spotters' files

_FOUND = ("subject", "video", "onset", "offset", "type", "apex", "strength")
_TRUTH = (*_FOUND[:5], "emotion")


def file_names(spotters: Sequence[str]) -> list[str]:
    """The files of spotters by name; of two of one name the second file ends with -2."""
    found = []
    for at, name in enumerate(spotters):
        same = spotters[:at].count(name)
        found.append(f"spots-{name}-{same + 1}.csv" if same else f"spots-{name}.csv")
    return found


def write_spotting(found: Searched, folder: Path) -> list[Path]:
    """Write truth.csv and spots-NAME.csv, as `mertk score --spotting` reads them, and spot.json.

    Without annotated videos there is no truth.csv. Gives the spotters' files. Raises
    `StorageError` as `write_files` does.
    """
    texts = {TRUTH: csv_text(_TRUTH, map(_make_row, found.truths))} if found.annotated else {}
    names = file_names([outcome.spotter.name for outcome in found.outcomes])
    for name, outcome in zip(names, found.outcomes, strict=True):
        rows = []
        for find in outcome.finds:
            more = {"apex": find.apex, "strength": round(find.strength, 3)}
            rows.append(_make_row(find.interval) | more)
        texts[name] = csv_text((*_FOUND, "emotion") if found.model else _FOUND, rows)
    write_files(folder, texts | {SUMMARY: json_text(to_json(found))})
    return [folder / name for name in names]


def write_elan_files(found: Searched, folder: Path) -> None:
    """Write the intervals of the first spotter as ELAN files; raises as `write_files` does."""
    videos = {(video.subject, video.video): video for video in found.videos}
    intervals = []
    for number, find in enumerate(found.outcomes[0].finds, 1):
        one = find.interval
        intervals.append(
            Annotation(
                subject=one.subject,
                clip=f"{one.video}_{number}",
                video=one.video,
                onset=one.onset,
                apex=find.apex,
                offset=one.offset,
                fps=videos[one.subject, one.video].footage.fps,
                type=TYPES[one.kind],
                label=one.emotion,
            )
        )
    texts = make_annotation_files(
        intervals, "elan", lambda one: videos[one.subject, one.video].numbers[0]
    )
    write_files(folder, texts)


def to_json(found: Searched) -> dict[str, Any]:
    """Everything that is printed, as JSON."""
    return {
        "dataset": found.dataset.to_json(),
        "synthetic": found.synthetic,
        "videos": len(found.videos),
        "minutes": sum(video.seconds for video in found.videos) / 60,
        "model": found.model,
        "annotated": found.annotated,
        "fit_on": found.fit_on,
        "spotters": [
            _describe_outcome(outcome, scored=found.annotated) for outcome in found.outcomes
        ],
    }


def print_spotting(found: Searched) -> None:
    """Print a table: one row per spotter and kind."""
    made = " (synthetic)" if found.synthetic else ""
    minutes = sum(video.seconds for video in found.videos) / 60
    silent = sum(not video.truths for video in found.videos)
    console = text_console()
    scored = f"{silent} without an annotated expression; IoU ≥ 0.5"
    console.print(
        f"{found.dataset}{made}: {count_noun(len(found.videos), 'video')}, {minutes:.1f} minutes, "
        f"{scored if found.annotated else 'without annotations: nothing is scored'}"
    )
    head = ["spotter", "kind", "true", "spotted", "matched", "precision", "recall", "F1"]
    table = make_table("", head if found.annotated else [*head[:2], "spotted"], texts=2)
    for outcome in found.outcomes:
        spotter = str(outcome.spotter)
        parts = _list_parts(outcome) if found.annotated else outcome.by_kind
        for at, (name, counts) in enumerate(parts.items()):
            numbers = map(str, (counts.truths, counts.predictions, counts.matches))
            ratios = map("{:.3f}".format, (counts.precision, counts.recall, counts.f1))
            cells = [*numbers, *ratios] if found.annotated else [str(counts.predictions)]
            table.add_row("" if at else spotter, name, *cells)
    console.print(table)
    for outcome in found.outcomes:
        spent = 1000 * outcome.busy / max(outcome.frames, 1)
        rate = len(outcome.finds) / max(outcome.minutes, 1e-9)
        console.print(
            f"{outcome.spotter}: {rate:.1f} spots per minute; {spent:.1f} ms per frame with reading"
        )
        if outcome.learned:
            fitted = "for each subject on the videos of all other subjects"
            console.print(
                f"{outcome.spotter}: fitted {f'on {found.fit_on}' if found.fit_on else fitted}"
            )
        if outcome.lost:
            console.print(
                f"{outcome.spotter}: no single face can be tracked in {outcome.lost} of "
                f"{outcome.frames} frames; expressions in them are missed"
            )


def _list_parts(outcome: Outcome) -> Mapping[str, Counts]:
    return {"overall": outcome.overall, **outcome.by_kind, "either kind": outcome.either}


def _describe_outcome(outcome: Outcome, *, scored: bool) -> dict[str, Any]:
    parts = _list_parts(outcome) if scored else {}
    return {
        "spotter": outcome.spotter.to_json(),
        "spots": len(outcome.finds),
        "scores": {name: describe_counts(counts) for name, counts in parts.items()},
        "frames": outcome.frames,
        "lost": outcome.lost,
        "learned": outcome.learned,
        "seconds": outcome.busy,
        "spots_per_minute": len(outcome.finds) / max(outcome.minutes, 1e-9),
    }


def describe_counts(counts: Counts) -> dict[str, float]:
    """Counts with precision, recall and F1."""
    ratios = {"precision": counts.precision, "recall": counts.recall, "F1": counts.f1}
    return {**asdict(counts), **ratios}


def _make_row(one: Interval) -> dict[str, Any]:
    return asdict(one) | {"type": TYPES[one.kind]}
