"""All folds of a case on a probe's clips and labels, in this process, one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.laws import LAWS
from mertk.audit.noise import noise_clips
from mertk.clips import flatten
from mertk.harness.folds import run_fold
from mertk.harness.line import Line, Parcel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.audit.case import Opened
    from mertk.clips import Clip
    from mertk.splits import Split

    Labels = NDArray[np.int64]
    Stages = Mapping[str, Sequence[Parcel]]


def scored(case: Opened, probe: str, draw: int) -> dict[str, Any]:
    """A probe with one `draw` of labels: `truth`, `predicted` `[clips]`, and `guesses` by place.

    A guess is what the nearest class mean of the training clips says of a held-out clip, from its
    features as they are behind a place: it tells where in the line the labels come in.
    """
    law, task, seed = LAWS[probe], case.task, case.case.seed
    truth = law.draw(task.sample, np.random.default_rng([seed, draw]))
    sample = replace(task.sample, labels=truth)
    with tempfile.TemporaryDirectory() as folder:
        clips = list(task.clips)
        if law.noise:
            clips = noise_clips(case.plugins.registry, clips, truth, Path(folder), seed)
        stages = prefix(case.line(), clips)
        parcels = list(stages.values())[-1]
        predicted = np.zeros_like(truth)
        guesses = _Guesses(truth)
        for split in task.splits:
            guesses.split = split
            guesses.of_prefix(stages)
            fold = run_fold(case.line(), parcels, sample, split, seed, tap=guesses.behind)
            rows = np.asarray(fold.probabilities)
            predicted[split.test] = rows >= 0.5 if truth.ndim == 2 else rows.argmax(axis=1)
    return {
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "guesses": {place: guess.tolist() for place, guess in guesses.found.items()},
    }


def prefix(line: Line, clips: Sequence[Clip]) -> Stages:
    """The clips' parcels behind each pure step, by its place; no cache, as it would hide state."""
    stages = {"": [Parcel(footage=clip.footage) for clip in clips]}
    for step in line.prefix:
        before = list(stages.values())[-1]
        stages[step.place] = [step.apply(parcel) for parcel in before]
    return stages


@dataclass(slots=True)
class _Guesses:
    """Guesses `[clips]` by place, filled fold by fold."""

    truth: Labels
    split: Split | None = None
    found: dict[str, Labels] = field(default_factory=dict)

    def of_prefix(self, stages: Stages) -> None:
        """Guess behind every pure step."""
        if self.split is None:
            return
        for place, parcels in stages.items():
            known = [parcels[at] for at in self.split.train]
            self.tap(place, known, [parcels[at] for at in self.split.test])

    def behind(self, place: str, known: Sequence[Parcel], asked: Sequence[Parcel]) -> None:
        """Guess behind a step of the fold; the classifier has no features to guess from."""
        if place != "classifier":
            self.tap(place, known, asked)

    def tap(self, place: str, known: Sequence[Parcel], asked: Sequence[Parcel]) -> None:
        """Guess behind one step, where all clips have features of one length."""
        rows = [flatten(parcel.streams) for parcel in (*known, *asked)]
        if self.split is None or len({len(row) for row in rows}) != 1 or not len(rows[0]):
            return
        X = np.stack(rows).astype(np.float64)
        inside, outside = X[: len(known)], X[len(known) :]
        scale = np.where(inside.std(axis=0) > 0, inside.std(axis=0), 1)
        labels = self.truth[self.split.train]
        guess = self.found.setdefault(place, np.zeros_like(self.truth))
        if self.truth.ndim == 2:
            columns = [_nearest(inside / scale, column, outside / scale) for column in labels.T]
            guess[self.split.test] = np.stack(columns, axis=1)
        else:
            guess[self.split.test] = _nearest(inside / scale, labels, outside / scale)


def _nearest(known: NDArray[np.float64], labels: Labels, asked: NDArray[np.float64]) -> Labels:
    """The class with the nearest mean `[asked]`."""
    present = np.unique(labels)
    means = np.stack([known[labels == name].mean(axis=0) for name in present])
    distances = np.square(asked[:, None] - means).sum(axis=2)
    return np.asarray(present[distances.argmin(axis=1)])
