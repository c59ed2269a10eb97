"""What the nearest class mean makes of the features behind a place: where do labels come in?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mertk.audit.thumbnails import shrink_frames
from mertk.core.clips import flatten

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Floats
    from mertk.core.splits import Split
    from mertk.pipeline.pipeline import ClipState

    Labels = NDArray[np.int64]


@dataclass(slots=True)
class Guesses:
    """Guesses of held-out labels `[clips]`, or `[clips, classes]`, by place, filled by folds."""

    truth: Labels
    found: dict[str, Labels] = field(default_factory=dict)

    def note(
        self, place: str, split: Split, known: Sequence[Floats], asked: Sequence[Floats]
    ) -> None:
        """Guess from the rows of the training and the held-out clips, if they are of one length."""
        if len({len(row) for row in (*known, *asked)}) == 1 and len(known[0]):
            guess = self.found.setdefault(place, np.zeros_like(self.truth))
            guess[split.test] = predict_nearest_mean(
                np.stack(known), self.truth[split.train], np.stack(asked)
            )

    def tap(
        self, split: Split, place: str, known: Sequence[ClipState], asked: Sequence[ClipState]
    ) -> None:
        """Guess behind a step of a fold."""
        self.note(
            place, split, list(map(flatten_clip_state, known)), list(map(flatten_clip_state, asked))
        )


def predict_nearest_mean(known: Floats, labels: Labels, asked: Floats) -> Labels:
    """The class with the nearest mean `[asked]`, or each class by itself `[asked, classes]`."""
    if labels.ndim == 2:
        return np.stack([predict_nearest_mean(known, column, asked) for column in labels.T], axis=1)
    scale = np.where(known.std(axis=0) > 0, known.std(axis=0), 1)
    present = np.unique(labels)
    means = np.stack([known[labels == name].mean(axis=0) for name in present])
    distances = np.square((asked[:, None] - means) / scale).sum(axis=2)
    return np.asarray(present[distances.argmin(axis=1)])


def flatten_clip_state(parcel: ClipState) -> Floats:
    """What is known of a clip so far, as one vector: features, or boxes, or small pictures."""
    if parcel.streams:
        return flatten(parcel.streams)
    if parcel.regions is not None:
        return np.asarray(parcel.regions.boxes, np.float32).ravel()
    if parcel.faces is not None and len(parcel.faces.frames):
        faces = parcel.faces
        return shrink_frames(faces.frames, (faces.onset, faces.peak)).ravel()
    return np.empty(0, np.float32)
