"""Spotters that learn, in folds: what spots in a person's videos is fitted on the others alone."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mertk.core.clips import Faces
from mertk.core.errors import ComponentError, DataError, name_component
from mertk.core.interfaces import LearnedSpotter
from mertk.core.spots import MeasuredVideo, Spot
from mertk.spotting.checked_spots import find_fault
from mertk.spotting.interval import Interval
from mertk.spotting.recordings import Recording


def measure_stretch(
    spotter: LearnedSpotter, faces: Faces, first: int, video: Recording
) -> MeasuredVideo:
    """What a spotter measures in a stretch that begins at frame `first`, with its truths."""
    with name_component(f"spotter {type(spotter).__name__}: measure"):
        values = np.array(spotter.measure(faces))
    values.flags.writeable = False
    truths = _locate_truths(video, first, len(faces.frames))
    return MeasuredVideo(
        values=values,
        frames=len(faces.frames),
        fps=faces.fps,
        truths=tuple(truths),
        person=video.subject,
    )


def spot_in_folds(
    build: Callable[[], LearnedSpotter],
    stretches: Sequence[MeasuredVideo],
    seed: int = 0,
    *,
    last: str = "",
) -> Iterator[tuple[int, tuple[Spot, ...]]]:
    """The place of each stretch and its spots, person by person.

    Each person's videos are left out once, and a new spotter is fitted on all others; those of
    `last` come last. Raises
    `DataError` where there is one person alone, or no true expression among the others.
    """
    people = sorted({one.person for one in stretches}, key=lambda name: (name == last, name))
    if len(people) < 2:
        raise DataError(
            f"a spotter that learns needs videos of two people or more; here is {len(people)}: "
            "it is fitted on the others"
        )
    for person in people:
        train = [one for one in stretches if one.person != person]
        spotter = _fit_spotter(build, train, seed, f" without {person}")
        for place, one in enumerate(stretches):
            if one.person == person:
                yield place, spot_in_measured(spotter, one.without_truths())


def spot_in_others(
    build: Callable[[], LearnedSpotter],
    train: Sequence[MeasuredVideo],
    stretches: Sequence[MeasuredVideo],
    seed: int = 0,
) -> Iterator[tuple[int, tuple[Spot, ...]]]:
    """The place of each stretch and its spots, by one spotter that is fitted on other videos.

    Raises `DataError` where these have no true expression.
    """
    spotter = _fit_spotter(build, train, seed, "")
    for place, one in enumerate(stretches):
        yield place, spot_in_measured(spotter, one.without_truths())


def _fit_spotter(
    build: Callable[[], LearnedSpotter], train: Sequence[MeasuredVideo], seed: int, without: str
) -> LearnedSpotter:
    """A new spotter, fitted; `without` names in errors who is left out."""
    if not any(one.truths for one in train):
        raise DataError(
            f"a spotter that learns has nothing to learn from: there is no true expression{without}"
        )
    spotter = build()
    with name_component(f"spotter {type(spotter).__name__}: fit{without}"):
        spotter.fit(train, np.random.default_rng(seed))
    return spotter


def spot_in_measured(spotter: LearnedSpotter, video: MeasuredVideo) -> tuple[Spot, ...]:
    """The spots of one stretch; raises `ComponentError` for what no spotter may give."""
    name = f"spotter {type(spotter).__name__}"
    with name_component(name):
        found = spotter.spot_measured(video)
    if broken := find_fault(found, video.frames):
        raise ComponentError(f"{name} {broken}")
    return tuple(found)


def _locate_truths(video: Recording, first: int, frames: int) -> Iterator[Spot]:
    """The true expressions that are seen in a stretch, as positions in it, cut at its ends."""
    places = {number: at - first for at, number in enumerate(video.numbers)}
    for one in sorted(video.truths):
        onset, offset = _find_ends(one, places)
        if offset >= 0 and onset < frames:
            onset, offset = max(onset, 0), min(offset, frames - 1)
            yield Spot(onset, (onset + offset) // 2, offset, 1.0)


def _find_ends(one: Interval, places: dict[int, int]) -> tuple[int, int]:
    """The positions of an interval's ends; of a frame that is not there, the nearest one."""
    ends = []
    for number in (one.onset, one.offset):
        near = min(places, key=lambda known: abs(known - number))
        ends.append(places.get(number, places[near]))
    return ends[0], ends[1]
