"""Checks of a spotter, on stretches of two seconds in each of which one expression is seen."""

from __future__ import annotations

import itertools
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Frames
from mertk.core.interfaces import LearnedSpotter
from mertk.core.spots import MeasuredVideo, Spot
from mertk.spotting.checked_spots import find_fault
from mertk.testing.checks import common
from mertk.testing.comparison import call_verb, thaw_arrays
from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Faces
    from mertk.testing.component import ComponentUnderTest

_RATES = (25.0, 200.0)


def gives_spots(subject: ComponentUnderTest) -> None:
    """It gives a sequence of `Spot` with a strength of 1 or more; positions are whole numbers."""
    for found, _ in _run_spotter(subject):
        for one in found:
            if not isinstance(one, Spot):
                raise BrokenPromise(f"it gives {type(one).__name__}, not Spot")
            for name in ("onset", "apex", "offset"):
                if type(getattr(one, name)) is not int:
                    raise BrokenPromise(f"{name} is {getattr(one, name)!r}, not an int")
            if not one.strength >= 1:
                raise BrokenPromise(f"it {find_fault([one], one.offset + 1)}")


def stays_inside(subject: ComponentUnderTest) -> None:
    """Spots end inside the stretch."""
    for found, frames in _run_spotter(subject):
        outside = [one for one in found if one.offset >= frames]
        if outside:
            raise BrokenPromise(f"it {find_fault(outside, frames)}")


def keeps_order(subject: ComponentUnderTest) -> None:
    """Spots are sorted by onset and do not overlap."""
    for found, _ in _run_spotter(subject):
        for before, after in itertools.pairwise(found):
            if after.onset <= before.offset:
                raise BrokenPromise(f"it gives {after} behind {before}")


def reads_forward(subject: ComponentUnderTest) -> None:
    """It reads each frame at most once, in order: hours of video are decoded while it reads."""
    reader = _read_frames(subject)
    for before, after in itertools.pairwise(reader.order):
        if after <= before:
            raise BrokenPromise(f"it reads frame {after} after frame {before}")


def keeps_few_frames(subject: ComponentUnderTest) -> None:
    """It holds no more than a second of frames at once: hours of them fill any memory."""
    reader = _read_frames(subject)
    most = round(subject.test_inputs[-1].fps) + 1
    if reader.most > most:
        raise BrokenPromise(f"it holds {reader.most} frames at once; a second has {most - 1}")


def measures_before_it_learns(subject: ComponentUnderTest) -> None:
    """If it has `fit`, it has `measure` and `spot_measured`, which together give what `spot` does.

    It is fitted in folds on what it measured, so frames are read in `measure` alone.
    """
    if not subject.learns:
        return
    component = subject.ready()
    if not isinstance(component, LearnedSpotter):
        raise BrokenPromise("it has fit, but not both measure and spot_measured")
    faces: Faces = subject.test_inputs[-1]
    values = np.asarray(component.measure(thaw_arrays(faces)))
    video = MeasuredVideo(values=values, frames=len(faces.frames), fps=faces.fps)
    if list(component.spot_measured(video)) != list(component.spot(thaw_arrays(faces))):
        raise BrokenPromise("spot_measured gives other spots in what it measured than spot")


def needs_no_landmarks(subject: ComponentUnderTest) -> None:
    """It runs without landmarks, on fixed parts of the picture."""
    call_verb(
        subject.kind, subject.ready(), thaw_arrays(replace(subject.test_inputs[-1], landmarks=None))
    )


def takes_any_length(subject: ComponentUnderTest) -> None:
    """A stretch may be as short as one frame; frames come at 25 to 200 a second."""
    faces, component = subject.test_inputs[-1], subject.ready()
    for count in (1, 2, 5, len(faces.frames)):
        for fps in _RATES:
            frames = Frames.of(np.asarray(faces.frames[:count]))
            short = replace(faces, frames=frames, offset=count - 1, fps=fps)
            wrong = find_fault(call_verb(subject.kind, component, short), count)
            if wrong:
                raise BrokenPromise(f"of {count} frames at {fps:g} Hz it {wrong}")


class _Reader:
    """Hands out a new copy of each frame, and notes the order and how many are alive."""

    def __init__(self, frames: Frames) -> None:
        self.order: list[int] = []
        self.most = 0
        self._alive = 0
        self._frames = np.asarray(frames[:])

    def __call__(self, at: int) -> NDArray[np.uint8]:
        self.order.append(at)
        picture: NDArray[np.uint8] = self._frames[at].copy()
        self._alive += 1
        self.most = max(self.most, self._alive)
        weakref.finalize(picture, self._forget_picture)
        return picture

    def _forget_picture(self) -> None:
        self._alive -= 1


def _run_spotter(subject: ComponentUnderTest) -> list[tuple[Any, int]]:
    """What a new component gives of each stretch, and the number of its frames."""
    component = subject.ready()
    return [
        (call_verb(subject.kind, component, one), len(one.frames)) for one in subject.test_inputs
    ]


def _read_frames(subject: ComponentUnderTest) -> _Reader:
    faces: Faces = subject.test_inputs[-1]
    reader = _Reader(faces.frames)
    frames = Frames(reader, len(faces.frames))
    _ = frames.shape  # that the first frame is read for its size is no fault of the spotter's
    reader.order.clear()
    call_verb(subject.kind, subject.ready(), replace(faces, frames=frames))
    return reader


CHECKS = (
    *common.DECLARED,
    *(check for check in common.RUN if check is not common.stores),  # no command stores a spotter
    gives_spots,
    stays_inside,
    keeps_order,
    reads_forward,
    keeps_few_frames,
    measures_before_it_learns,
    needs_no_landmarks,
    takes_any_length,
    *common.LOOKS,
)
