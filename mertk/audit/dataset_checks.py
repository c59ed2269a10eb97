"""Faults of the data set itself, which no recipe causes and no held-out person avoids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.clip_facts import collect_facts, predict_from_fact
from mertk.audit.clip_features import make_thumbnail
from mertk.audit.lookalikes import find_lookalikes, shrink_picture
from mertk.core.clips import flatten

if TYPE_CHECKING:
    from mertk.audit.case import Opened
    from mertk.core.clips import Clip, Floats, Pixels

_SIDE = 12  # values of features, in a square
_NEAR = 0.05  # mean difference of pictures whose contrast is 1


def inspect_dataset(case: Opened) -> dict[str, Any]:
    """Pairs of clips that should not be, and `predicted`: fact → learner → labels `[clips]`.

    `people` are pairs of two people's clips that show one picture: moved, mirrored or partly
    covered. `prints` have one fingerprint and different frames. `predicted` is what a learner
    predicts of held-out clips from facts that show no expression.
    """
    task = case.task
    pictures = list(map(_read_key_frames, task.clips))
    predicted: dict[str, dict[str, Any]] = {}
    for fact, rows in collect_facts(task.clips, pictures).items():
        found = predict_from_fact(fact, rows, task.sample.labels, task.splits)
        predicted[fact] = {learner: labels.tolist() for learner, labels in found.items()}
    return {**_find_suspect_pairs(task.clips, pictures), "predicted": predicted}


def _read_key_frames(clip: Clip) -> Sequence[Pixels]:
    """The onset frame and the peak; none where there is only flow."""
    face = clip.footage.faces()
    return [face.frames[face.onset], face.frames[face.peak]] if len(face.frames) else []


def _find_suspect_pairs(
    clips: Sequence[Clip], pictures: Sequence[Sequence[Pixels]]
) -> dict[str, list[tuple[str, str]]]:
    thumbnails = np.stack(list(map(_make_thumbnails, clips, pictures)))
    uids, people, prints = np.array([(c.uid, c.person, c.fingerprint) for c in clips]).T
    near = np.zeros((len(clips), len(clips)), bool)
    mixed = np.zeros_like(near)
    for at, picture in enumerate(thumbnails):
        later = slice(at + 1, None)
        apart = np.abs(thumbnails[later] - picture).mean(axis=(1, 2, 3))
        mirrored = np.abs(thumbnails[later] - picture[..., ::-1]).mean(axis=(1, 2, 3))
        near[at, later] = (people[later] != people[at]) & (np.minimum(apart, mirrored) < _NEAR)
        mixed[at, later] = (prints[later] == prints[at]) & (apart > 0)
    if all(map(len, pictures)):
        onsets = np.stack([shrink_picture(of[0].mean(axis=2)) for of in pictures])
        for pair in find_lookalikes(onsets, people):
            near[pair] = True
    return {"people": uids[np.argwhere(near)].tolist(), "prints": uids[np.argwhere(mixed)].tolist()}


def _make_thumbnails(clip: Clip, pictures: Sequence[Pixels]) -> Floats:
    """Onset and peak `[2, 12, 12]`, or where there is only flow, that; or else the features."""
    if pictures:
        return np.stack([make_thumbnail(picture.mean(axis=2)) for picture in pictures])
    if clip.footage.flow is None:
        row = flatten(clip.footage.features)
        return np.stack([make_thumbnail(np.resize(row, (_SIDE, _SIDE)))] * 2)
    flow: Any = clip.footage.flow
    return np.stack([make_thumbnail(flow[..., 0]), make_thumbnail(flow[..., 1])])
