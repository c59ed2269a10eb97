"""Which classes a facial region can tell apart, and the labels that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import mertk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Active classes per part of the face, from Aouayeb et al. 2022 (the authors' code: the paper's
# tables give the regions' action units only). A part that is missing tells all classes apart.
_TABLES: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "negative positive surprise",
        {"eyes": "negative surprise", "nose": "negative", "cheeks": "positive"},
    ),
    (
        "disgust happiness other repression surprise",
        {
            "eyes": "disgust other repression surprise",
            "nose": "disgust",
            "cheeks": "happiness",
        },
    ),
    (
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


def active_classes(region: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that show in a region, by its name and by the class list; else all of them."""
    known = {_normalise_class(name): name for name in classes}
    part = ""
    for name, words in _PARTS.items():
        if not part and any(word in region for word in words):
            part = name
    for task, active in _TABLES:
        if set(task.split()) == set(known) and part in active:
            return tuple(known[name] for name in active[part].split())
    return tuple(classes)


def region_labels(
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


def choose_active_classes(
    region: str, classes: Sequence[str], given: str | Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """A region's active classes as `given`: `auto`, `none` (all), or a mapping by region name."""
    if isinstance(given, str):
        return active_classes(region, classes) if given == "auto" else tuple(classes)
    return tuple(given.get(region, classes))


def _normalise_class(name: str) -> str:
    """A class name in small letters; data sets write `other` and `others`."""
    small = name.strip().casefold()
    return "other" if small == "others" else small
