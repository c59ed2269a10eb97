"""External predictions scored as mertk scores its own, for a terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import metrics
from mertk.core.clip_lists import Manifest
from mertk.core.printing import text_console
from mertk.evaluation import statistics
from mertk.evaluation.external_predictions import MEGC2019, MEGC2019_CLASSES, Log
from mertk.report.sentences import describe_coverage
from mertk.report.tables import format_interval, make_table, name_intervals, print_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCORES = ("UF1", "UAR", "accuracy")


@dataclass(frozen=True, slots=True)
class Part:
    """The scores of all clips, or of one data set's.

    `people` is None where the log names no subjects; `intervals` (95 %) need two of them. A part
    without clips of some class has accuracy alone. `macro_precision` is no score of a protocol,
    but some published columns called UAR are that.
    """

    name: str
    clips: Mapping[str, int]
    people: int | None
    scores: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    macro_precision: float


@dataclass(frozen=True, slots=True)
class Rescored:
    """A log's scores; `parts` starts with all clips, pooled.

    `fold_means` are by score and by what was done about absent classes, over `folds` folds; empty
    where the log tells neither folds nor subjects. `list_clips` is the size of the published list
    that the clips were compared with (None: with none), `differences` what differs.
    """

    file: str
    datasets: tuple[str, ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...]
    confusion: Sequence[Sequence[int]]
    folds: int
    fold_means: Mapping[str, Mapping[str, float]]
    list_clips: int | None
    differences: tuple[str, ...]


def rescore_log(log: Log) -> Rescored:
    """Score a log, pooled over folds, with everything that is needed to compare with a paper."""
    datasets = log.table["dataset"].to_numpy()
    parts = [_score_part(log, "all clips", np.ones(len(datasets), bool))]
    if len(log.datasets) > 1:
        parts += [_score_part(log, name, datasets == name) for name in log.datasets]
    folds, means = np.array(log.folds or ()), {}
    if len(folds):
        by_fold = statistics.subject_confusions(log.truth, log.predicted, folds, len(log.classes))
        means["UF1"] = metrics.fold_means(by_fold, metrics.f1)
        means["UAR"] = metrics.fold_means(by_fold, metrics.recall)
    size, differences = _compare_with_megc2019(log)
    confusion = metrics.confusion(log.truth, log.predicted, len(log.classes)).tolist()
    return Rescored(
        file=str(log.file),
        datasets=log.datasets,
        classes=log.classes,
        parts=tuple(parts),
        confusion=confusion,
        folds=len(np.unique(folds)),
        fold_means=means,
        list_clips=size,
        differences=tuple(differences),
    )


def to_json(found: Rescored) -> dict[str, Any]:
    """Everything that is printed, as JSON."""
    return asdict(found) | {"sentences": list_sentences(found)}


def print_rescored(found: Rescored) -> None:
    """Print tables and sentences on standard output."""
    scores = make_table(
        f"{found.file}: pooled over folds",
        ["clips of", *name_intervals(_SCORES), "clips", "subjects"],
        width=9,
    )
    counts = make_table("clips by true class", ["clips of", *found.classes], width=9)
    for part in found.parts:
        row = dict(part.scores)
        for name, (low, high) in part.intervals.items():
            row |= {f"{name}_low": low, f"{name}_high": high}
        cells = [format_interval(row, name) for name in _SCORES]
        people = "–" if part.people is None else str(part.people)
        scores.add_row(part.name, *cells, str(sum(part.clips.values())), people)
        counts.add_row(part.name, *map(str, part.clips.values()))
    confusion = make_table(
        "confusion matrix of all clips", ["true ↓ predicted →", *found.classes], width=9
    )
    for name, numbers in zip(found.classes, found.confusion, strict=True):
        confusion.add_row(name, *map(str, numbers))
    console = text_console()
    for table in (scores, counts, confusion):
        console.print(table)
    if means := found.fold_means:
        table = make_table(
            f"means over {found.folds} folds (no protocol uses them)",
            ["classes without a clip in a fold", *map("mean {}".format, means)],
            width=9,
        )
        for treatment in means["UF1"]:
            table.add_row(treatment, *(f"{by[treatment]:.3f}" for by in means.values()))
        console.print(table)
    print_lines(list_sentences(found), console)


def list_sentences(found: Rescored) -> list[str]:
    """The sentences below the tables."""
    precision = found.parts[0].macro_precision
    lines = [f"Macro precision, which some papers report as UAR, is {precision:.3f}."]
    if found.parts[0].people is None:
        lines.append("No intervals: the log names no subjects, and clips are not independent.")
    people, short = {}, []
    for part in found.parts:
        if part.people and part.intervals:
            people[part.name] = part.people
        if "UF1" not in part.scores:
            short.append(part.name)
    lines += describe_coverage(people)
    if short:
        lines.append(f"No UF1 and UAR for {', '.join(short)}: a class has no clip.")
    if found.list_clips is not None and not found.differences:
        clips = found.parts[0].clips
        counts = ", ".join(map("{} {}".format, clips.values(), clips))
        of = ", ".join(filter(None, found.datasets)) or "all its data sets"
        lines.append(
            f"The number of clips is that of {MEGC2019.edition} for {of}: {found.list_clips} "
            f"({counts})."
        )
    elif found.differences:
        lines.append(f"NOT the clips of {MEGC2019.edition}: {'; '.join(found.differences)}.")
    return lines


def _score_part(log: Log, name: str, here: NDArray[np.bool_]) -> Part:
    truth, predicted, classes = log.truth[here], log.predicted[here], len(log.classes)
    people = None if log.people is None else np.array(log.people)[here]
    owners = np.zeros(len(truth)) if people is None else people
    confusions = statistics.subject_confusions(truth, predicted, owners, classes)[None]
    counts = confusions.sum(axis=(0, 1, 3)).tolist()
    scores = statistics.compute_pooled_scores(confusions, metrics.standard_scores)
    enough = people is not None and confusions.shape[1] > 1
    intervals = statistics.score_intervals(confusions, metrics.standard_scores) if enough else {}
    for score in () if all(counts) else ("UF1", "UAR"):
        del scores[score]
        intervals.pop(score, None)
    return Part(
        name,
        dict(zip(log.classes, counts, strict=True)),
        None if people is None else confusions.shape[1],
        scores,
        intervals,
        float(metrics.recall(confusions.sum(axis=(0, 1)).T).mean()),
    )


def _compare_with_megc2019(log: Log) -> tuple[int | None, list[str]]:
    """The size of the MEGC 2019 list, or of the log's data sets in it, and what differs.

    Names of clips are spelled in many ways, so counts are compared. None where the log is of other
    classes or data sets.
    """
    known = MEGC2019.counts
    if set(log.classes) != set(MEGC2019_CLASSES) or not {*log.datasets, ""} <= {*known, ""}:
        return None, []
    clips, labels = log.clips(), np.array(log.classes)[log.truth].tolist()
    if log.datasets == ("",):
        total: Counter[str] = Counter()
        for classes in known.values():
            total.update(classes)
        expected = Manifest(counts={"": total})
        return expected.total, list(map("all{}".format, expected.differences(clips, labels)))
    subjects = MEGC2019.subjects if log.people else {}
    expected = Manifest(
        counts={name: known[name] for name in known if name in log.datasets},
        subjects={name: subjects[name] for name in subjects if name in log.datasets},
    )
    return expected.total, expected.differences(clips, labels)
