"""How each probe draws its labels; the chance band draws them again in the same way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mertk.pipeline.fold import LabelledClips

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Law:
    """`draw` gives labels of a sample's clips so many times `[draws, clips]`.

    They are `[draws, clips, classes]` under a multi-label protocol. `noise` says whether the clips
    are noise too.
    """

    draw: Callable[[LabelledClips, np.random.Generator, int], Labels]
    noise: bool


def _draw_per_clip(sample: LabelledClips, rng: np.random.Generator, draws: int) -> Labels:
    """A label for each clip by the frequencies of the sample, whatever its person."""
    shape = (draws, *sample.labels.shape)
    if sample.multilabel:
        return np.asarray(rng.random(shape) < sample.labels.mean(axis=0), np.int64)
    return sample.labels[rng.integers(0, len(sample.labels), shape)]


def _shuffle_within_people(sample: LabelledClips, rng: np.random.Generator, draws: int) -> Labels:
    """The clips' own labels, shuffled among each person's clips."""
    drawn = np.repeat(sample.labels[None], draws, axis=0)
    for person in np.unique(sample.people):
        own = np.flatnonzero(sample.people == person)
        order = rng.random((draws, len(own))).argsort(axis=1)
        drawn[:, own] = sample.labels[own[order]]
    return drawn


def _draw_per_person(sample: LabelledClips, rng: np.random.Generator, draws: int) -> Labels:
    """One label for all clips of a person, as many people for each class as can be."""
    people, of_clip = np.unique(sample.people, return_inverse=True)
    classes = len(sample.classes)
    dealt = np.repeat(np.arange(len(people))[None] % classes, draws, axis=0)
    drawn = rng.permuted(dealt, axis=1)[:, of_clip]
    return np.eye(classes, dtype=np.int64)[drawn] if sample.multilabel else drawn


LAWS: Mapping[str, Law] = {
    "noise": Law(_draw_per_clip, noise=True),
    "permuted": Law(_shuffle_within_people, noise=False),
    "identity": Law(_draw_per_person, noise=True),
}
