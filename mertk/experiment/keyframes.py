"""Annotated key frames: hide them, shift them, and record which ones are read.

Onset, apex and offset are annotations of the test clip too: in practice they are not available. A
run records which of them its recipe reads, and can be made without them or with shifted ones.
"""

import contextlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from mertk.core.clips import Clip, Faces, Footage
from mertk.core.errors import DataError
from mertk.experiment.task import Task
from mertk.pipeline.fold import ClipStates
from mertk.pipeline.pipeline import ClipState, Pipeline
from mertk.storage import identity

KEYFRAMES = ("onset", "apex", "offset")
_MADE_FROM = {"flow": ("onset", "apex"), "features": ("onset", "offset")}
"""What a precomputed map was made from, and features were cut by."""


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
    """The task with onset and apex shifted by `frames`; the clip id decides the directions."""
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
    last = len(clip.footage.frames) - 1 if len(clip.footage.frames) else clip.footage.offset
    footage = replace(clip.footage, onset=0, apex=None, offset=last)
    return replace(clip, footage=footage, fingerprint=f"{clip.fingerprint}, no key frames")


def _move_keyframes(clip: Clip, frames: int) -> Clip:
    """Shift onset and apex; they stay in order and in the clip."""
    footage = clip.footage
    early, late = np.random.default_rng(zlib.crc32(clip.uid.encode())).choice([-1, 1], 2)
    onset = int(np.clip(footage.onset + early * frames, 0, footage.offset))
    apex = footage.apex
    if apex is not None:
        apex = int(np.clip(apex + late * frames, onset, footage.offset))
    moved = replace(footage, onset=onset, apex=apex)
    return replace(clip, footage=moved, fingerprint=f"{clip.fingerprint}, jitter {frames}")


class _Notes:
    """Mixed into footage or faces: records which key frames are read."""

    __slots__ = ()
    _seen: set[str]

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name in _MADE_FROM and (found is None or not len(found)):
            return found
        read = (name,) if name in KEYFRAMES else _MADE_FROM.get(name, ())
        if read:
            with contextlib.suppress(AttributeError):  # not set yet while it is being made
                object.__getattribute__(self, "_seen").update(read)
        return found


class _Footage(_Notes, Footage):
    __slots__ = ("_seen",)

    def faces(self, *given: Any, **named: Any) -> Faces:
        """Pass key frames on without recording them as read."""
        plain: Footage = _copy_fields(self, Footage)
        return plain.faces(*given, **named)


class _Faces(_Notes, Faces):
    __slots__ = ("_seen",)


def _copy_fields(given: Any, kind: type[Any]) -> Any:
    """The same footage or faces as another class; nothing is recorded as read."""
    return kind(**{part.name: object.__getattribute__(given, part.name) for part in fields(given)})


def record_reads(state: ClipState, seen: set[str]) -> ClipState:
    """The state of a clip; its key frames are added to `seen` when they are read."""
    parts: dict[str, Any] = {}
    for name, kind in (("footage", _Footage), ("faces", _Faces)):
        if getattr(state, name) is not None:
            parts[name] = _copy_fields(getattr(state, name), kind)
            object.__setattr__(parts[name], "_seen", seen)
    return replace(state, **parts)


def list_prefix_reads(pipeline: Pipeline, clip: Clip) -> list[str]:
    """The key frames of a clip that the stages before the frontier read."""
    seen: set[str] = set()
    state = ClipState(footage=clip.footage)
    for step in pipeline.prefix:
        state = step.apply(record_reads(state, seen))
    return list(seen)


class RecordedStates:
    """Clip states; what is read of the key frames of clip `at` is added to `seen`."""

    def __init__(self, states: ClipStates, at: int) -> None:
        self._states, self._at = states, at
        self.seen: set[str] = set()

    def __getitem__(self, at: int) -> ClipState:
        state = self._states[at]
        return record_reads(state, self.seen) if at == self._at else state
