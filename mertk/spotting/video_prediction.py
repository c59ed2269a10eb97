"""Run a trained model on a long video: track the face, spot expressions, classify each of them.

In memory at once are a few frames, the state of the spotter, and one spotted clip that is cut out
around the face.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Footage, Frames, Pixels
from mertk.core.errors import DataError
from mertk.core.interfaces import Aligner, Spotter
from mertk.core.spots import Spot
from mertk.datasets.media.sources import Media, probe_media
from mertk.experiment.trained_model import TrainedModel
from mertk.spotting.checked_spots import spot_stretch
from mertk.spotting.face_tracking import Gap, Stretch, track_face
from mertk.spotting.people_tracking import (
    choose_people,
    cut_out_people,
    describe_people,
    locate_cut,
    track_people,
)
from mertk.spotting.recordings import kind_of

SHIFTS = 4  # how many small shifts of the crop are predicted again, unless another number is given
NO_EXPRESSION = "no expression"  # the prediction for an interval in which no class is likely enough

_SHIFT = 0.02  # of the picture's side that a shift of the crop cuts off


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedVideo:
    """A video in which one face was tracked; `notes` say what is unusual about the file.

    `times` `[frames]` are in seconds from the first frame, `fps` in Hz is the usual one. Where
    several people were tracked, `person` is the number of this one, and `others` are the faces of
    the others.
    """

    path: Path
    frames: Frames
    times: NDArray[np.float64]
    fps: float
    stretches: tuple[Stretch, ...]
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...]
    person: int | None = None
    others: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """An interval of a video in frames from 0, inclusive, and in seconds.

    `strength` is the spotter's, None where the interval was given.
    """

    onset: int
    apex: int | None
    offset: int
    begins: float
    ends: float
    strength: float | None = None

    @property
    def kind(self) -> str:
        """'micro', or 'macro' for what lasts more than half a second."""
        frames = self.offset - self.onset
        return kind_of((self.ends - self.begins) * (1 + 1 / frames) if frames else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The prediction of a model for one interval.

    `predicted` is a class, or several if multi-label, or `NO_EXPRESSION`; it is empty where the
    model cannot predict, and `note` says why. `probabilities` are those of the classes.
    `stability` is the share of small shifts of the crop with an equal answer; None if not measured.
    """

    where: Where
    predicted: str
    probabilities: tuple[float, ...] = ()
    note: str = ""
    stability: float | None = None


def probe_footage(path: Path, fps: float | None) -> Media:
    """A video, a folder of frames or an array, with its frame rate in Hz.

    `fps` is the rate where the file says none. Raises `DataError` where it is needed and not given,
    and where there is no footage.
    """
    media = probe_media(path)
    if media.count < 2:
        raise DataError(
            f"{path}: this is a picture, not a video; an expression is a change: give a video or a "
            "folder of frames"
        )
    if media.fps:
        return media
    if fps is None:
        raise DataError(f"{path}: its frame rate is not known; give it with --fps")
    return replace(media, fps=fps)


def track_video(
    media: Media, aligner: Aligner, step: Callable[[], None] = lambda: None
) -> TrackedVideo:
    """Track the face through a video; `step` is called once a frame."""
    frames, _ = media.cut_frames(0, media.count - 1)
    stretches, gaps = track_face(frames, media.fps, aligner, step)
    return TrackedVideo(
        path=media.path,
        frames=frames,
        times=media.read_times(media.fps),
        fps=media.fps,
        stretches=tuple(stretches),
        gaps=tuple(gaps),
        notes=tuple(media.list_notes()),
    )


def track_people_of(
    media: Media, aligner: Aligner, face: str, step: Callable[[], None] = lambda: None
) -> list[TrackedVideo]:
    """Track all people through a video, and give it once for each whose `face` is meant.

    The first one's notes say how many people there are.
    """
    frames, _ = media.cut_frames(0, media.count - 1)
    people = track_people(frames, media.fps, aligner, step)
    chosen, times, found = choose_people(people, face), media.read_times(media.fps), []
    for person in chosen:
        others = [other.stretches for other in people if other is not person]
        notes = (*media.list_notes(), describe_people(people)) if person is chosen[0] else ()
        found.append(
            TrackedVideo(
                path=media.path,
                frames=frames,
                times=times,
                fps=media.fps,
                stretches=person.stretches,
                gaps=person.gaps,
                notes=notes,
                person=person.number,
                others=tuple(itertools.chain.from_iterable(others)),
            )
        )
    return found


def predict_spots(
    model: TrainedModel,
    video: TrackedVideo,
    spotter: Spotter,
    *,
    strength: float = 1.0,
    least: float = 0.0,
    shifts: int = SHIFTS,
    step: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Finding, Footage]]:
    """The prediction for each spotted interval, with the clip that the model was given.

    Spots below `strength` are dropped; one whose likeliest class has less than `least` is called
    `NO_EXPRESSION`. `shifts` of the crop are predicted again. `step` is called for each frame that
    the spotter reads.
    """
    for stretch in video.stretches:
        faces = replace(stretch.faces, frames=stretch.faces.frames.map(_Counted(step)))
        for spot in spot_stretch(spotter, faces):
            if spot.strength >= strength:
                onset, apex, offset = np.array([spot.onset, spot.apex, spot.offset]) + stretch.first
                where = Where(
                    onset=int(onset),
                    apex=int(apex),
                    offset=int(offset),
                    begins=float(video.times[onset]),
                    ends=float(video.times[offset]),
                    strength=spot.strength,
                )
                footage = _cut_out(video, stretch, spot)
                yield predict_interval(model, footage, where, least, shifts), footage


