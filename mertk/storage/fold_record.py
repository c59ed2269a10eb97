"""Finished folds, and what a run's folder holds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.printing import count_noun

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One finished fold: for each held-out clip its truth and its class probabilities.

    The truth of a multi-label run is 0 or 1 per class. `seconds` are those of each stage;
    `explained` maps clip ids to what explains their predictions; `drew` are the places
    whose `fit` is stochastic, `keyframes` the annotated ones that were read of one training clip.
    `memory` is the most that the process has held so far, in MB; 0 where it is not known. `cpu` is
    the CPU time in seconds of all threads of the process; 0 where it is not known.
    `memory` is the most that the process has held so far, in MB; 0 where it is not known.
    `choices` are what components have chosen in `fit`, by place and name; `trials` the combinations
    of parameters that were tried for it on inner folds, each with its `values` and its `score`.
    """

    name: str
    seed: int
    uids: Sequence[str]
    people: Sequence[str]
    truth: Sequence[int] | Sequence[Sequence[int]]
    probabilities: Sequence[Sequence[float]]
    seconds: Mapping[str, float]
    explained: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    drew: Sequence[str] = field(default_factory=list)
    keyframes: Sequence[str] = field(default_factory=list)
    memory: float = 0.0
    cpu: float = 0.0
    choices: Mapping[str, Any] = field(default_factory=dict)
    trials: Sequence[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a run's folder holds: its sound folds, what is missing, and which files are damaged.

    `planned` is the number of folds of each seed, `missing` maps each seed that was begun to the
    names of its folds that are unfinished or damaged; `faults` are lines that each name a file.
    """

    folds: Sequence[Fold]
    planned: int
    missing: Mapping[int, Sequence[str]]
    faults: Sequence[str]

    @property
    def whole(self) -> bool:
        """Whether every fold of every seed that was begun is there."""
        return bool(self.missing) and not any(self.missing.values())

    @property
    def progress(self) -> str:
        """How far each unfinished seed is, such as `seed 0: 3 of 4 folds`."""
        lines = []
        for seed, names in self.missing.items():
            if names:
                lines.append(
                    f"seed {seed}: {self.planned - len(names)} of "
                    f"{count_noun(self.planned, 'fold')}"
                )
        return ", ".join(lines) or f"0 of {count_noun(self.planned, 'fold')}"


def list_columns(prefix: str, classes: Sequence[str]) -> list[str]:
    """The columns of a table that has one for each class."""
    return [f"{prefix}{name}" for name in classes]


def make_table(fold: Fold, classes: Sequence[str], *, multilabel: bool) -> pd.DataFrame:
    """The rows of a fold, as `Run.predictions` has them."""
    import pandas as pd

    probabilities = np.asarray(fold.probabilities, float).reshape(-1, len(classes))
    truth = np.asarray(fold.truth, int)
    table = pd.DataFrame({"uid": list(fold.uids), "person": list(fold.people)})
    table["fold"], table["seed"] = fold.name, fold.seed
    if multilabel:
        table[list_columns("t_", classes)] = truth
    else:
        table["truth"], table["predicted"] = truth, probabilities.argmax(axis=1)
    table[list_columns("p_", classes)] = probabilities
    return table


def check_fold(
    fold: Fold,
    plan: Mapping[str, Sequence[str]],
    clips: Mapping[str, Mapping[str, Any]],
    classes: int,
    *,
    multilabel: bool,
) -> None:
    """Raise `ValueError` where a fold is not what its run's clip list expects.

    Args:
        fold: the fold as it was read.
        plan: by fold the ids of the clips that it holds out, sorted.
        clips: by clip id its `person` and its `truth`.
        classes: how many there are.
        multilabel: whether each class stands alone, so that probabilities need not add up to 1.
    """
    if fold.name not in plan or sorted(fold.uids) != list(plan[fold.name]):
        raise ValueError("its clips are not those that this fold holds out")
    for uid, person, truth in zip(fold.uids, fold.people, fold.truth, strict=True):
        if person != clips[uid]["person"] or truth != clips[uid]["truth"]:
            raise ValueError(f"person or truth of {uid} are not those of the clip list")
    try:
        table = np.asarray(fold.probabilities)
    except ValueError:  # rows of different length
        table = np.asarray(None)
    if table.shape != (len(fold.uids), classes) or table.dtype.kind not in "fi":
        raise ValueError(f"it holds no table of probabilities of {classes} classes")
    sound = ((table >= 0) & (table <= 1 + 1e-4)).all(axis=1)
    if not multilabel:
        sound &= np.abs(table.sum(axis=1) - 1) <= 1e-4
    if not sound.all():
        raise ValueError(f"the numbers of {fold.uids[int(sound.argmin())]} are no probabilities")
