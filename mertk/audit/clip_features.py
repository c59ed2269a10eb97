"""Predictions of the nearest class mean from the features after each stage of a recipe.

The first stage whose output predicts held-out labels is where they come in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Floats, flatten
from mertk.core.splits import Split
from mertk.pipeline.pipeline import ClipState

Labels = NDArray[np.int64]

_SIZE = 12  # pixels


@dataclass(slots=True)
class Guesses:
    """Predictions for held-out clips `[clips]` or `[clips, classes]` by place, filled by folds."""

    truth: Labels
    found: dict[str, Labels] = field(default_factory=dict)

    def predict(
        self, place: str, split: Split, train: Sequence[Floats], test: Sequence[Floats]
    ) -> None:
        """Predict from the rows of training and held-out clips, if all are of one length."""
        if len(set(map(len, (*train, *test)))) == 1 and len(train[0]):
            guess = self.found.setdefault(place, np.zeros_like(self.truth))
            guess[split.test] = predict_nearest_mean(
                np.stack(train), self.truth[split.train], np.stack(test)
            )

    def tap(
        self, split: Split, place: str, train: Sequence[ClipState], test: Sequence[ClipState]
    ) -> None:
        """Predict from the output of a stage of a fold."""
        rows = list(map(flatten_clip_state, (*train, *test)))
        self.predict(place, split, rows[: len(train)], rows[len(train) :])


def predict_nearest_mean(train: Floats, labels: Labels, test: Floats) -> Labels:
    """The class with the nearest mean `[test]`, or each class by itself `[test, classes]`."""
    if labels.ndim == 2:
        return np.stack([predict_nearest_mean(train, column, test) for column in labels.T], axis=1)
    scale = np.where(train.std(axis=0) > 0, train.std(axis=0), 1)
    present = np.unique(labels)
    means = np.stack([train[labels == name].mean(axis=0) for name in present])
    distances = np.square((test[:, None] - means) / scale).sum(axis=2)
    return np.asarray(present[distances.argmin(axis=1)])


def flatten_clip_state(state: ClipState) -> Floats:
    """What is known of a clip so far, as one vector: features, or boxes, or small pictures."""
    if state.streams:
        return flatten(state.streams)
    if state.regions is not None:
        return np.asarray(state.regions.boxes, np.float32).ravel()
    if state.faces is not None and len(state.faces.frames):
        faces = state.faces
        key_frames = faces.frames[faces.onset], faces.frames[faces.peak]
        return np.stack([make_thumbnail(frame.mean(axis=2)) for frame in key_frames]).ravel()
    return np.empty(0, np.float32)


def make_thumbnail(picture: NDArray[Any]) -> Floats:
    """A picture `[height, width]` as `[12, 12]` of mean 0 and standard deviation 1."""
    import cv2

    small = cv2.resize(picture.astype(np.float32), (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray((small - small.mean()) / (small.std() or 1), np.float32)
