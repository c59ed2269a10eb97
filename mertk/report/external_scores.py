"""External predictions scored as mertk scores its own, for a terminal and as JSON."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import metrics
from mertk.core.clip_lists import Manifest
from mertk.core.printing import count_noun, text_console
from mertk.evaluation import statistics
from mertk.evaluation.external_predictions import MEGC2019, MEGC2019_CLASSES, Log
from mertk.report.sentences import describe_coverage
from mertk.report.tables import format_interval, make_table, name_intervals, print_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.table import Table

    from mertk.evaluation.statistics import Scores

_SCORES = ("UF1", "UAR", "accuracy")
_LABEL_SCORES = ("binary F1", "macro F1")


@dataclass(frozen=True, slots=True)
class Part:
    """The scores of all clips, or of one data set's.

    `people` is None where the log names no subjects; `intervals` (95 %) need two of them. A part
    without clips of some class has accuracy alone. `macro_precision` is no score of a protocol,
    but some published columns called UAR are that; None with several labels a clip.
    """

    name: str
    clips: Mapping[str, int]
    people: int | None
    scores: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    macro_precision: float | None
    size: int


@dataclass(frozen=True, slots=True)
class Rescored:
    """A log's scores; `parts` starts with all clips, pooled.

    `fold_means` are by score and by what was done about absent classes, over `folds` folds; empty
    where the log tells neither folds nor subjects. `others` are predicted and true of no clip; in
    `confusion` they stand behind the classes. With several labels a clip (`multilabel`), it has a
    matrix (absent, present) for each label. `list_clips` is the size of the published list that the
    clips were compared with (None: with none), `differences` what differs. `matrix`: the file was a
    confusion matrix.
    """

    file: str
    datasets: tuple[str, ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...]
    confusion: Sequence[Any]
    folds: int
    fold_means: Mapping[str, Mapping[str, float]]
    list_clips: int | None
    differences: tuple[str, ...]
    others: tuple[str, ...] = ()
    multilabel: bool = False
    matrix: bool = False


def rescore_log(log: Log) -> Rescored:
    """Score a log, pooled over folds, with everything that is needed to compare with a paper."""
    datasets = log.table["dataset"].to_numpy()
    parts = [_score_part(log, "all clips", np.ones(len(datasets), bool))]
    if len(log.datasets) > 1:
        parts += [_score_part(log, name, datasets == name) for name in log.datasets]
    folds, means = np.array(() if log.multilabel else log.folds or ()), {}
    size, differences = None, list[str]()
    whole = _count_by_person(log, np.ones(len(datasets), bool)).sum(axis=0)
    if len(folds):
        kept = len(log.classes)
        by_fold = statistics.subject_confusions(
            log.truth, log.predicted, folds, kept + len(log.others)
        )
        means["UF1"] = metrics.fold_means(by_fold, metrics.f1, kept)
        means["UAR"] = metrics.fold_means(by_fold, metrics.recall, kept)
    if not log.multilabel:
        size, differences = _compare_with_megc2019(log)
    return Rescored(
        file=str(log.file),
        datasets=log.datasets,
        classes=log.classes,
        parts=tuple(parts),
        confusion=whole.tolist(),
        folds=len(np.unique(folds)),
        fold_means=means,
        list_clips=size,
        differences=tuple(differences),
        others=log.others,
        multilabel=log.multilabel,
        matrix=log.matrix,
    )


def to_json(found: Rescored) -> dict[str, Any]:
    """Everything that is printed, as JSON."""
    return asdict(found) | {"sentences": list_sentences(found)}


def print_rescored(found: Rescored) -> None:
    """Print tables and sentences on standard output."""
    named = _LABEL_SCORES if found.multilabel else _SCORES
    title = f"{found.file}: pooled over folds"
    scores = make_table(title, ["clips of", *name_intervals(named), "clips", "subjects"], width=9)
    what = "label" if found.multilabel else "true class"
    counts = make_table(f"clips by {what}", ["clips of", *found.classes], width=9)
    for part in found.parts:
        row = dict(part.scores)
        for name, (low, high) in part.intervals.items():
            row |= {f"{name}_low": low, f"{name}_high": high}
        cells = [format_interval(row, name) for name in named]
        people = "–" if part.people is None else str(part.people)
        scores.add_row(part.name, *cells, str(part.size), people)
        counts.add_row(part.name, *map(str, part.clips.values()))
    last = _tabulate_labels(found) if found.multilabel else _tabulate_confusion(found)
    console = text_console()
    for table in (scores, counts, last):
        console.print(table)
    if means := found.fold_means:
        table = make_table(
            f"means over {count_noun(found.folds, 'fold')} (no protocol uses them)",
            ["classes without a clip in a fold", *map("mean {}".format, means)],
            width=9,
        )
        for treatment in means["UF1"]:
            table.add_row(treatment, *(f"{by[treatment]:.3f}" for by in means.values()))
        console.print(table)
    print_lines(list_sentences(found), console)


def _tabulate_confusion(found: Rescored) -> Table:
    others = [f"{name}\n(of no clip)" for name in found.others]
    heads = ["true ↓ predicted →", *found.classes, *others]
    table = make_table("confusion matrix of all clips", heads, width=9)
    for name, numbers in zip(found.classes, found.confusion, strict=False):
        table.add_row(name, *map(str, numbers))
    return table


def _tabulate_labels(found: Rescored) -> Table:
    heads = ["label", "true", "predicted", "both", "F1", "macro F1"]
    table = make_table("labels of all clips", heads, width=9)
    for name, rows in zip(found.classes, found.confusion, strict=True):
        matrix = np.array(rows)
        ratios = [float(metrics.binary_f1(matrix)), float(metrics.macro_f1(matrix))]
        counts = matrix[1].sum(), matrix[:, 1].sum(), matrix[1, 1]
        table.add_row(name, *map(str, counts), *map("{:.3f}".format, ratios))
    return table


def list_sentences(found: Rescored) -> list[str]:
    """The sentences below the tables."""
    lines = _describe_classes(found)
    if found.parts[0].people is None:
        lines.append("No intervals: the log names no subjects, and clips are not independent.")
    people, short = {}, []
    for part in found.parts:
        if part.people and part.intervals:
            people[part.name] = part.people
        if not {"UF1", "binary F1"} & set(part.scores):
            short.append(part.name)
    lines += describe_coverage(people)
    if short:
        missing = "F1" if found.multilabel else "UF1 and UAR"
        lines.append(f"No {missing} for {', '.join(short)}: a class has no clip.")
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


def _describe_classes(found: Rescored) -> list[str]:
    """What is peculiar about the classes, and macro precision."""
    precision, lines = found.parts[0].macro_precision, []
    if precision is not None:
        lines.append(f"Macro precision, which some papers report as UAR, is {precision:.3f}.")
    if found.matrix:
        lines.append("Read as a confusion matrix: a row for each true class.")
    if found.others and found.multilabel:
        lines.append(f"Predicted, but true of no clip, and left out: {', '.join(found.others)}.")
    elif found.others:
        wrong = np.array(found.confusion)[:, len(found.classes) :].sum(axis=0).tolist()
        listed = map("{} ({})".format, found.others, wrong)
        lines.append(
            f"Predicted, but true of no clip: {', '.join(listed)}. Each counts as a miss; UF1 and "
            f"UAR are means over {', '.join(found.classes)}."
        )
    return lines


def _score_part(log: Log, name: str, here: NDArray[np.bool_]) -> Part:
    confusions = _count_by_person(log, here)[None]
    kept = len(log.classes)
    if log.multilabel:
        counts = log.truth[here].sum(axis=0).tolist()
        score: Callable[[NDArray[Any]], Scores] = metrics.multilabel_scores
    else:
        counts = confusions.sum(axis=(0, 1, 3)).tolist()[:kept]
        score = functools.partial(_score_classes, classes=kept)
    scores = statistics.compute_pooled_scores(confusions, score)
    enough = log.people is not None and confusions.shape[1] > 1
    intervals = statistics.score_intervals(confusions, score) if enough else {}
    for undefined in () if all(counts) else ("UF1", "UAR", *_LABEL_SCORES):
        scores.pop(undefined, None)
        intervals.pop(undefined, None)
    precision = metrics.recall(np.swapaxes(confusions.sum(axis=(0, 1)), -1, -2))[..., :kept]
    return Part(
        name,
        dict(zip(log.classes, counts, strict=True)),
        None if log.people is None else confusions.shape[1],
        scores,
        intervals,
        None if log.multilabel else float(precision.mean()),
        len(log.table[here]),
    )


def _count_by_person(log: Log, here: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Confusion matrices by person; by one that stands for all where the log names none."""
    people = np.zeros(int(here.sum())) if log.people is None else np.array(log.people)[here]
    every = len(log.classes) + len(log.others)
    return statistics.subject_confusions(log.truth[here], log.predicted[here], people, every)


def _score_classes(matrix: NDArray[Any], classes: int) -> Scores:
    """UF1, UAR and accuracy over the first classes; the others are true of no clip."""
    return {
        "UF1": metrics.f1(matrix)[..., :classes].mean(axis=-1),
        "UAR": metrics.recall(matrix)[..., :classes].mean(axis=-1),
        "accuracy": metrics.accuracy(matrix),
    }


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
