"""Intervals of long videos, how much two of them overlap, and what is counted of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import DataError

IOU = 0.5
"""The least IoU of a match, in all challenges."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """One expression in a long video, true or spotted; `offset` is its last frame, inclusive.

    `kind` is 'micro' or 'macro', and empty where it is not known. `emotion` is needed for STRS
    alone. Videos are identified by subject and name; `subject` may be empty in all truths or in
    all predictions where names of videos are unique. Raises `DataError` where the offset lies
    before the onset.
    """

    video: str
    onset: int
    offset: int
    kind: str = ""
    emotion: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        if self.offset < self.onset:
            raise DataError(
                f"video {self.video}: offset {self.offset} lies before onset {self.onset}. Where "
                "an offset is not annotated (0 in CAS(ME)^2), MEGC 2020 takes the apex for it"
            )


Pair = tuple[Interval, Interval]
"""A truth and the prediction that matches it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A `matches`, M `truths`, N `predictions`, pooled; a ratio over nothing is 0."""

    matches: int
    truths: int
    predictions: int

    @property
    def precision(self) -> float:
        """A / N."""
        return divide_safely(self.matches, self.predictions)

    @property
    def recall(self) -> float:
        """A / M."""
        return divide_safely(self.matches, self.truths)

    @property
    def f1(self) -> float:
        """2A / (M + N)."""
        return divide_safely(2 * self.matches, self.truths + self.predictions)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.matches + other.matches,
            self.truths + other.truths,
            self.predictions + other.predictions,
        )


Counted = tuple[Counts, list[Pair]]
"""What a rule counts, and its pairs."""

Videos = Sequence[tuple[Sequence[Interval], Sequence[Interval]]]
"""Truths and predictions of each video of one subject."""


def iou(truths: Sequence[Interval], predictions: Sequence[Interval]) -> NDArray[np.float64]:
    """Intersection over union of frames `[truths, predictions]`, all in the same video."""
    onset, offset = _make_end_arrays(truths)
    other_onset, other_offset = _make_end_arrays(predictions)
    first, last = np.maximum.outer(onset, other_onset), np.minimum.outer(offset, other_offset)
    shared = np.maximum(last - first + 1, 0)
    lengths = np.add.outer(offset - onset + 1, other_offset - other_onset + 1)
    return np.asarray(shared / (lengths - shared), np.float64)


VIDEO = attrgetter("subject", "video")
"""What a video is identified by."""


def group_intervals(
    truths: Sequence[Interval], predictions: Sequence[Interval], key: Callable[[Interval], Any]
) -> dict[Any, tuple[list[Interval], list[Interval]]]:
    """The truths and the predictions of each key, in their order."""
    groups: dict[Any, tuple[list[Interval], list[Interval]]] = {}
    for side, intervals in enumerate((truths, predictions)):
        for one in intervals:
            groups.setdefault(key(one), ([], []))[side].append(one)
    return groups


def _make_end_arrays(intervals: Sequence[Interval]) -> tuple[NDArray[Any], NDArray[Any]]:
    ends = list(map(attrgetter("onset", "offset"), intervals))
    onset, offset = np.array(ends, np.int64).reshape(-1, 2).T
    return onset, offset


def divide_safely(above: float, below: float) -> float:
    """The quotient, and 0 where nothing is divided."""
    return above / below if below else 0.0
