"""Does a spotter that learns know the true intervals of the person in whose videos it spots?

Each probe runs all folds in a fresh process, the person's own fold last, so that what an earlier
fold has left behind is there to be used.

- *intervals*: the true intervals of the person are mirrored in time. The person's own fold is
  fitted on the others alone, so not one spot may change.
- *random*: the true intervals of everybody are drawn anew, without regard to the pixels. F1 with
  them must be no higher than with other draws.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mertk.audit.probes import Audit, Verdict
from mertk.audit.spotter_case import SpotterCase
from mertk.audit.worker import run_in_fresh_process
from mertk.core.errors import ParameterError
from mertk.core.interfaces import LearnedSpotter
from mertk.core.recipe import Use
from mertk.experiment.study import Study
from mertk.plugins.loader import Plugins
from mertk.spotting.interval import Interval
from mertk.spotting.scoring import spot

SMALL = "synthetic_long:videos=4,seconds=20,micros=3,macros=2,size=96"
"""The data set where none is named."""

PROBES = ("intervals", "random")

_DRAWS = 200
_BAND = 99.5  # per cent of the draws


def audit_spotter(
    plugins: Plugins,
    spotter: str,
    *,
    dataset: str | None = None,
    data: Path | str | Mapping[str, Path | str] | None = None,
    seed: int = 0,
) -> Audit:
    """Run both probes; raises `ParameterError` for a spotter without `fit`, which sees no truth."""
    use = Use.parse(spotter)
    if not isinstance(plugins.registry.build("spotter", use), LearnedSpotter):
        raise ParameterError(
            f"{spotter} has no fit: it sees no true interval, and there is nothing to audit. "
            f"`mertk check {use.name}` tests it"
        )
    study = Study(dataset=dataset or SMALL, data=data).open(plugins=plugins)
    case = SpotterCase(
        name=spotter,
        spotter=use.to_json(),
        study=study.resolved().to_json(),
        files=plugins.files,
        seed=seed,
    )
    verdicts: list[Verdict] = []
    plain: dict[str, Any] = {}
    for probe, judge in (("intervals", _judge_intervals), ("random", _judge_random)):
        start = time.perf_counter()
        plain = plain or run_in_fresh_process(case, "spotted", disturb="nothing")
        other = run_in_fresh_process(case, "spotted", disturb=probe)
        verdict = judge(plain, other, seed)
        verdicts.append(replace(verdict, seconds=time.perf_counter() - start))
    people = plain["people"]
    clips = len(study.clips)
    return Audit(spotter, "leave one subject out", clips, people, people, tuple(verdicts))


def _judge_intervals(plain: Mapping[str, Any], other: Mapping[str, Any], seed: int) -> Verdict:
    del seed
    person, changed, count = plain["person"], 0, 0
    for before, after in zip(plain["videos"], other["videos"], strict=True):
        if before["person"] == person:
            count += len(before["spots"]) + len(after["spots"])
            changed += len(set(map(tuple, before["spots"])) ^ set(map(tuple, after["spots"])))
    if changed:
        how = f"spots of {person} that change with the true intervals of {person}: {changed}"
        return Verdict("intervals", "fit", how)
    if not count:
        return Verdict("intervals", "", f"nothing is spotted of {person}", tested=False)
    return Verdict("intervals", "", f"no spot of {person} changes with {person}'s true intervals")


def _judge_random(plain: Mapping[str, Any], other: Mapping[str, Any], seed: int) -> Verdict:
    del plain
    rng, videos = np.random.default_rng(seed + 1), other["videos"]
    score = _score_f1(videos, [one["truths"] for one in videos])
    if not any(one["spots"] for one in videos):
        return Verdict("random", "", "nothing is spotted", tested=False)
    drawn = []
    for _ in range(_DRAWS):
        shifts = [_turn_intervals(one, rng) for one in videos]
        drawn.append(_score_f1(videos, shifts))
    low, high = 0.0, float(np.percentile(drawn, _BAND))
    how = "F1 with random true intervals is that of other random intervals"
    leak = ""
    if score > high:
        leak, how = "fit", "it finds true intervals that nothing in the pixels shows"
    return Verdict("random", leak, how, score=score, low=low, high=high)


def _turn_intervals(video: Mapping[str, Any], rng: np.random.Generator) -> list[tuple[int, int]]:
    """The intervals of a video, all moved by one random time around its end."""
    shift, frames = int(rng.integers(video["frames"])), video["frames"]
    moved = []
    for onset, offset in video["truths"]:
        start = (onset + shift) % (frames - (offset - onset))
        moved.append((start, start + offset - onset))
    return moved


def _score_f1(
    videos: Sequence[Mapping[str, Any]], truths: Sequence[Sequence[tuple[int, int]]]
) -> float:
    true, spotted = [], []
    for at, one in enumerate(videos):
        true += [Interval(str(at), onset, offset) for onset, offset in truths[at]]
        spotted += [Interval(str(at), onset, offset) for onset, offset in one["spots"]]
    return spot(true, spotted).overall.f1
