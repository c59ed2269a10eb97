"""Annotated key frames: taken away, moved, and watched.

Onset, apex and offset are annotations of the test clip too: who has a camera alone does not have
them. A run says whether its recipe looks at them, and can be made without, or with wrong ones.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Faces, Footage
from mertk.core.errors import DataError
from mertk.pipeline.pipeline import ClipState
from mertk.storage import identity

if TYPE_CHECKING:
    from mertk.core.clips import Clip
    from mertk.experiment.task import Task
    from mertk.pipeline.fold import ClipStates
    from mertk.pipeline.pipeline import Pipeline

KEYFRAMES = ("onset", "apex", "offset")


def hide_keyframes(task: Task) -> Task:
    """The task with no key frames given: the expression may be anywhere in the clip.

    Raises `DataError` for a clip with a flow map, which was made from its key frames.
    """
    return _change_clips(task, _hide_keyframes, {"keyframes": "none"})


def use_spotted_apexes(task: Task, apexes: Mapping[str, int]) -> Task:
    """The task with no key frames given but an apex, by clip id, that was found in the pixels."""

    def change(clip: Clip) -> Clip:
        hidden, apex = _hide_keyframes(clip), apexes[clip.uid]
        mark = f"{hidden.fingerprint}, apex {apex}"
        return replace(hidden, footage=replace(hidden.footage, apex=apex), fingerprint=mark)

    return _change_clips(task, change, {"keyframes": "estimated"})


def jitter_keyframes(task: Task, frames: int) -> Task:
    """The task with onset and apex wrong by `frames`, each in a direction that is the clip's."""
    if frames == 0:
        return task
    return _change_clips(task, lambda clip: _move_keyframes(clip, frames), {"jitter": frames})


def _change_clips(task: Task, change: Callable[[Clip], Clip], stamp: dict[str, Any]) -> Task:
    for clip in task.clips:
        if clip.footage.flow is not None:
            raise DataError(
                f"{clip.uid} comes with a flow map, which was made from its annotated key frames; "
                "give its frames instead"
            )
    clips = [change(clip) for clip in task.clips]
    data = identity.clips_identity(clips, [""] * len(clips))["data"]
    return replace(task, clips=clips, identity={**task.identity, "data": data, **stamp})


def _hide_keyframes(clip: Clip) -> Clip:
    footage = replace(clip.footage, onset=0, apex=None, offset=len(clip.footage.frames) - 1)
    return replace(clip, footage=footage, fingerprint=f"{clip.fingerprint}, no key frames")


def _move_keyframes(clip: Clip, frames: int) -> Clip:
    """Onset and apex moved as far as they stay in order and in the clip."""
    footage = clip.footage
    early, late = np.random.default_rng(zlib.crc32(clip.uid.encode())).choice([-1, 1], 2)
    onset = int(np.clip(footage.onset + early * frames, 0, footage.offset))
    apex = footage.apex
    if apex is not None:
        apex = int(np.clip(apex + late * frames, onset, footage.offset))
    moved = replace(footage, onset=onset, apex=apex)
    return replace(clip, footage=moved, fingerprint=f"{clip.fingerprint}, jitter {frames}")


class _Notes:
    """Notes which key frames are read, of a footage or faces that it is mixed into."""

    __slots__ = ()
    _seen: set[str]

    def __getattribute__(self, name: str) -> Any:
        if name in KEYFRAMES:
            with contextlib.suppress(AttributeError):  # not set yet while it is being made
                object.__getattribute__(self, "_seen").add(name)
        return object.__getattribute__(self, name)


class _Footage(_Notes, Footage):
    __slots__ = ("_seen",)

    def faces(self, *given: Any, **named: Any) -> Faces:
        """Hand key frames on, which is not to look at them."""
        return Footage(**_read_fields(self)).faces(*given, **named)


class _Faces(_Notes, Faces):
    __slots__ = ("_seen",)


def _read_fields(given: Any) -> dict[str, Any]:
    """All fields, read without a note."""
    return {part.name: object.__getattribute__(given, part.name) for part in fields(given)}


def _make_noting(given: Any, kind: type[Any], seen: set[str]) -> Any:
    made = kind(**_read_fields(given))
    object.__setattr__(made, "_seen", seen)
    return made


def note_reads(state: ClipState, seen: set[str]) -> ClipState:
    """The state, which adds to `seen` what is read of its key frames."""
    footage = state.footage and _make_noting(state.footage, _Footage, seen)
    faces = state.faces and _make_noting(state.faces, _Faces, seen)
    return replace(state, footage=footage, faces=faces)


def of_prefix(pipeline: Pipeline, clip: Clip) -> set[str]:
    """What the pure steps of a pipeline read of one clip's key frames."""
    seen: set[str] = set()
    state = ClipState(footage=clip.footage)
    for step in pipeline.prefix:
        state = step.apply(note_reads(state, seen))
    return seen


class Noting:
    """Parcels of which the one of clip `at` notes what is read of its key frames in `seen`."""

    def __init__(self, states: ClipStates, at: int) -> None:
        self._parcels = states
        self._at = at
        self.seen: set[str] = set()

    def __getitem__(self, at: int) -> ClipState:
        state = self._parcels[at]
        return note_reads(state, self.seen) if at == self._at else state
