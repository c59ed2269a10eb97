"""A spotter that is audited: its spots in all folds, with disturbed true intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np

from mertk.core.interfaces import LearnedSpotter
from mertk.core.recipe import Use
from mertk.core.spots import MeasuredVideo, Spot
from mertk.experiment.study import Study
from mertk.plugins.loader import load_plugins
from mertk.spotting.learned import measure_stretch, spot_in_folds
from mertk.spotting.recordings import find_recordings

Disturb = Literal["nothing", "intervals", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotterCase:
    """A spotter on the long videos of a data set, as plain data."""

    name: str
    spotter: Mapping[str, Any]
    study: Mapping[str, Any]
    files: tuple[str, ...]
    seed: int = 0
    device: str = "cpu"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SpotterCase:
        """The inverse of `asdict`."""
        return cls(**{**data, "files": tuple(data["files"])})


def spot_disturbed(case: SpotterCase, *, disturb: Disturb) -> dict[str, Any]:
    """The spots of all folds, the disturbed person's last, and the truths of that run."""
    plugins = load_plugins(case.files)
    study = Study.from_json(case.study).open(plugins=plugins)
    (chosen,) = study.datasets
    use = Use.from_json(case.spotter)

    def build() -> LearnedSpotter:
        return cast("LearnedSpotter", plugins.registry.build("spotter", use))

    stretches, first = [], build()
    for video in find_recordings(study.clips, study.folders.get(chosen.name)):
        faces = video.footage.faces(landmarks=video.footage.landmarks)
        stretches.append(measure_stretch(first, faces, 0, video))
    people = sorted({one.person for one in stretches})
    rng = np.random.default_rng(case.seed)
    for at, one in enumerate(stretches):
        if disturb == "random":
            stretches[at] = replace(one, truths=_draw_intervals(one, rng))
        elif disturb == "intervals" and one.person == people[0]:
            stretches[at] = replace(one, truths=_mirror_intervals(one))
    spots = dict(spot_in_folds(build, stretches, case.seed, last=people[0]))
    videos = []
    for at, one in enumerate(stretches):
        videos.append(
            {
                "person": one.person,
                "frames": one.frames,
                "fps": one.fps,
                "truths": [(true.onset, true.offset) for true in one.truths],
                "spots": [(found.onset, found.offset) for found in spots[at]],
            }
        )
    return {"people": len(people), "person": people[0], "videos": videos}


def _draw_intervals(video: MeasuredVideo, rng: np.random.Generator) -> tuple[Spot, ...]:
    """As many intervals of the same lengths at random places, none over another."""
    free, found = np.ones(video.frames, bool), []
    for one in video.truths:
        length = one.offset - one.onset + 1
        for onset in rng.permutation(video.frames - length + 1).tolist():
            if free[onset : onset + length].all():
                free[onset : onset + length] = False
                found.append(Spot(onset, onset + length // 2, onset + length - 1, 1.0))
                break
    return tuple(sorted(found))


def _mirror_intervals(video: MeasuredVideo) -> tuple[Spot, ...]:
    last = video.frames - 1
    mirrored = [
        Spot(last - one.offset, last - one.apex, last - one.onset, 1.0) for one in video.truths
    ]
    return tuple(sorted(mirrored))
