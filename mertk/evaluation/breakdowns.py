"""Where a model is right: by class, by action unit, by length of the clip."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mertk.evaluation.results import Results

FEWEST = 5
"""A group of fewer clips tells nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the clips, and the share of them that each model has right, means over seeds."""

    name: str
    clips: int
    right: Sequence[float]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups of one kind; `models` are those of the shares."""

    title: str
    models: Sequence[str]
    groups: Sequence[Group]


def make_groupings(results: Results) -> list[Grouping]:
    """By class, action unit and length, as far as a run knows them; none if multi-label."""
    models = [outcome for outcome in results.outcomes if not outcome.is_floor]
    if results.multilabel or not models:
        return []
    tables = [outcome.predictions for outcome in models]
    right = [(one["truth"] == one["predicted"]).groupby(one["uid"]).mean() for one in tables]
    uids = right[0].index.to_numpy(str)
    shares = np.stack([one.loc[uids].to_numpy(float) for one in right])
    facts = models[0].run.clips
    found = {
        "class": _by_class(results, tables[0].groupby("uid")["truth"].first().loc[uids].to_numpy()),
        "action unit": _by_unit([facts.get(uid, {}) for uid in uids]),
        "length of the clip": _by_length([facts.get(uid, {}) for uid in uids]),
    }
    names = [outcome.name for outcome in models]
    return [
        Grouping(
            title,
            names,
            [
                Group(name, int(chosen.sum()), shares[:, chosen].mean(axis=1).tolist())
                for name, chosen in masks.items()
                if chosen.sum() >= FEWEST
            ],
        )
        for title, masks in found.items()
        if len(masks) > 1
    ]


def _by_class(results: Results, truth: NDArray[Any]) -> dict[str, NDArray[np.bool_]]:
    return {name: truth == at for at, name in enumerate(results.classes)}


def _by_unit(facts: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[np.bool_]]:
    """Which clips show each action unit; a clip with several counts for each of them."""
    shown = [set(one.get("aus", ())) for one in facts]
    return {
        f"AU{unit}": np.array([unit in units for units in shown])
        for unit in sorted(set().union(*shown))
    }


def _by_length(facts: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[np.bool_]]:
    """Thirds of the clips by their time from onset to offset."""
    seconds = np.array([one.get("seconds", np.nan) for one in facts], float)
    if np.isnan(seconds).any():
        return {}
    ends = np.unique(np.quantile(seconds, [0, 1 / 3, 2 / 3, 1]))
    third = np.searchsorted(ends[1:-1], seconds, side="left")
    return {
        f"{low:.2f}–{high:.2f} s": third == at
        for at, (low, high) in enumerate(itertools.pairwise(ends))
    }
