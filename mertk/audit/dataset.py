"""The data set by itself: what no recipe is to blame for, and no leaving-out of people mends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.guesses import nearest
from mertk.audit.thumbnails import thumbnail, thumbnails

if TYPE_CHECKING:
    from mertk.audit.case import Opened
    from mertk.clips import Clip, Floats

_NEAR = 0.05  # mean difference of pictures whose contrast is 1


def inspected(case: Opened) -> dict[str, Any]:
    """Pairs of clips that should not be, and `told`: labels `[clips]` as told without a pixel.

    `people` are pairs of two people's clips whose key frames look the same, mirrored or not.
    `prints` have one fingerprint and different frames. `told` is what
    timing and landmarks say of a held-out clip, by the nearest class mean.
    """
    task = case.task
    notes = np.stack([_notes(clip) for clip in task.clips])
    labels = task.sample.labels
    told = np.zeros_like(labels)
    for split in task.splits:
        told[split.test] = nearest(notes[split.train], labels[split.train], notes[split.test])
    return {**_pairs(task.clips), "told": told.tolist()}


def _pairs(clips: Sequence[Clip]) -> dict[str, list[tuple[str, str]]]:
    shown = np.stack([_shown(clip) for clip in clips])
    people = np.asarray([clip.person for clip in clips])
    prints = np.asarray([clip.fingerprint for clip in clips])
    found: dict[str, list[tuple[str, str]]] = {"people": [], "prints": []}
    for at, clip in enumerate(clips):
        later = slice(at + 1, None)
        apart, mirrored = (
            np.abs(shown[later] - view).mean(axis=(1, 2, 3))
            for view in (shown[at], shown[at][..., ::-1])
        )
        near = (people[later] != people[at]) & (np.minimum(apart, mirrored) < _NEAR)
        mixed = (prints[later] == prints[at]) & (apart > 0)
        for what, pairs in (("people", near), ("prints", mixed)):
            found[what] += [
                (clip.uid, clips[at + 1 + n].uid) for n in np.flatnonzero(pairs).tolist()
            ]
    return found


def _shown(clip: Clip) -> Floats:
    """Onset and peak `[2, 12, 12]`, or where there is only flow, that."""
    face = clip.footage.faces()
    if len(face.frames):
        return thumbnails(face.frames, (face.onset, face.peak))
    flow: Any = face.flow
    return np.stack([thumbnail(flow[..., at]) for at in (0, 1)])


def _notes(clip: Clip) -> Floats:
    """Timing and landmarks as numbers `[141]`."""
    footage = clip.footage
    apex = footage.onset if footage.apex is None else footage.apex
    points = np.zeros((68, 2)) if footage.landmarks is None else footage.landmarks
    timing = [len(footage.frames), footage.onset, apex - footage.onset]
    rest = [footage.offset - footage.onset, footage.fps]
    return np.asarray([*timing, *rest, *np.ravel(points)], np.float32)
