"""How each probe draws its labels; the chance band draws them again by the same law."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.harness.folds import Sample

    Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Law:
    """`draw` gives labels of a sample's clips; `noise` says whether the clips are noise too."""

    draw: Callable[[Sample, np.random.Generator], Labels]
    noise: bool


def _per_clip(sample: Sample, rng: np.random.Generator) -> Labels:
    """Each clip's label by the frequencies of the sample, whoever it is of."""
    if sample.multilabel:
        return np.asarray(rng.random(sample.labels.shape) < sample.labels.mean(axis=0), np.int64)
    counts = np.bincount(sample.labels, minlength=len(sample.classes))
    return np.asarray(rng.choice(len(counts), len(sample.labels), p=counts / counts.sum()))


def _within_people(sample: Sample, rng: np.random.Generator) -> Labels:
    """The clips' own labels, shuffled among each person's clips."""
    shuffled = sample.labels.copy()
    for person in np.unique(sample.people):
        own = np.flatnonzero(sample.people == person)
        shuffled[own] = sample.labels[rng.permutation(own)]
    return shuffled


def _per_person(sample: Sample, rng: np.random.Generator) -> Labels:
    """One label for all clips of a person, as many people for each class as can be."""
    people, of_clip = np.unique(sample.people, return_inverse=True)
    classes = len(sample.classes)
    dealt = rng.permutation(np.arange(len(people)) % classes)
    if sample.multilabel:
        return np.asarray(np.eye(classes, dtype=np.int64)[dealt[of_clip]])
    return np.asarray(dealt[of_clip], np.int64)


LAWS: Mapping[str, Law] = {
    "noise": Law(_per_clip, noise=True),
    "permuted": Law(_within_people, noise=False),
    "identity": Law(_per_person, noise=True),
}
