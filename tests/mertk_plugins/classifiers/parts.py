"""Training parts with a known signal, for tests of classifiers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import mertk
from mertk import TrainingSet

CLASSES = ("negative", "positive", "surprise")


def part_of(labels, features: int = 12, seed: int = 0, spread: float = 1.0) -> TrainingSet:
    """Clips of five people; features are noise that moves with the label."""
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels)
    shift = labels if labels.ndim == 1 else labels @ np.arange(1, labels.shape[1] + 1)
    rows = rng.normal(size=(len(labels), features)) + spread * shift[:, None]
    return TrainingSet(
        inputs=[{"features": row[None].astype(np.float32)} for row in rows],
        labels=labels,
        people=np.array([f"p/{i % 5}" for i in range(len(labels))]),
        classes=CLASSES,
    )


def of_fold(clips: TrainingSet, fold) -> TrainingSet:
    """The training part of one fold."""
    return replace(
        clips,
        inputs=[clips.inputs[at] for at in fold],
        labels=clips.labels[fold],
        people=clips.people[fold],
    )


def folds_of(clips: TrainingSet) -> list[np.ndarray]:
    """Each person left out."""
    return [split.train for split in mertk.leave_one_subject_out(clips.people)]


def fitted(classifier, part: TrainingSet):
    """The classifier, fitted."""
    classifier.fit(part, np.random.default_rng(0))
    return classifier


def rows_of(part: TrainingSet) -> np.ndarray:
    """The clips as rows in double precision `[clips, features]`."""
    return mertk.design_matrix(part.inputs).astype(float)


def asked(classifier, part: TrainingSet) -> np.ndarray:
    """What it says of each clip `[clips, classes]`."""
    return np.stack([classifier.predict(streams) for streams in part.inputs])
