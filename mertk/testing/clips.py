"""The few clips that components are checked on, from the synthetic data set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Faces, Footage, Frames
from mertk.core.recipe import Use
from mertk.testing.comparison import freeze_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Clip
    from mertk.plugins.registry import Registry

    Pixels = NDArray[np.uint8]

CLASSES = ("negative", "positive", "surprise")
TRAINED = 6
"""The first clips, of two people, are trained on; three clips of a third person are predicted."""

_ODD = (117, 101)
_FRAMES = 50
_FPS = 25.0


@functools.lru_cache(maxsize=2)
def make_clips(registry: Registry) -> Sequence[Clip]:
    """Nine clips of three people, one of each class a person; pixels in memory, read-only.

    Raises `UnknownNameError` where the data set `synthetic` is not there.
    """
    small = Use("synthetic", subjects=3, clips=3, frames=10, size=128)
    made: Sequence[Clip] = registry.build("dataset", small).index(None)
    return [replace(clip, footage=freeze_arrays(clip.footage)) for clip in made]


def get_labels(registry: Registry) -> NDArray[np.int64]:
    """The classes of the nine clips."""
    return np.asarray([CLASSES.index(clip.record["label"]) for clip in make_clips(registry)])


def list_people(registry: Registry) -> NDArray[np.str_]:
    """The people of the nine clips."""
    return np.asarray([clip.person for clip in make_clips(registry)])


def keep_footage(footage: Footage) -> Footage:
    """As it is: colour, 128x128."""
    return footage


def make_grey(footage: Footage) -> Footage:
    """Three equal channels."""
    frames = np.asarray(footage.frames[:])
    return replace(footage, frames=Frames.of(np.repeat(frames[..., 1:2], 3, axis=3)))


def make_odd_size(footage: Footage) -> Footage:
    """Neither square nor of even size, which cuts a margin off."""
    height, width = _ODD
    return replace(footage, frames=Frames.of(np.asarray(footage.frames[:])[:, :height, :width]))


LOOKS: Mapping[str, Callable[[Footage], Footage]] = {
    "plain": keep_footage,
    "grey": make_grey,
    "odd": make_odd_size,
}


def make_footage(registry: Registry, look: str) -> list[Footage]:
    """The footage of the nine clips as it looks: a key of `LOOKS`."""
    return [LOOKS[look](clip.footage) for clip in make_clips(registry)]


def make_stretch(footage: Footage) -> Faces:
    """Two seconds of video around a clip's expression, the face at rest before and after it.

    At rest the same picture is seen again and again: noise stands still as well.
    """
    pictures = np.asarray(footage.frames[footage.onset : footage.offset + 1])
    rest = (_FRAMES - len(pictures)) // 2
    order = np.arange(_FRAMES) - rest
    frames = pictures[np.clip(order, 0, len(pictures) - 1)]
    faces = Faces(
        frames=Frames.of(frames),
        onset=0,
        offset=_FRAMES - 1,
        fps=_FPS,
        landmarks=footage.landmarks,
    )
    found: Faces = freeze_arrays(faces)
    return found


def make_streams(registry: Registry, shape: tuple[int, ...]) -> list[dict[str, Any]]:
    """One stream of small random arrays per clip, that tell the classes a little."""
    rng = np.random.default_rng(0)
    streams = []
    for label in get_labels(registry).tolist():
        array = rng.normal(size=shape) + 0.5 * label
        streams.append({"features": array.astype(np.float32)})
    return streams
