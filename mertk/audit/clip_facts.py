"""Facts of a clip that show no expression, and what a learner predicts from them.

A label that can be predicted from one of them can be predicted by a network too, which then scores
for it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.audit.clip_features import predict_nearest_mean
from mertk.core.clips import Clip, Floats, Frames, Pixels
from mertk.core.splits import Split

Labels = NDArray[np.int64]

TIMING = "timing or landmarks"
NAMES = "names of files and folders"
_PARITY = "whether the number of frames is even"
_BIT = "the lowest bit of a pixel"
WITHOUT_MEANING = (_PARITY, _BIT)
"""Facts that have nothing to do with a face, so that any label in them is an artefact."""

_SIDE = 256  # pixels: of a larger picture only the upper left is searched
_MEMORY = 2**28  # bits of all clips
_BITS = 16  # the most telling ones are learnt from
_BLOCK = 2**15  # bits that are counted at once


def files_of(frames: Frames) -> list[Path]:
    """The files that frames are read from, in their order; none where no file is behind them.

    No component is handed them, but any may find them in this way.
    """
    reader: Any = next(iter(frames.makers), None)
    files = getattr(reader, "files", None) or [getattr(reader, "path", None)]
    return [file for file in files if isinstance(file, Path)]


def collect_facts(
    clips: Sequence[Clip], pictures: Sequence[Sequence[Pixels]]
) -> dict[str, NDArray[Any]]:
    """Fact → numbers `[clips, numbers]`.

    `pictures` are the key frames of each clip, the onset frame first, or none. Pixels are those of
    the onset frame: an expression shows in the other.
    """
    counts, sizes, words = [], [], []
    for clip in clips:
        files = files_of(clip.footage.frames)
        counts.append(len(clip.footage.frames))
        sizes.append(sum(file.stat().st_size for file in files))
        words.append(re.findall(r"[^\W\d_]+|\d+", " ".join(map(str, files)).lower()))
    facts: dict[str, Any] = {
        TIMING: list(map(_collect_numbers, clips)),
        _PARITY: np.reshape(counts, (-1, 1)) % 2,
        "the file size": np.reshape(sizes, (-1, 1)),
        NAMES: _encode_words(words),
    }
    onsets = [of_clip[0] for of_clip in pictures if of_clip]
    if len(onsets) == len(clips):
        shapes, corners = [], []
        for onset in onsets:
            shapes.append(onset.shape[:2])
            corners.append(onset[np.ix_((0, -1), (0, -1))].ravel())
        facts |= {"the frame size": shapes, "the corner pixels": corners}
        facts[_BIT] = _collect_lowest_bits(onsets, np.min(shapes, axis=0))
    for name in facts.keys() - {_BIT}:
        facts[name] = np.asarray(facts[name], np.float32)
    return facts


def predict_from_fact(
    fact: str, rows: Floats, labels: Labels, splits: Sequence[Split]
) -> dict[str, Labels]:
    """Labels of held-out clips `[clips]` as several learners predict them from a fact."""
    if not len(rows) or (rows == rows[0]).all():
        return {}
    found = {name: np.zeros_like(labels) for name in _LEARNERS}
    for split in splits:
        train, test = rows[split.train], rows[split.test]
        if fact == _BIT:
            chosen = _choose_bits(train, labels[split.train])
            train, test = train[:, chosen], test[:, chosen]
        for name, learner in _LEARNERS.items():
            found[name][split.test] = learner(train, labels[split.train], test)
    return found


def _predict_nearest_clip(train: Floats, labels: Labels, test: Floats) -> Labels:
    from sklearn.neighbors import KNeighborsClassifier

    scale = np.where(train.std(axis=0) > 0, train.std(axis=0), 1)
    learner = KNeighborsClassifier(1).fit(train / scale, labels)
    return np.asarray(learner.predict(test / scale))


def _predict_by_tree(train: Floats, labels: Labels, test: Floats) -> Labels:
    from sklearn.tree import DecisionTreeClassifier

    learner = DecisionTreeClassifier(max_depth=4, min_samples_leaf=2, random_state=0)
    return np.asarray(learner.fit(train, labels).predict(test))


_LEARNERS = {
    "class mean": predict_nearest_mean,
    "nearest clip": _predict_nearest_clip,
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


def _encode_words(words: Sequence[Sequence[str]]) -> Floats:
    """Which words and numbers, of those that several clips have, each clip has."""
    from sklearn.preprocessing import MultiLabelBinarizer

    present = MultiLabelBinarizer().fit_transform(words)
    return np.asarray(present[:, present.sum(axis=0) > 1], np.float32)


def _collect_lowest_bits(
    pictures: Sequence[Pixels], smallest: NDArray[np.integer[Any]]
) -> NDArray[np.uint8]:
    """The lowest bit of the pixels that all pictures have, from the upper left `[clips, bits]`."""
    most = min(_SIDE, int((_MEMORY / len(pictures) / 3) ** 0.5))
    height, width = np.minimum(smallest, most)
    return np.stack([(shown[:height, :width] & 1).ravel() for shown in pictures])


def _choose_bits(bits: NDArray[Any], labels: Labels) -> NDArray[np.intp]:
    """The bits whose share of ones differs most between classes, by a chi-squared statistic."""
    groups = labels.T if labels.ndim > 1 else (labels == np.unique(labels)[:, None])
    counts = groups.sum(axis=1, dtype=np.float32)[:, None]
    statistics = []
    for at in range(0, bits.shape[1], _BLOCK):
        block = bits[:, at : at + _BLOCK].astype(np.float32)
        share = block.mean(axis=0)
        ones = groups.astype(np.float32) @ block / np.maximum(counts, 1)
        spread = np.where(share * (1 - share) > 0, share * (1 - share), np.inf)
        statistics.append((counts * np.square(ones - share)).sum(axis=0) / spread)
    return np.argsort(-np.concatenate(statistics), kind="stable")[:_BITS]
