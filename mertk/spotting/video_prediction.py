"""Run a trained model on a long video: track the face, spot expressions, classify each of them.

In memory at once are a few frames, the state of the spotter, and one spotted clip that is cut out
around the face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Footage, Frames
from mertk.core.errors import DataError
from mertk.core.spots import Spot
from mertk.datasets.media.sources import Media, probe_media
from mertk.spotting.checked_spots import spot_stretch
from mertk.spotting.face_tracking import Gap, Stretch, track_face
from mertk.spotting.recordings import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mertk.core.clips import Pixels
    from mertk.core.interfaces import Aligner, Spotter
    from mertk.experiment.trained_model import TrainedModel

NO_EXPRESSION = "no expression"
"""The prediction for an interval in which no class is likely enough."""

_MARGIN = 0.5  # of the registered picture's side: hair and chin, for the model's own face finder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedVideo:
    """A video in which one face was tracked; `notes` say what is unusual about the file.

    `times` `[frames]` are in seconds from the first frame, `fps` in Hz is the usual one.
    """

    path: Path
    frames: Frames
    times: NDArray[np.float64]
    fps: float
    stretches: tuple[Stretch, ...]
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...]


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
    """

    where: Where
    predicted: str
    probabilities: tuple[float, ...] = ()
    note: str = ""


def probe_footage(path: Path, fps: float | None) -> Media:
    """A video, a folder of frames or an array, with its frame rate in Hz.

    `fps` is the rate where the file says none. Raises `DataError` where it is needed and not given,
    and where there is no footage.
    """
    media = probe_media(path)
    if media.count < 2:
        raise DataError(
            f"{path}: one picture; an expression is a change: give a video or a folder of frames"
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


def predict_spots(
    model: TrainedModel,
    video: TrackedVideo,
    spotter: Spotter,
    *,
    strength: float = 1.0,
    least: float = 0.0,
    step: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Finding, Footage]]:
    """The prediction for each spotted interval, with the clip that the model was given.

    Spots below `strength` are dropped; one whose likeliest class has less than `least` is called
    `NO_EXPRESSION`. `step` is called for each frame that the spotter reads.
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
                yield predict_interval(model, footage, where, least), footage


@dataclass(frozen=True, slots=True)
class _Counted:
    """Leaves a frame as it is, and calls `step`."""

    step: Callable[[], None]

    def __call__(self, picture: Pixels) -> Pixels:
        self.step()
        return picture


def predict_interval(model: TrainedModel, footage: Footage, where: Where, least: float) -> Finding:
    """The prediction for one clip; for a clip that the model refuses, a note."""
    try:
        found = model.predict(footage)
    except DataError as error:
        return Finding(where=where, predicted="", note=str(error))
    if model.multilabel:
        likely = found >= max(least, 0.5)
    else:
        likely = (np.arange(len(found)) == found.argmax()) & (found >= least)
    predicted = ", ".join(np.asarray(model.classes)[likely]) or NO_EXPRESSION
    return Finding(where=where, predicted=predicted, probabilities=tuple(found.tolist()))


def _cut_out(video: TrackedVideo, stretch: Stretch, spot: Spot) -> Footage:
    """The frames of a spot, in memory, with a margin around the face."""
    within = stretch.corners[spot.onset : spot.offset + 1]
    corners = np.concatenate([within, within[:, 1:2] + within[:, 2:3] - within[:, 0:1]], axis=1)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    margin = _MARGIN * float(np.linalg.norm(within[0, 1] - within[0, 0]))
    _, height, width, _ = video.frames.shape
    x0, y0 = np.maximum(low - margin, 0).astype(int)
    x1, y1 = np.minimum(high + margin + 1, (width, height)).astype(int)
    first, last = stretch.first + spot.onset, stretch.first + spot.offset
    pictures = [video.frames[at][y0:y1, x0:x1] for at in range(first, last + 1)]
    return Footage(
        frames=Frames.of(np.stack(pictures)),
        onset=0,
        apex=spot.apex - spot.onset,
        offset=spot.offset - spot.onset,
        fps=video.fps,
    )


def predict_given_interval(
    model: TrainedModel, media: Media, at: tuple[int | None, int | None, int | None], least: float
) -> tuple[Finding, Footage, list[str]]:
    """The prediction for one interval `at` (onset, apex, offset); without ends, for all frames.

    Also gives the clip that the model was given, and what is unusual about the file. Raises
    `DataError` where there are no such frames, or no face in them.
    """
    times = media.read_times(media.fps)
    frames, _ = media.cut_frames(0, media.count - 1)
    first, apex, last = at[0] or 0, at[1], media.count - 1 if at[2] is None else at[2]
    footage = Footage(frames=frames, onset=first, apex=apex, offset=last, fps=media.fps)
    begins, ends = float(times[first]), float(times[last])
    where = Where(onset=first, apex=apex, offset=last, begins=begins, ends=ends)
    found = predict_interval(model, footage, where, least)
    if found.note:
        raise DataError(found.note)
    return found, footage, media.list_notes()
