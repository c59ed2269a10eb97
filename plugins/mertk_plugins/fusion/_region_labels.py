"""Which classes a facial region can tell apart, and the labels that follow from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.datasets.action_units import find_acting_aus

Given = str | Mapping[str, Sequence[str]]

AUTHORS = "the authors' table"
INFERRED = "a table inferred from unused code of the authors"
AUS = "from action units"
WHOLE = "whole-clip labels"
CHOSEN = "as given"

# Active classes per part of the face, from Aouayeb et al. 2022 (the authors' code: the paper's
# tables give the regions' action units only). A part that is missing tells all classes apart. The
# table of three classes is an inference: the paper does not print it, and the function of the code
# that would give it is never called.
_TABLES: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        INFERRED,
        "negative positive surprise",
        {"eyes": "negative surprise", "nose": "negative", "cheeks": "positive"},
    ),
    (
        AUTHORS,
        "disgust happiness other repression surprise",
        {"eyes": "disgust other repression surprise", "nose": "disgust", "cheeks": "happiness"},
    ),
    (
        AUTHORS,
        "i ii iii iv v",
        {"eyes": "ii iii iv v", "nose": "iv", "cheeks": "i", "mouth": "i ii v"},
    ),
)

_PARTS = {
    "eyes": ("eye", "brow"),
    "nose": ("nose",),
    "cheeks": ("cheek",),
    "mouth": ("mouth", "lip"),
}

_AU = re.compile(r"AU ?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class RegionLabels:
    """The labels of a region: `labels` `[clips]` or `[clips, classes]`, of `count` classes.

    `origin` says where they come from: one of the texts of this module.
    """

    labels: NDArray[np.int64]
    count: int
    origin: str


def make_region_labels(
    region: str, train: mertk.TrainingSet[Any], given: Given = "auto"
) -> RegionLabels:
    """The labels of a region's network; by `auto` the first of table, action units, whole clips.

    Args:
        region: the region's name.
        train: the training clips.
        given: `auto`; `aus`, action units or else whole clips; `none`, whole clips; or the active
            classes by region.
    """
    classes = train.classes
    if not isinstance(given, str):
        active = tuple(given.get(region, classes))
        return RegionLabels(*keep_active_classes(train.labels, classes, active), CHOSEN)
    if given == "auto":
        origin, active = find_active_classes(region, classes)
        if origin:
            return RegionLabels(*keep_active_classes(train.labels, classes, active), origin)
    if given != "none":
        found = _label_columns(region, train) if train.multilabel else _label_by_aus(region, train)
        if found:
            return found
    return RegionLabels(train.labels.astype(np.int64), len(classes), WHOLE)


def describe_origins(origins: Sequence[str]) -> str:
    """The kinds of labels of all regions, with their numbers where they differ."""
    counts = Counter(origins)
    if len(counts) == 1:
        return origins[0]
    return ", ".join(f"{name} ({count} of {len(origins)})" for name, count in counts.items())


def keep_active_classes(
    labels: NDArray[np.integer[Any]], classes: Sequence[str], active: Sequence[str]
) -> tuple[NDArray[np.int64], int]:
    """Labels `[clips]` of a region and their number: the active classes, and one for the rest.

    Multi-label ones are the columns of the active classes `[clips, active]`: absence has a target
    already. Raises `ComponentError` where there is none.
    """
    if labels.ndim == 2:
        if not active:
            raise mertk.ComponentError(
                "region_labels of patch_cnn_se leaves a region without a class, which multi-label "
                "training cannot use; name one, or leave the region out of the mapping"
            )
        columns = [list(classes).index(name) for name in active]
        return labels[:, columns].astype(np.int64), len(active)
    to = np.full(len(classes), len(active), np.int64)
    for at, name in enumerate(active):
        to[list(classes).index(name)] = at
    return to[labels], len(active) + (len(active) < len(classes))


def find_active_classes(region: str, classes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The table that knows these classes and this region, and the classes that show there.

    An empty text and all classes where none does.
    """
    known = {_normalise_class(name): name for name in classes}
    part = ""
    for name, words in _PARTS.items():
        if not part and any(word in region for word in words):
            part = name
    for origin, task, active in _TABLES:
        if part and set(task.split()) == set(known):
            shown = active[part].split() if part in active else known
            return origin, tuple(known[name] for name in shown)
    return "", tuple(classes)


def _label_columns(region: str, train: mertk.TrainingSet[Any]) -> RegionLabels | None:
    """The columns of the action units that move a region; None where no class is one of them."""
    acting, active = find_acting_aus(region), []
    for name in train.classes:
        unit = _AU.fullmatch(name)
        if unit and int(unit[1]) in acting:
            active.append(name)
    if not active:
        return None
    return RegionLabels(*keep_active_classes(train.labels, train.classes, active), AUS)


def _label_by_aus(region: str, train: mertk.TrainingSet[Any]) -> RegionLabels | None:
    """The class of each clip whose action units move a region, and one more for the others.

    A clip that is not coded keeps its class. None where no coded clip moves the region.
    """
    acting = find_acting_aus(region)
    moved = np.array([units is None or bool(units & acting) for units in train.aus], bool)
    coded = np.array([units is not None for units in train.aus], bool)
    if not (moved & coded).any():
        return None
    shown = np.unique(train.labels[moved])
    labels = np.where(moved, np.searchsorted(shown, train.labels), len(shown))
    return RegionLabels(labels.astype(np.int64), len(shown) + int(not moved.all()), AUS)


def _normalise_class(name: str) -> str:
    """A class name in small letters; data sets write `other` and `others`."""
    small = name.strip().casefold()
    return "other" if small == "others" else small
