"""A page of spotted intervals: time lines, histograms, other IoUs, videos and subjects, tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from mertk.core.escaping import csv_text
from mertk.report.interval_scores import list_sentences
from mertk.report.page import make_environment
from mertk.report.spotting import describe_counts
from mertk.spotting import interval_analysis
from mertk.spotting.interval import VIDEO, Counts
from mertk.spotting.interval_analysis import Match
from mertk.spotting.rules import RULES, USED
from mertk.spotting.scored_intervals import ScoredIntervals
from mertk.storage.atomic_files import write_files

PAGE, MATCHES, VIDEOS, SUBJECTS = "spotting.html", "matches.csv", "videos.csv", "subjects.csv"
FILES = (PAGE, MATCHES, VIDEOS, SUBJECTS)  # what is written to a folder

_WIDTH, _BINS, _HEIGHT = 1000, 10, 80
_ENDS = ("onset", "offset", "type", "emotion")
_COUNTED = ("matches", "truths", "predictions", "precision", "recall", "F1")


def write_interval_page(files: Sequence[ScoredIntervals], folder: Path) -> list[Path]:
    """Write `FILES` for one or several files of predictions; gives their paths.

    Raises `StorageError` as `write_files` does.
    """
    matches = {one.name: interval_analysis.list_matches(one) for one in files}
    texts = {
        PAGE: render_page(files, matches),
        MATCHES: _format_matches(matches),
        VIDEOS: _format_counts(files, ("subject", "video")),
        SUBJECTS: _format_counts(files, ("subject",)),
    }
    write_files(folder, texts)
    return [folder / name for name in texts]


def render_page(files: Sequence[ScoredIntervals], matches: Mapping[str, Sequence[Match]]) -> str:
    """The page as text: one file, no network, all text escaped."""
    tests = interval_analysis.compare_files(files) if len(files) > 1 else {}
    return (
        make_environment()
        .get_template("spotting.html.j2")
        .render(
            files=[_describe_file(one, matches[one.name]) for one in files],
            rules=[{"name": name, "used": USED[rule]} for rule, name in RULES.items()],
            tests=tests,
            sweeps=[{"name": one.name, "scores": interval_analysis.sweep_f1(one)} for one in files],
            thresholds=interval_analysis.THRESHOLDS,
        )
    )


def _describe_file(found: ScoredIntervals, matches: Sequence[Match]) -> dict[str, Any]:
    of_truths = [one.iou for one in matches if one.truth]
    sides = {"true": found.truths, "spotted": found.predictions}
    lengths = {}
    for side, intervals in sides.items():
        lengths[side] = [one.offset - one.onset + 1 for one in intervals]
    longest = max([1, *lengths["true"], *lengths["spotted"]])
    bars = {side: _draw_bars(values, 0, longest) for side, values in lengths.items()}
    scores = {}
    for rule, spotting in found.spotting.items():
        scores[RULES[rule]] = {"overall": spotting.overall, **spotting.by_kind}
    return {
        "name": found.name,
        "scores": scores,
        "sentences": list_sentences(found, rules=False),
        "videos": _draw_time_lines(matches),
        "ious": _draw_bars(of_truths, 0, 1),
        "lengths": bars,
        "longest": longest,
        "strs": {RULES[rule]: one.value for rule, one in found.strs.items()},
        "subjects": found.spotting["one_to_one"].by_subject,
    }


def _draw_time_lines(matches: Sequence[Match]) -> list[dict[str, Any]]:
    """The marks of each video on a line of `_WIDTH`."""
    lines = []
    for (subject, video), group in groupby(matches, key=lambda one: VIDEO(one.interval)):
        own = list(group)
        ends = [one.offset for match in own for one in (match.truth, match.prediction) if one]
        marks, last = [], max(ends) + 1
        for match in own:
            for side, one in (("true", match.truth), ("spotted", match.prediction)):
                if one:
                    about = " ".join(filter(None, (side, one.kind, one.emotion)))
                    marks.append(
                        {
                            "left": round(_WIDTH * one.onset / last, 1),
                            "width": max(
                                round(_WIDTH * (one.offset - one.onset + 1) / last, 1), 1.5
                            ),
                            "side": side,
                            "result": match.result,
                            "text": f"{match.result}: {about} {one.onset}–{one.offset}, "
                            f"IoU {match.iou:.2f}",
                        }
                    )
        results = [match.result for match in own]
        lines.append(
            {
                "name": "/".join(filter(None, (subject, video))),
                "marks": marks,
                "last": last - 1,
                "counts": {name: results.count(name) for name in ("TP", "FP", "FN")},
            }
        )
    return lines


def _draw_bars(values: Sequence[float], low: float, high: float) -> list[dict[str, Any]]:
    """The bars of a histogram, in parts of `_HEIGHT`."""
    counts, edges = np.histogram(values, bins=_BINS, range=(low, high))
    most = max(int(counts.max()), 1)
    bars = []
    for at, count in enumerate(counts.tolist()):
        height = round(_HEIGHT * count / most, 1)
        ends = f"{edges[at]:.3g}–{edges[at + 1]:.3g}"
        bars.append({"x": at, "height": height, "count": count, "ends": ends})
    return bars


def _format_matches(matches: Mapping[str, Sequence[Match]]) -> str:
    rows: list[dict[str, Any]] = []
    for name, group in matches.items():
        for match in group:
            row: dict[str, Any] = {"file": name, "result": match.result, "iou": round(match.iou, 4)}
            row |= {"subject": match.interval.subject, "video": match.interval.video}
            for side, one in (("true", match.truth), ("spotted", match.prediction)):
                about = {**asdict(one), "type": one.kind} if one else dict.fromkeys(_ENDS, "")
                row |= {f"{side}_{end}": about[end] for end in _ENDS}
            rows.append(row)
    columns = [f"{side}_{end}" for side in ("true", "spotted") for end in _ENDS]
    return csv_text(["file", "subject", "video", "result", "iou", *columns], rows)


def _format_counts(files: Sequence[ScoredIntervals], keys: Sequence[str]) -> str:
    rows: list[dict[str, Any]] = []
    for one in files:
        found: Mapping[Any, Counts] = (
            interval_analysis.count_videos(one)
            if len(keys) > 1
            else one.spotting["one_to_one"].by_subject
        )
        for key, counts in found.items():
            names = key if len(keys) > 1 else (key,)
            about = dict(zip(keys, names, strict=True))
            rows.append({"file": one.name} | about | describe_counts(counts))
    return csv_text(["file", *keys, *_COUNTED], rows)