@dataclass(frozen=True, slots=True)
class _Counted:
    """Leaves a frame as it is, and calls `step`."""

    step: Callable[[], None]

    def __call__(self, picture: Pixels) -> Pixels:
        self.step()
        return picture


def predict_interval(
    model: TrainedModel, footage: Footage, where: Where, least: float, shifts: int = SHIFTS
) -> Finding:
    """The prediction for one clip and for `shifts` of its crop; for one it refuses, a note."""
    try:
        found = model.predict(footage)
    except DataError as error:
        return Finding(where=where, predicted="", note=str(error))
    predicted = _choose_classes(model, found, least)
    return Finding(
        where=where,
        predicted=predicted,
        probabilities=tuple(found.tolist()),
        stability=_measure_stability(model, footage, predicted, least, shifts),
    )


def _choose_classes(model: TrainedModel, found: NDArray[np.float64], least: float) -> str:
    """The predicted class, or several if multi-label, or `NO_EXPRESSION`."""
    if model.multilabel:
        likely = found >= max(least, 0.5)
    else:
        likely = (np.arange(len(found)) == found.argmax()) & (found >= least)
    return ", ".join(np.asarray(model.classes)[likely]) or NO_EXPRESSION


def _measure_stability(
    model: TrainedModel, footage: Footage, predicted: str, least: float, shifts: int
) -> float | None:
    """The share of small shifts of the crop with the same answer; None if it cannot be shifted.

    A shift cuts 2 % off the pictures at one or two sides; a refused one has another answer.
    """
    known = footage.landmarks is not None or footage.flow is not None or footage.features
    if not shifts or known or not len(footage.frames):
        return None
    equal = 0
    for sides in _SIDES[:shifts]:
        shifted = replace(footage, frames=footage.frames.map(_Cut(*sides)))
        with contextlib.suppress(DataError):
            equal += _choose_classes(model, model.predict(shifted), least) == predicted
    return equal / min(shifts, len(_SIDES))


_SIDES = (
    (1, 0, 0, 0),
    (0, 1, 0, 0),
    (0, 0, 1, 0),
    (0, 0, 0, 1),
    (1, 0, 1, 0),
    (1, 0, 0, 1),
    (0, 1, 1, 0),
    (0, 1, 0, 1),
)
"""Where shifts of the crop cut something off: left, right, top, bottom."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Cuts a little off a picture at the sides that are 1."""

    left: int
    right: int
    top: int
    bottom: int

    def __call__(self, picture: Pixels) -> Pixels:
        height, width, _ = picture.shape
        x, y = max(round(_SHIFT * width), 1), max(round(_SHIFT * height), 1)
        rows = slice(self.top * y, height - self.bottom * y)
        return picture[rows, self.left * x : width - self.right * x]


def _cut_out(video: TrackedVideo, stretch: Stretch, spot: Spot) -> Footage:
    """The frames of a spot, in memory, with a margin around the face."""
    first, last = stretch.first + spot.onset, stretch.first + spot.offset
    rows, columns = locate_cut(stretch, video.others, first, last, video.frames.shape[1:3])
    pictures = [video.frames[at][rows, columns] for at in range(first, last + 1)]
    return Footage(
        frames=Frames.of(np.stack(pictures)),
        onset=0,
        apex=spot.apex - spot.onset,
        offset=spot.offset - spot.onset,
        fps=video.fps,
    )


def predict_given_interval(
    model: TrainedModel,
    media: Media,
    at: tuple[int | None, int | None, int | None],
    least: float,
    *,
    shifts: int = SHIFTS,
    whose: tuple[Aligner, str] | None = None,
) -> Iterator[tuple[Finding, Footage, int | None]]:
    """The prediction for one interval `at` (onset, apex, offset); without ends, for all frames.

    Also gives the clip that the model was given, and the number of the person: there is one
    prediction for each who is meant by `whose`, an aligner and the choice of a face. Raises
    `DataError` where there are no such frames, or no face in them.
    """
    times = media.read_times(media.fps)
    frames, _ = media.cut_frames(0, media.count - 1)
    first, apex, last = at[0] or 0, at[1], media.count - 1 if at[2] is None else at[2]
    footage = Footage(frames=frames, onset=first, apex=apex, offset=last, fps=media.fps)
    begins, ends = float(times[first]), float(times[last])
    where = Where(onset=first, apex=apex, offset=last, begins=begins, ends=ends)
    for person, clip in cut_out_chosen(footage, whose):
        found = predict_interval(model, clip, where, least, shifts)
        if found.note:
            raise DataError(found.note)
        yield found, clip, person


def cut_out_chosen(
    footage: Footage, whose: tuple[Aligner, str] | None
) -> Sequence[tuple[int | None, Footage]]:
    """The clip as it is, or cut out around the face of each person who is meant."""
    return [(None, footage)] if whose is None else cut_out_people(footage, *whose)
