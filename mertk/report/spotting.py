"""The results of spotters on long videos: files, tables on the terminal, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.core.escaping import csv_text
from mertk.core.printing import text_console
from mertk.storage.atomic_files import json_text, write_files

if TYPE_CHECKING:
    from mertk.spotting.scoring import Counts, Interval
    from mertk.spotting.search import Outcome, Searched

TRUTH, SUMMARY = "truth.csv", "spot.json"
"""What is written beside the spotters' files."""

_TRUTH = ("subject", "video", "onset", "offset", "type")
_FOUND = (*_TRUTH, "apex", "strength")
_TYPES = {"micro": "me", "macro": "mae"}


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
    texts = {TRUTH: _format_table(_TRUTH, [_make_row(one) for one in found.truths])}
    names = file_names([outcome.spotter.name for outcome in found.outcomes])
    for name, outcome in zip(names, found.outcomes, strict=True):
        rows = [
            {**_make_row(find.interval), "apex": find.apex, "strength": round(find.strength, 3)}
            for find in outcome.finds
        ]
        texts[name] = _format_table(_FOUND, rows)
    write_files(folder, texts | {SUMMARY: json_text(to_json(found))})
    return [folder / name for name in names]


def to_json(found: Searched) -> dict[str, Any]:
    """Everything that is shown, for machines."""
    return {
        "dataset": found.dataset.to_json(),
        "synthetic": found.synthetic,
        "videos": len(found.videos),
        "minutes": sum(video.seconds for video in found.videos) / 60,
        "spotters": [_describe_outcome(one) for one in found.outcomes],
    }


def print_spotting(found: Searched) -> None:
    """Print a table: one row per spotter and kind."""
    from rich.table import Table

    made = " (synthetic)" if found.synthetic else ""
    minutes = sum(video.seconds for video in found.videos) / 60
    silent = sum(not video.truths for video in found.videos)
    title = (
        f"{found.dataset}{made}: {len(found.videos)} videos, {minutes:.1f} minutes, "
        f"{silent} without an annotated expression; IoU ≥ 0.5"
    )
    head = ("spotter", "kind", "true", "spotted", "matched", "precision", "recall", "F1")
    drawn = Table(*head, title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for outcome in found.outcomes:
        for name, counts in _list_parts(outcome).items():
            cells = (counts.truths, counts.predictions, counts.matches)
            ratios = (counts.precision, counts.recall, counts.f1)
            shown = [*map(str, cells), *(f"{value:.3f}" for value in ratios)]
            drawn.add_row(str(outcome.spotter) if name == "overall" else "", name, *shown)
    console = text_console()
    console.print(drawn)
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
        "scores": {name: _describe_scores(counts) for name, counts in _list_parts(outcome).items()},
        "frames": outcome.frames,
        "lost": outcome.lost,
        "seconds": outcome.busy,
        "spots_per_minute": len(outcome.finds) / max(outcome.minutes, 1e-9),
    }


def _describe_scores(counts: Counts) -> dict[str, float]:
    ratios = {"precision": counts.precision, "recall": counts.recall, "F1": counts.f1}
    return {**asdict(counts), **ratios}


def _make_row(one: Interval) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "video": one.video,
        "onset": one.onset,
        "offset": one.offset,
        "type": _TYPES[one.kind],
    }


def _format_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A table whose header is there without rows, too."""
    return csv_text(columns, rows)
