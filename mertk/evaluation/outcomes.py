"""Which runs are scored, on which of their folds, and what each predicted there."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.errors import StorageError
from mertk.core.printing import count_noun
from mertk.core.recipe import Recipe
from mertk.evaluation import statistics
from mertk.evaluation.run_folders import check_comparable
from mertk.evaluation.run_names import name_runs
from mertk.storage.ledger import Contents, Fold, Run

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Outcome:
    """One run's predictions and what follows from them.

    Args:
        run: the run.
        name: the model's name, with preset and swaps, and with the part that is scored if not all.
        folds: those that are scored.
    """

    run: Run
    name: str
    folds: Sequence[Fold]

    @functools.cached_property
    def predictions(self) -> pd.DataFrame:
        """One row per (seed, clip), as `Run.predictions` has them."""
        return self.run.tabulate(self.folds)

    @property
    def probabilities(self) -> pd.DataFrame:
        """The class probabilities of `predictions`, a column a class."""
        return self.predictions[[f"p_{name}" for name in self.run.classes]]

    @functools.cached_property
    def subjects(self) -> tuple[str, ...]:
        """The subjects, sorted."""
        return tuple(sorted(self.predictions["person"].unique()))

    @functools.cached_property
    def confusions(self) -> NDArray[np.int64]:
        """Per seed and subject `[seeds, subjects, true, predicted]`.

        Those of a multi-label run are `[seeds, subjects, classes, 2, 2]`.
        """
        matrices, classes = [], len(self.run.classes)
        for _, part in self.predictions.groupby("seed"):
            truth, predicted = self.run.get_labels(part)
            people = part["person"].to_numpy(str)
            matrices.append(statistics.subject_confusions(truth, predicted, people, classes))
        return np.stack(matrices)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Pooled over seeds, folds and subjects: `[true, predicted]` or `[classes, 2, 2]`."""
        return np.asarray(self.confusions.sum(axis=(0, 1)))

    @property
    def seen_before(self) -> Mapping[str, Sequence[str]]:
        """The run's data sets that its frozen weights were trained on, by slot of the recipe."""
        found: Mapping[str, Sequence[str]] = self.run.provenance.get("seen_before", {})
        return found

    @property
    def has_preset(self) -> bool:
        """Whether the model was run with a preset that was named or is usual."""
        return bool(self.run.provenance.get("variant", {}).get("preset"))

    @property
    def preset_note(self) -> str:
        """What the model's card says of the preset; empty where it says nothing."""
        return str(self.run.provenance.get("preset", ""))

    @property
    def from_scratch(self) -> Mapping[str, str]:
        """By slot, the networks whose backbone started from random weights."""
        found: Mapping[str, str] = self.run.provenance.get("from_scratch", {})
        return found

    @property
    def is_floor(self) -> bool:
        """Whether the recipe uses no pixels."""
        return not Recipe.from_json(self.run.identity["recipe"]).extractors

    @functools.cached_property
    def is_collapsed(self) -> bool:
        """Whether each fold has one prediction for all its clips, whatever their classes.

        Counted are the folds whose clips are of several classes; a floor is never collapsed.
        """
        if self.is_floor:
            return False
        varied = 0
        for _, fold in self.predictions.groupby(["seed", "fold"]):
            truth, predicted = self.run.get_labels(fold)
            if len(np.unique(truth, axis=0)) > 1:
                varied += 1
                if len(np.unique(predicted, axis=0)) > 1:
                    return False
        return varied > 1

    @property
    def seconds(self) -> float:
        """Of all folds, added up."""
        return sum(fold.seconds.get("total", 0.0) for fold in self.folds)

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of all folds, added up; 0 where it is not known."""
        return sum(fold.cpu for fold in self.folds)

    @property
    def scope(self) -> str:
        """Which part of the clips is scored, such as `9 of 12 clips`; empty if all are."""
        clips, total = self.predictions["uid"].nunique(), sum(map(len, self.run.plan.values()))
        return f"{clips} of {count_noun(total, 'clip')}" if clips < total else ""


def choose_outcomes(runs: Sequence[Run], *, partial: bool) -> tuple[list[Outcome], list[str]]:
    """The runs that are scored with their folds, and a line on each other run and damaged file.

    Whole runs alone; if `partial`, every run, on the folds that all of them have in all the seeds
    that count: of a run the whole seeds, or where there is none, all that were begun.

    Raises:
        StorageError: where no run is left, the runs are not of the same clips, or what is left has
            no clip of some class.
    """
    check_comparable(runs)
    then = "and left out; run the same bench again to go on, or score its part with --partial"
    if partial:
        then = "and scored as far as it is"
    chosen: dict[Run, list[Fold]] = {}
    faults, unfinished = [], []
    for run in runs:
        try:
            contents = run.contents()
        except StorageError as error:
            faults.append(f"{error}; {run.path} is left out until the same bench is run again")
            continue
        faults += contents.faults
        if not contents.whole:
            unfinished.append(f"{run.path} is not finished ({contents.progress}), {then}")
        if contents.whole or (partial and contents.folds):
            chosen[run] = _select_counted_folds(contents)
    notices = faults + unfinished
    if not chosen:
        raise StorageError("; ".join(notices))
    common = set(next(iter(chosen)).plan)
    for folds in chosen.values():
        common &= {fold.name for fold in folds}
    if partial:
        _check_classes(next(iter(chosen)), common)
    outcomes = []
    for (run, folds), name in zip(chosen.items(), name_runs(list(chosen)), strict=True):
        outcome = Outcome(run, name, [fold for fold in folds if fold.name in common])
        outcomes.append(replace(outcome, name=name + _mark_unfinished(outcome)))
    return outcomes, notices


def _mark_unfinished(outcome: Outcome) -> str:
    """What stands behind a run's name where not all of its clips or seeds are scored."""
    seeds, begun = outcome.predictions["seed"].nunique(), len(outcome.run.seeds)
    parts = [outcome.scope, f"{seeds} of {count_noun(begun, 'seed')}" if seeds < begun else ""]
    return f" (partial: {', '.join(filter(None, parts))})" if any(parts) else ""


def _select_counted_folds(contents: Contents) -> list[Fold]:
    """The folds of the whole seeds, or else those that every seed has which was begun."""
    by_seed: dict[int, dict[str, Fold]] = {}
    for fold in contents.folds:
        by_seed.setdefault(fold.seed, {})[fold.name] = fold
    whole = [seed for seed, missing in contents.missing.items() if not missing]
    counted = [by_seed[seed] for seed in whole or by_seed]
    names = set.intersection(*map(set, counted))
    return [fold for folds in counted for name, fold in folds.items() if name in names]


def _check_classes(run: Run, common: Iterable[str]) -> None:
    """Raise `StorageError` where the folds that all runs have hold no clip of some class."""
    truth: list[int | Sequence[int]] = []
    for name in common:
        truth += [run.clips[uid]["truth"] for uid in run.plan[name]]
    if run.multilabel:
        shown = np.asarray(truth, bool).reshape(-1, len(run.classes)).any(axis=0)
    else:
        shown = np.isin(np.arange(len(run.classes)), truth)
    if not shown.all():
        raise StorageError(
            f"the {len(truth)} clips that {run.path} and all runs beside it have predicted hold "
            f"none that is '{run.classes[shown.argmin()]}': scores over classes are not defined; "
            "run the same bench again"
        )
