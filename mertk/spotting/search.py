"""Spotters over all long videos of a data set, and how what they find compares with the truth."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mertk.core.errors import MertkError
from mertk.core.progress import Progress
from mertk.core.recipe import Use
from mertk.experiment.study import Study, as_use
from mertk.plugins.loader import Plugins
from mertk.spotting import interval
from mertk.spotting.face_tracking import track_face
from mertk.spotting.recordings import Recording, find_recordings
from mertk.spotting.scoring import Counts, Interval, spot

if TYPE_CHECKING:
    from mertk.core.clips import Faces
    from mertk.core.interfaces import Aligner, Spotter


@dataclass(frozen=True, slots=True)
class Find:
    """One spot, in the data set's own frame numbers."""

    interval: Interval
    apex: int
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What one spotter found in all videos, and its scores.

    `overall` adds up both kinds (MEGC 2020 to 2024), `either` lets any find match any truth,
    whatever their kinds. `busy` are the seconds it took, with reading the frames; `minutes` is how
    long the videos are, `lost` how many of their frames show no single face.
    """

    spotter: Use
    finds: tuple[Find, ...]
    overall: Counts
    by_kind: dict[str, Counts]
    either: Counts
    frames: int
    lost: int
    minutes: float
    busy: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """The videos that were searched, and an outcome per spotter."""

    dataset: Use
    synthetic: bool
    videos: tuple[Recording, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def truths(self) -> list[Interval]:
        """All annotated expressions."""
        return [one for video in self.videos for one in video.truths]


def search_videos(
    spotters: Sequence[str | Use],
    dataset: str | Use,
    *,
    data: Path | str | Mapping[str, Path | str] | None = None,
    aligner: str | Use | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Searched:
    """Run spotters over all long videos of a data set.

    With an `aligner` the face is followed through each video (`mertk.spotting.face_tracking`);
    without, the frames are taken for registered. Raises `DataError` where a data set has no long
    videos, or a video cannot be read, and names it.
    """
    study = Study(dataset=dataset, data=data).open(plugins=plugins, progress=progress)
    registry, bar, (chosen,) = study.registry, study.progress, study.datasets
    uses = [as_use(one) for one in spotters]
    built = [registry.build("spotter", use) for use in uses]
    register = registry.build("aligner", as_use(aligner)) if aligner else None
    clips = study.clips
    videos = find_recordings(clips, study.folders.get(chosen.name))
    outcomes = []
    for use, spotter in zip(uses, built, strict=True):
        bar.stage(str(use), len(videos))
        outcomes.append(_run_spotter(use, spotter, register, videos, bar))
    synthetic = all(clip.record.get("synthetic") for clip in clips)
    return Searched(
        dataset=chosen, synthetic=synthetic, videos=tuple(videos), outcomes=tuple(outcomes)
    )


def _run_spotter(
    use: Use,
    spotter: Spotter,
    aligner: Aligner | None,
    videos: Sequence[Recording],
    progress: Progress,
) -> Outcome:
    start, finds, followed = time.perf_counter(), [], 0
    for video in videos:
        for first, faces in _find_stretches(aligner, video):
            finds += _find_expressions(spotter, first, faces, video)
            followed += len(faces.frames)
        progress.step(video.video)
    busy = time.perf_counter() - start
    truths = [one for video in videos for one in video.truths]
    spotted = [find.interval for find in finds]
    found = spot(truths, spotted)
    frames = sum(len(video.footage.frames) for video in videos)
    kinds = {kind: found.by_kind.get(kind, Counts(0, 0, 0)) for kind in ("micro", "macro")}
    return Outcome(
        spotter=use,
        finds=tuple(finds),
        overall=found.overall,
        by_kind=kinds,
        either=spot(_drop_kinds(truths), _drop_kinds(spotted)).overall,
        frames=frames,
        lost=frames - followed,
        minutes=sum(video.seconds for video in videos) / 60,
        busy=busy,
    )


def _find_stretches(aligner: Aligner | None, video: Recording) -> list[tuple[int, Faces]]:
    """Each unbroken stretch of the face in a video, with the position that it begins at."""
    footage = video.footage
    if aligner is None:
        return [(0, footage.faces(landmarks=footage.landmarks))]
    try:
        found, _ = track_face(footage.frames, footage.fps, aligner)
    except MertkError as error:
        raise _name_video(video, error) from error
    return [(stretch.first, stretch.faces) for stretch in found]


def _find_expressions(spotter: Spotter, first: int, faces: Faces, video: Recording) -> list[Find]:
    try:
        found = interval.spot_stretch(spotter, faces)
    except MertkError as error:
        raise _name_video(video, error) from error
    return [
        Find(
            video.interval(first + one.onset, first + one.offset),
            video.numbers[first + one.apex],
            one.strength,
        )
        for one in found
    ]


def _name_video(video: Recording, error: MertkError) -> MertkError:
    return type(error)(f"video {video.video} of {video.subject}: {error}")


def _drop_kinds(intervals: Sequence[Interval]) -> list[Interval]:
    return [replace(one, kind="") for one in intervals]
