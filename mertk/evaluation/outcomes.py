"""Which runs are scored, on which of their folds, and what each predicted there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.errors import StorageError
from mertk.core.recipe import Recipe
from mertk.evaluation import statistics
from mertk.evaluation.run_folders import check_comparable
from mertk.storage.ledger import Contents, Fold, Run

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scored:
    """A run under the name that tables show, and the folds of it that are scored."""

    run: Run
    name: str
    folds: Sequence[Fold]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run's predictions and what follows from them."""

    run: Run
    name: str
    """The model's name, with preset and swaps; it says so where only a part is scored."""
    folds: Sequence[Fold]
    """Those that are scored."""
    predictions: pd.DataFrame
    confusions: NDArray[np.int64]
    """Per seed and subject `[seeds, subjects, true, predicted]`, subjects sorted.

    Those of a multi-label run are `[seeds, subjects, classes, 2, 2]`.
    """
    subjects: tuple[str, ...]

    @property
    def seen_before(self) -> Mapping[str, Sequence[str]]:
        """By place the run's data sets that its frozen weights were trained on."""
        found: Mapping[str, Sequence[str]] = self.run.provenance.get("seen_before", {})
        return found

    @property
    def is_floor(self) -> bool:
        """Whether the recipe looks at no pixels."""
        return not Recipe.from_json(self.run.identity["recipe"]).extractors

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Pooled over seeds, folds and subjects: `[true, predicted]` or `[classes, 2, 2]`."""
        return np.asarray(self.confusions.sum(axis=(0, 1)))

    @property
    def seconds(self) -> float:
        """Of all folds, added up."""
        return sum(fold.seconds.get("total", 0.0) for fold in self.folds)


def choose_scored(runs: Sequence[Run], *, partial: bool) -> tuple[list[Scored], list[str]]:
    """The runs that are scored with their folds, and a line on each other run and damaged file.

    Whole runs alone; if `partial`, every run, on the folds that all of them have in all the seeds
    that count: of a run the whole seeds, or where there is none, all that were begun.

    Raises:
        StorageError: where no run is left, the runs are not of the same clips, or what is left has
            no clip of some class.
    """
    check_comparable(runs)
    found, notices = _read_runs(runs)
    if partial:
        chosen = [
            (run, _select_counted_folds(contents)) for run, contents in found if contents.folds
        ]
        then = "and scored as far as it is"
    else:
        chosen = [(run, list(contents.folds)) for run, contents in found if contents.whole]
        then = "and left out; run the same bench again to go on, or score its part with --partial"
    for run, contents in found:
        if not contents.whole:
            notices.append(f"{run.path} is not finished ({contents.progress}), {then}")
    if not chosen:
        raise StorageError("; ".join(notices))
    common = set.intersection(*({fold.name for fold in folds} for _, folds in chosen))
    if partial:
        _check_classes(chosen[0][0], common)
    names = _name_runs([run for run, _ in chosen])
    scored = [
        Scored(run, name, [fold for fold in folds if fold.name in common])
        for (run, folds), name in zip(chosen, names, strict=True)
    ]
    return [replace(one, name=one.name + _mark_unfinished(one)) for one in scored], notices


def scope_of(scored: Scored) -> str:
    """How many of a run's clips are scored, such as `9 of 12 clips`; empty if all are."""
    plan = scored.run.plan
    names = {fold.name for fold in scored.folds}
    clips, total = sum(len(plan[name]) for name in names), sum(map(len, plan.values()))
    return f"{clips} of {total} clips" if clips < total else ""


def outcome_of(scored: Scored) -> Outcome:
    """What a run predicted in the folds that are scored."""
    run, table = scored.run, scored.run.tabulate(scored.folds)
    matrices = []
    for _, part in table.groupby("seed"):
        truth, predicted = run.get_labels(part)
        people = part["person"].to_numpy(str)
        matrices.append(statistics.subject_confusions(truth, predicted, people, len(run.classes)))
    subjects = tuple(sorted(table["person"].unique()))
    return Outcome(run, scored.name, scored.folds, table, np.stack(matrices), subjects)


def _select_counted_folds(contents: Contents) -> list[Fold]:
    """The folds of the whole seeds, or else those that every seed has which was begun."""
    whole = [seed for seed, names in contents.missing.items() if not names]
    seeds = whole or sorted({fold.seed for fold in contents.folds})
    folds = [fold for fold in contents.folds if fold.seed in seeds]
    counts = Counter(fold.name for fold in folds)
    return [fold for fold in folds if counts[fold.name] == len(seeds)]


def _read_runs(runs: Sequence[Run]) -> tuple[list[tuple[Run, Contents]], list[str]]:
    """What each run's folder holds, and a line on each damaged file."""
    found, notices = [], []
    for run in runs:
        try:
            contents = run.contents()
        except StorageError as error:
            notices.append(f"{error}; {run.path} is left out until the same bench is run again")
            continue
        found.append((run, contents))
        notices += contents.faults
    return found, notices


def _check_classes(run: Run, common: set[str]) -> None:
    """Raise `StorageError` where the folds that all runs have hold no clip of some class."""
    truth = [run.clips[uid]["truth"] for name in common for uid in run.plan[name]]
    for at, name in enumerate(run.classes):
        if not any(one[at] if run.multilabel else one == at for one in truth):
            raise StorageError(
                f"the {len(truth)} clips that {run.path} and all runs beside it have predicted "
                f"hold none that is '{name}': scores over classes are not defined; run the same "
                "bench again"
            )


def _name_runs(runs: Sequence[Run]) -> list[str]:
    """The names of runs; those that share one are told apart by what they depend on."""
    counts = Counter(run.name for run in runs)
    return [run.name if counts[run.name] == 1 else f"{run.name} ({run.key[:6]})" for run in runs]


def _mark_unfinished(scored: Scored) -> str:
    """What stands behind a run's name where not all of its clips or seeds are scored."""
    seeds, begun = {fold.seed for fold in scored.folds}, scored.run.seeds
    told = [scope_of(scored)] if scope_of(scored) else []
    if len(seeds) < len(begun):
        told.append(f"{len(seeds)} of {len(begun)} seeds")
    return f" (partial: {', '.join(told)})" if told else ""
