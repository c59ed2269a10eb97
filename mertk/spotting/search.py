"""Run spotters over all long videos of a data set, and score what they find."""

import contextlib
import functools
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from mertk.core.clips import Faces
from mertk.core.errors import DataError, MertkError
from mertk.core.interfaces import Aligner, LearnedSpotter, Spotter
from mertk.core.progress import Progress
from mertk.core.recipe import Use
from mertk.core.spots import MeasuredVideo, Spot
from mertk.experiment.study import Study, as_use
from mertk.experiment.trained_model import TrainedModel
from mertk.plugins.loader import Plugins
from mertk.spotting import checked_spots
from mertk.spotting.face_tracking import track_face
from mertk.spotting.learned import measure_stretch, spot_in_folds, spot_in_others
from mertk.spotting.recognition import check_model, list_scored_classes, recognise_finds
from mertk.spotting.recordings import Recording, find_recordings
from mertk.spotting.scoring import Counts, Interval, spot


@dataclass(frozen=True, slots=True)
class Find:
    """One spot, in the data set's own frame numbers."""

    interval: Interval
    apex: int
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """The spots of one spotter in all videos, and its scores.

    `overall` adds up both kinds (MEGC 2020 to 2024); in `either` a spot may match a truth of
    another kind. `busy` is the run time in seconds, including the decoding of frames; `minutes` is
    the length of all videos, `lost` the number of their frames without a single face. `learned`: it
    was fitted, for each person, on the videos of the others. `refused` are spots of which the
    model could not predict an emotion.
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
    learned: bool = False
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """The videos, all their annotated expressions, and an outcome per spotter.

    `model` is what recognised emotions, empty where nothing did; `classes` are its classes that
    some true expression has. Without `annotated` videos there is nothing to score against.
    `fit_on` is the data set that learning spotters were fitted on, empty where it is this one.
    """

    dataset: Use
    synthetic: bool
    annotated: bool
    fit_on: str
    videos: tuple[Recording, ...]
    truths: tuple[Interval, ...]
    outcomes: tuple[Outcome, ...]
    model: str = ""
    classes: tuple[str, ...] = ()


def search_videos(
    spotters: Sequence[str | Use],
    dataset: str | Use,
    *,
    data: Path | str | Mapping[str, Path | str] | None = None,
    fit_on: str | Use | None = None,
    aligner: str | Use | None = None,
    model: TrainedModel | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Searched:
    """Run spotters over all long videos of a data set.

    A spotter that learns is fitted for each person on the videos of all others; with `fit_on`,
    once, on all videos of that other data set.

    With an `aligner` the face is tracked through each video (`mertk.spotting.face_tracking`);
    without one, the frames are treated as registered. A `model` predicts the emotion of each spot,
    with its own face registration. Raises `DataError` where a data set has no
    long videos, or a video cannot be read, and names it.
    """
    datasets = [as_use(one) for one in (dataset, fit_on) if one is not None]
    study = Study(dataset=datasets, data=data).open(plugins=plugins, progress=progress)
    registry, bar, chosen = study.registry, study.progress, study.datasets[0]
    uses = list(map(as_use, spotters))
    builders = [functools.partial(registry.build, "spotter", use) for use in uses]
    for build in builders:
        build()  # a wrong parameter is found before the work
    register = registry.build("aligner", as_use(aligner)) if aligner else None
    if model:
        check_model(model, chosen.name)
    parts = []
    for use in study.datasets:
        clips = [clip for clip in study.clips if clip.dataset == use.name]
        parts.append(find_recordings(clips, study.folders.get(use.name)))
    videos, fit_videos = parts[0], parts[1] if fit_on is not None else None
    truths = tuple(itertools.chain.from_iterable(video.truths for video in videos))
    outcomes = []
    for use, build in zip(uses, builders, strict=True):
        outcome = _run_spotter(
            use, build, register, videos, fit_videos=fit_videos, truths=truths, progress=bar
        )
        if model:
            finds, refused = recognise_finds(model, outcome.finds, videos)
            outcome = replace(outcome, finds=tuple(finds), refused=refused)
        outcomes.append(outcome)
    return Searched(
        dataset=chosen,
        synthetic=all(clip.record.get("synthetic") for clip in study.clips),
        annotated=any(video.annotated for video in videos),
        fit_on=str(study.datasets[1]) if fit_on is not None else "",
        videos=tuple(videos),
        truths=truths,
        outcomes=tuple(outcomes),
        model=model.name if model else "",
        classes=tuple(list_scored_classes(model, truths)) if model else (),
    )


def _run_spotter(
    use: Use,
    build: Callable[[], Spotter],
    aligner: Aligner | None,
    videos: Sequence[Recording],
    *,
    fit_videos: Sequence[Recording] | None,
    truths: Sequence[Interval],
    progress: Progress,
) -> Outcome:
    finds: list[Find] = []
    start, tracked = time.perf_counter(), 0
    spotter = build()
    learned = isinstance(spotter, LearnedSpotter)
    progress.stage(str(use), len(videos) + len(fit_videos or ()) * learned)
    if isinstance(spotter, LearnedSpotter):
        if fit_videos is None and not any(video.annotated for video in videos):
            raise DataError(
                f"{use} learns from annotated videos, and these have no annotations; give a data "
                "set to learn from: --fit-on samm_lv"
            )
        measured = _measure_videos(spotter, aligner, videos, progress)
        tracked = sum(one.frames for one, _, _ in measured)
        others = _measure_videos(spotter, aligner, fit_videos or (), progress)
        finds += _spot_learned(build, measured, None if fit_videos is None else others)
    else:
        for video, first, faces in _list_stretches(aligner, videos, progress):
            with _name_video(video):
                found = checked_spots.spot_stretch(spotter, faces)
            finds += _make_finds(found, first, video)
            tracked += len(faces.frames)
    frames = sum(len(video.footage.frames) for video in videos)
    seconds = sum(video.seconds for video in videos)
    busy = time.perf_counter() - start
    spotted = [find.interval for find in finds]
    scored, drop_kind = spot(truths, spotted), functools.partial(replace, kind="")
    none = Counts(0, 0, 0)
    return Outcome(
        spotter=use,
        finds=tuple(finds),
        overall=scored.overall,
        by_kind={"micro": none, "macro": none, **scored.by_kind},
        either=spot(list(map(drop_kind, truths)), list(map(drop_kind, spotted))).overall,
        frames=frames,
        lost=frames - tracked,
        minutes=seconds / 60,
        busy=busy,
        learned=learned,
    )


def _measure_videos(
    spotter: LearnedSpotter,
    aligner: Aligner | None,
    videos: Sequence[Recording],
    progress: Progress,
) -> list[tuple[MeasuredVideo, int, Recording]]:
    found = []
    for video, first, faces in _list_stretches(aligner, videos, progress):
        with _name_video(video):
            found.append((measure_stretch(spotter, faces, first, video), first, video))
    return found


def _list_stretches(
    aligner: Aligner | None, videos: Sequence[Recording], progress: Progress
) -> Iterator[tuple[Recording, int, Faces]]:
    for video in videos:
        for first, faces in _find_stretches(aligner, video):
            yield video, first, faces
        progress.step(video.video)


def _find_stretches(aligner: Aligner | None, video: Recording) -> list[tuple[int, Faces]]:
    """Each unbroken stretch of the face in a video, with the position that it begins at."""
    footage = video.footage
    if aligner is None:
        return [(0, footage.faces(landmarks=footage.landmarks))]
    with _name_video(video):
        found, _ = track_face(footage.frames, footage.fps, aligner)
    return [(stretch.first, stretch.faces) for stretch in found]


def _spot_learned(
    build: Callable[[], Spotter],
    measured: Sequence[tuple[MeasuredVideo, int, Recording]],
    others: Sequence[tuple[MeasuredVideo, int, Recording]] | None,
) -> list[Find]:
    """Spot with a spotter fitted on `others`, or without them on the videos of other people."""
    found: dict[int, list[Find]] = {}
    stretches = [one for one, _, _ in measured]
    learning = cast("Callable[[], LearnedSpotter]", build)
    if others is None:
        spotted = spot_in_folds(learning, stretches)
    else:
        spotted = spot_in_others(learning, [one for one, _, _ in others], stretches)
    for place, spots in spotted:
        _, first, video = measured[place]
        found[place] = _make_finds(spots, first, video)
    return list(itertools.chain.from_iterable(found[place] for place in sorted(found)))


def _make_finds(spots: Sequence[Spot], first: int, video: Recording) -> list[Find]:
    finds = []
    for one in spots:
        where = video.interval(first + one.onset, first + one.offset)
        finds.append(Find(where, video.numbers[first + one.apex], one.strength))
    return finds


@contextlib.contextmanager
def _name_video(video: Recording) -> Iterator[None]:
    try:
        yield
    except MertkError as error:
        raise type(error)(f"video {video.video} of {video.subject}: {error}") from error
