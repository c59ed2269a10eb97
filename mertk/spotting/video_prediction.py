"""A trained model asked about a long video: the face is followed, what is spotted is classified.

Of a video there are in memory at once: a few frames, what the spotter keeps, and one spotted clip,
cut out around the face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Footage, Frames
from mertk.core.errors import DataError
from mertk.datasets.media import videos
from mertk.spotting.face_tracking import Gap, Stretch, track_face
from mertk.spotting.interval import Spot, spot_stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mertk.core.clips import Pixels
    from mertk.core.interfaces import Aligner, Spotter
    from mertk.experiment.trained_model import TrainedModel

NO_EXPRESSION = "no expression"
"""What is said of an interval in which no class is likely enough."""

_MARGIN = 0.5  # of the registered picture's side: hair and chin, for the model's own face finder
_UNEVEN = 0.5  # of the usual time between two frames: what differs by more is a variable rate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """A video in which one face was followed; `notes` say what is unusual about the file.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a model says of one interval.

    `said` is a class, or several if multi-label, or `NO_EXPRESSION`; empty where the model could
    not be asked, and `note` says why. `shares` are the class probabilities.
    """

    where: Where
    said: str
    shares: tuple[float, ...] = ()
    note: str = ""


def track_video(path: Path, aligner: Aligner, step: Callable[[], None] = lambda: None) -> Watched:
    """Follow the face through a video; `step` is called once a frame.

    Raises `DataError` where the file is no video.
    """
    facts = videos.probe_video(path)
    times = videos.read_frame_times(path)
    frames = videos.of_video(path, 0, len(times))
    fps = _estimate_rate(times, facts.fps)
    stretches, gaps = track_face(frames, fps, aligner, step)
    return Watched(
        path=path,
        frames=frames,
        times=times,
        fps=fps,
        stretches=tuple(stretches),
        gaps=tuple(gaps),
        notes=tuple(_list_notes(facts, times)),
    )


def _estimate_rate(times: NDArray[np.float64], told: float) -> float:
    """The usual frame rate in Hz: the mean one, or where it varies that of the middle step."""
    if len(times) < 2:
        return told or 25.0
    return float(
        1 / np.median(np.diff(times)) if _has_uneven_rate(times) else (len(times) - 1) / times[-1]
    )


def _has_uneven_rate(times: NDArray[np.float64]) -> bool:
    steps = np.diff(times)
    return bool(len(steps) and (np.abs(steps / np.median(steps) - 1) > _UNEVEN).mean() > 0.01)


def _list_notes(facts: videos.VideoFacts, times: NDArray[np.float64]) -> list[str]:
    found = []
    if facts.count != len(times):
        found.append(
            f"its header says {facts.count} frames, {len(times)} can be decoded: it may be cut off"
        )
    if _has_uneven_rate(times):
        steps = np.diff(times)
        found.append(
            f"its frame rate varies ({1 / steps.max():.1f} to {1 / steps.min():.1f} Hz): seconds "
            "are those of the file, but durations are judged by the usual rate"
        )
    return found


def predict_spots(
    saved: TrainedModel,
    watched: Watched,
    spotter: Spotter,
    *,
    strength: float = 1.0,
    least: float = 0.0,
    step: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Finding, Footage]]:
    """What is spotted, and what the model says of it, with the clip that it was asked about.

    Spots below `strength` are dropped; one whose likeliest class has less than `least` is called
    `NO_EXPRESSION`. `step` is called for each frame that the spotter reads.
    """
    for stretch in watched.stretches:
        faces = replace(stretch.faces, frames=stretch.faces.frames.map(_Counted(step)))
        for spot in spot_stretch(spotter, faces):
            if spot.strength >= strength:
                footage = _cut_out(watched, stretch, spot)
                yield (
                    predict_interval(saved, footage, _locate_spot(watched, stretch, spot), least),
                    footage,
                )


@dataclass(frozen=True, slots=True)
class _Counted:
    """Leaves a frame as it is, and says that it was read."""

    step: Callable[[], None]

    def __call__(self, picture: Pixels) -> Pixels:
        self.step()
        return picture


def _locate_spot(watched: Watched, stretch: Stretch, spot: Spot) -> Where:
    onset, apex, offset = (stretch.first + at for at in (spot.onset, spot.apex, spot.offset))
    return Where(
        onset=onset,
        apex=apex,
        offset=offset,
        strength=spot.strength,
        begins=float(watched.times[onset]),
        ends=float(watched.times[offset]),
    )


def predict_interval(saved: TrainedModel, footage: Footage, where: Where, least: float) -> Finding:
    """What the model says of one clip; one that it refuses has a note."""
    try:
        found = saved.predict(footage)
    except DataError as error:
        return Finding(where=where, said="", note=str(error))
    said = _name_predicted(saved, found, least)
    return Finding(where=where, said=said, shares=tuple(float(share) for share in found))


def _name_predicted(saved: TrainedModel, shares: NDArray[np.float64], least: float) -> str:
    if saved.multilabel:
        shown = np.flatnonzero(shares >= max(least, 0.5)).tolist()
    else:
        shown = [int(shares.argmax())] if shares.max() >= least else []
    return ", ".join(saved.classes[at] for at in shown) or NO_EXPRESSION


def _cut_out(watched: Watched, stretch: Stretch, spot: Spot) -> Footage:
    """The frames of a spot, in memory, with what lies around the face."""
    within = stretch.places[spot.onset : spot.offset + 1]
    corners = np.concatenate([within, within[:, 1:2] + within[:, 2:3] - within[:, 0:1]], axis=1)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    margin = _MARGIN * float(np.linalg.norm(within[0, 1] - within[0, 0]))
    _, height, width, _ = watched.frames.shape
    x0, y0 = (max(0, int(one)) for one in low - margin)
    x1, y1 = (int(one) for one in np.minimum(high + margin + 1, (width, height)))
    first = stretch.first + spot.onset
    pictures = [
        watched.frames[first + at][y0:y1, x0:x1] for at in range(spot.offset - spot.onset + 1)
    ]
    return Footage(
        frames=Frames.of(np.stack(pictures)),
        onset=0,
        apex=spot.apex - spot.onset,
        offset=spot.offset - spot.onset,
        fps=watched.fps,
    )


def predict_given_interval(
    saved: TrainedModel, path: Path, at: tuple[int | None, int | None, int | None], least: float
) -> tuple[Finding, Footage, list[str]]:
    """What the model says of one interval `at` (onset, apex, offset); without ends, of all frames.

    With the clip that it was asked about, and what is unusual about the file. Raises `DataError`
    where the file is no video, or has no such frames, or shows no face there.
    """
    facts, times = videos.probe_video(path), videos.read_frame_times(path)
    fps = _estimate_rate(times, facts.fps)
    first, apex, last = at[0] or 0, at[1], len(times) - 1 if at[2] is None else at[2]
    footage = Footage(
        frames=videos.of_video(path, 0, len(times)), onset=first, apex=apex, offset=last, fps=fps
    )
    begins, ends = float(times[first]), float(times[last])
    where = Where(onset=first, apex=apex, offset=last, begins=begins, ends=ends)
    found = predict_interval(saved, footage, where, least)
    if found.note:
        raise DataError(found.note)
    return found, footage, _list_notes(facts, times)
