"""The data set by itself: what no recipe is to blame for, and no leaving-out of people mends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.clip_facts import facts_of, told_by
from mertk.audit.lookalikes import find_lookalikes, shrink_picture
from mertk.audit.thumbnails import shrink_frame

if TYPE_CHECKING:
    from mertk.audit.case import Opened
    from mertk.core.clips import Clip, Floats, Pixels

_NEAR = 0.05  # mean difference of pictures whose contrast is 1


def inspect_dataset(case: Opened) -> dict[str, Any]:
    """Pairs of clips that should not be, and `told`: fact → learner → labels `[clips]`.

    `people` are pairs of two people's clips that show one picture: moved, mirrored or partly
    covered. `prints` have one fingerprint and different frames. `told` is what a learner tells of
    held-out clips from facts that show no expression.
    """
    task = case.task
    pictures = [_key_frames(clip) for clip in task.clips]
    labels = task.sample.labels
    told = {
        fact: {
            learner: found.tolist()
            for learner, found in told_by(fact, rows, labels, task.splits).items()
        }
        for fact, rows in facts_of(task.clips, pictures).items()
    }
    return {**_find_suspect_pairs(task.clips, pictures), "told": told}


def _key_frames(clip: Clip) -> Sequence[Pixels]:
    """The onset frame and the peak; none where there is only flow."""
    face = clip.footage.faces()
    return [face.frames[at] for at in (face.onset, face.peak)] if len(face.frames) else []


def _find_suspect_pairs(
    clips: Sequence[Clip], pictures: Sequence[Sequence[Pixels]]
) -> dict[str, list[tuple[str, str]]]:
    shown = np.stack([_make_thumbnails(clip, of) for clip, of in zip(clips, pictures, strict=True)])
    people = np.asarray([clip.person for clip in clips])
    prints = np.asarray([clip.fingerprint for clip in clips])
    found: dict[str, set[tuple[int, int]]] = {"people": set(), "prints": set()}
    for at in range(len(clips)):
        later = slice(at + 1, None)
        apart, mirrored = (
            np.abs(shown[later] - view).mean(axis=(1, 2, 3))
            for view in (shown[at], shown[at][..., ::-1])
        )
        near = (people[later] != people[at]) & (np.minimum(apart, mirrored) < _NEAR)
        mixed = (prints[later] == prints[at]) & (apart > 0)
        for what, pairs in (("people", near), ("prints", mixed)):
            found[what] |= {(at, at + 1 + n) for n in np.flatnonzero(pairs).tolist()}
    if all(map(len, pictures)):
        onsets = np.stack([shrink_picture(of[0].mean(axis=2)) for of in pictures])
        found["people"] |= set(find_lookalikes(onsets, people))
    return {
        what: [(clips[one].uid, clips[other].uid) for one, other in sorted(pairs)]
        for what, pairs in found.items()
    }


def _make_thumbnails(clip: Clip, pictures: Sequence[Pixels]) -> Floats:
    """Onset and peak `[2, 12, 12]`, or where there is only flow, that."""
    if pictures:
        return np.stack([shrink_frame(picture.mean(axis=2)) for picture in pictures])
    flow: Any = clip.footage.flow
    return np.stack([shrink_frame(flow[..., at]) for at in (0, 1)])
