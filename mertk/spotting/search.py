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
from mertk.core.errors import MertkError
from mertk.core.interfaces import Aligner, LearnedSpotter, Spotter
from mertk.core.progress import Progress
from mertk.core.recipe import Use
from mertk.core.spots import MeasuredVideo, Spot
from mertk.experiment.study import Study, as_use
from mertk.experiment.trained_model import TrainedModel
from mertk.plugins.loader import Plugins
from mertk.spotting import checked_spots
from mertk.spotting.face_tracking import track_face
from mertk.spotting.learned import measure_stretch, spot_in_folds
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
    some true expression has.
    """

    dataset: Use
    synthetic: bool
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
    aligner: str | Use | None = None,
    model: TrainedModel | None = None,
    plugins: Plugins | None = None,
    progress: Progress | None = None,
) -> Searched:
    """Run spotters over all long videos of a data set.

    A spotter that learns is fitted for each person on the videos of all others.

    With an `aligner` the face is tracked through each video (`mertk.spotting.face_tracking`);
    without one, the frames are treated as registered. A `model` predicts the emotion of each spot,
    with its own face registration. Raises `DataError` where a data set has no
    long videos, or a video cannot be read, and names it.
    """
    study = Study(dataset=dataset, data=data).open(plugins=plugins, progress=progress)
    registry, bar, (chosen,) = study.registry, study.progress, study.datasets
    uses = list(map(as_use, spotters))
    builders = [functools.partial(registry.build, "spotter", use) for use in uses]
    for build in builders:
        build()  # a wrong parameter is found before the work
    register = registry.build("aligner", as_use(aligner)) if aligner else None
    if model:
        check_model(model, chosen.name)
    clips = study.clips
    videos = find_recordings(clips, study.folders.get(chosen.name))
    truths = tuple(itertools.chain.from_iterable(video.truths for video in videos))
    outcomes = []
    for use, build in zip(uses, builders, strict=True):
        bar.stage(str(use), len(videos))
        outcome = _run_spotter(use, build, register, videos, truths=truths, progress=bar)
        if model:
            finds, refused = recognise_finds(model, outcome.finds, videos)
            outcome = replace(outcome, finds=tuple(finds), refused=refused)
        outcomes.append(outcome)
    return Searched(
        dataset=chosen,
        synthetic=all(clip.record.get("synthetic") for clip in clips),
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
    truths: Sequence[Interval],
    progress: Progress,
) -> Outcome:
    finds: list[Find] = []
    measured: list[tuple[MeasuredVideo, int, Recording]] = []
    start, frames, tracked, seconds = time.perf_counter(), 0, 0, 0.0
    spotter = build()
    learned = isinstance(spotter, LearnedSpotter)
    for video in videos:
        frames += len(video.footage.frames)
        seconds += video.seconds
        for first, faces in _find_stretches(aligner, video):
            with _name_video(video):
                if isinstance(spotter, LearnedSpotter):
                    one = measure_stretch(spotter, faces, first, video)
                    measured.append((one, first, video))
                else:
                    found = checked_spots.spot_stretch(spotter, faces)
                    finds += _make_finds(found, first, video)
            tracked += len(faces.frames)
        progress.step(video.video)
    if learned:
        finds += _spot_in_folds(build, measured)
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


def _find_stretches(aligner: Aligner | None, video: Recording) -> list[tuple[int, Faces]]:
    """Each unbroken stretch of the face in a video, with the position that it begins at."""
    footage = video.footage
    if aligner is None:
        return [(0, footage.faces(landmarks=footage.landmarks))]
    with _name_video(video):
        found, _ = track_face(footage.frames, footage.fps, aligner)
    return [(stretch.first, stretch.faces) for stretch in found]


def _spot_in_folds(
    build: Callable[[], Spotter], measured: Sequence[tuple[MeasuredVideo, int, Recording]]
) -> list[Find]:
    found: dict[int, list[Find]] = {}
    stretches = [one for one, _, _ in measured]
    learning = cast("Callable[[], LearnedSpotter]", build)
    for place, spots in spot_in_folds(learning, stretches):
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
