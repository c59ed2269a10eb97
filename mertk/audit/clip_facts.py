"""Facts of a clip that show no expression, and what a learner makes of them.

A label that can be told from one of them can be told by a network too, which then scores for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.clip_features import predict_nearest_mean
from mertk.audit.clip_files import files_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Clip, Floats, Pixels
    from mertk.core.splits import Split

    Labels = NDArray[np.int64]

TIMING = "timing or landmarks"
NAMES = "names of files and folders"
_PARITY = "whether the number of frames is even"
_BIT = "the lowest bit of a pixel"
WITHOUT_MEANING = (_PARITY, _BIT)
"""Facts that have nothing to do with a face, so that any label in them is an artefact."""

_SIDE = 256  # pixels: no more are looked through for a telling bit
_MEMORY = 2**28  # bits of all clips
_BITS = 16  # the most telling ones that are learnt from
_BLOCK = 2**15  # bits that are counted at once


def facts_of(clips: Sequence[Clip], pictures: Sequence[Sequence[Pixels]]) -> dict[str, Floats]:
    """Fact → numbers `[clips, numbers]`.

    `pictures` are the key frames of each clip, the onset frame first, or none. Pixels are those of
    the onset frame: an expression shows in the other.
    """
    frames = np.asarray([len(clip.footage.frames) for clip in clips])
    files = [files_of(clip.footage.frames) for clip in clips]
    facts: dict[str, Any] = {
        TIMING: [_collect_numbers(clip) for clip in clips],
        _PARITY: frames[:, None] % 2,
        "the file size": [[sum(file.stat().st_size for file in of_clip)] for of_clip in files],
        NAMES: _encode_words([" ".join(map(str, of_clip)) for of_clip in files]),
    }
    if all(map(len, pictures)):
        facts["the frame size"] = [shown[0].shape[:2] for shown in pictures]
        corners = [[shown[0][y, x] for y in (0, -1) for x in (0, -1)] for shown in pictures]
        facts["the corner pixels"] = np.reshape(corners, (len(clips), -1))
        facts[_BIT] = _lowest_bits([of[0] for of in pictures])
    return {
        name: np.asarray(rows, np.uint8 if name == _BIT else np.float32)
        for name, rows in facts.items()
    }


def told_by(fact: str, rows: Floats, labels: Labels, splits: Sequence[Split]) -> dict[str, Labels]:
    """Labels of held-out clips `[clips]` as several learners tell them from a fact, by learner."""
    if not len(rows) or (rows == rows[0]).all():
        return {}
    told = {name: np.zeros_like(labels) for name in _LEARNERS}
    for split in splits:
        known, asked = rows[split.train], rows[split.test]
        if fact == _BIT:
            chosen = _telling_bits(known, labels[split.train])
            known, asked = known[:, chosen], asked[:, chosen]
        for name, learner in _LEARNERS.items():
            told[name][split.test] = learner(known, labels[split.train], asked)
    return told


def _nearest_clip(known: Floats, labels: Labels, asked: Floats) -> Labels:
    from sklearn.neighbors import KNeighborsClassifier

    scale = np.where(known.std(axis=0) > 0, known.std(axis=0), 1)
    learner = KNeighborsClassifier(1).fit(known / scale, labels)
    return np.asarray(learner.predict(asked / scale))


def _predict_by_tree(known: Floats, labels: Labels, asked: Floats) -> Labels:
    from sklearn.tree import DecisionTreeClassifier

    learner = DecisionTreeClassifier(max_depth=4, min_samples_leaf=2, random_state=0)
    return np.asarray(learner.fit(known, labels).predict(asked))


_LEARNERS = {
    "class mean": predict_nearest_mean,
    "nearest clip": _nearest_clip,
    "tree": _predict_by_tree,
}


def _collect_numbers(clip: Clip) -> Floats:
    """Timing and landmarks as numbers `[141]`."""
    footage = clip.footage
    apex = footage.onset if footage.apex is None else footage.apex
    points = np.zeros((68, 2)) if footage.landmarks is None else footage.landmarks
    timing = [len(footage.frames), footage.onset, apex - footage.onset]
    rest = [footage.offset - footage.onset, footage.fps]
    return np.asarray([*timing, *rest, *np.ravel(points)], np.float32)


def _encode_words(texts: Sequence[str]) -> Floats:
    """Which words and numbers, of those that several clips have, each text holds."""
    found = [set(re.findall(r"[^\W\d_]+|\d+", text.lower())) for text in texts]
    every = sorted(set().union(*found))
    present = np.asarray([[word in words for word in every] for words in found], np.float32)
    return present[:, present.sum(axis=0) > 1]


def _lowest_bits(pictures: Sequence[Pixels]) -> NDArray[np.uint8]:
    """The lowest bit of the pixels that all pictures have, from the upper left `[clips, bits]`."""
    most = min(_SIDE, int((_MEMORY / len(pictures) / 3) ** 0.5))
    height, width = (min(most, *(shown.shape[axis] for shown in pictures)) for axis in (0, 1))
    return np.stack([(shown[:height, :width] & 1).ravel() for shown in pictures])


def _telling_bits(bits: NDArray[Any], labels: Labels) -> NDArray[np.intp]:
    """The bits whose share of ones differs most between classes, by a chi-squared statistic."""
    classes = np.unique(labels)
    groups = labels.T if labels.ndim > 1 else (labels == classes[:, None])
    counts = groups.sum(axis=1, dtype=np.float32)[:, None]
    told = []
    for at in range(0, bits.shape[1], _BLOCK):
        block = bits[:, at : at + _BLOCK].astype(np.float32)
        share = block.mean(axis=0)
        ones = groups.astype(np.float32) @ block / np.maximum(counts, 1)
        spread = np.where(share * (1 - share) > 0, share * (1 - share), np.inf)
        told.append((counts * np.square(ones - share)).sum(axis=0) / spread)
    return np.argsort(-np.concatenate(told), kind="stable")[:_BITS]
