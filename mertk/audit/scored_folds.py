"""All folds of a case on a probe's clips and labels, in this process, one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.audit.clip_features import Guesses, flatten_clip_state
from mertk.audit.noise_clips import noise_clips
from mertk.audit.null_labels import LAWS
from mertk.experiment.leaky_replay import fit_once
from mertk.pipeline.fold import run_fold
from mertk.pipeline.pipeline import ClipState, Pipeline

if TYPE_CHECKING:
    from mertk.audit.case import Opened
    from mertk.core.clips import Clip
    from mertk.pipeline.fold import LabelledClips

    Stages = Mapping[str, Sequence[ClipState]]


def score_draw(case: Opened, probe: str, draw: int, *, places: bool) -> dict[str, Any]:
    """A probe with one `draw` of labels: `truth`, `predicted` `[clips]`, and `guesses` by place.

    There are guesses only if `places` is true.
    """
    law, task, seed = LAWS[probe], case.task, case.case.seed
    truth = law.draw(task.sample, np.random.default_rng([seed, draw]), 1)[0]
    sample = replace(task.sample, labels=truth)
    predicted, guesses = np.zeros_like(truth), Guesses(truth)
    with tempfile.TemporaryDirectory() as folder:
        clips = list(task.clips)
        if law.noise:
            clips = noise_clips(case.plugins.registry, clips, sample, Path(folder), seed)
        stages = apply_replayed_stages(case, apply_pure_stages(case.line(), clips), sample)
        parcels = list(stages.values())[-1]
        rows = {
            place: [flatten_clip_state(parcel) for parcel in made]
            for place, made in stages.items()
            if places
        }
        lines = case.fold_lines(parcels, sample, task.splits)
        for split, line in zip(task.splits, lines, strict=True):
            for place, of_clips in rows.items():
                known = [of_clips[at] for at in split.train]
                guesses.note(place, split, known, [of_clips[at] for at in split.test])
            tap = partial(guesses.tap, split) if places else _ignore_stage
            fold = run_fold(line, parcels, sample, split, seed, tap=tap)
            found = np.asarray(fold.probabilities)
            predicted[split.test] = found >= 0.5 if sample.multilabel else found.argmax(axis=1)
    return {
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "guesses": {place: guess.tolist() for place, guess in guesses.found.items()},
    }


def _ignore_stage(_place: str, _known: Sequence[ClipState], _asked: Sequence[ClipState]) -> None:
    """Where the score alone is asked for."""


def apply_pure_stages(line: Pipeline, clips: Sequence[Clip]) -> Stages:
    """The clips' parcels behind each pure step, by its place; no cache, as it would hide state."""
    stages = {"": [ClipState(footage=clip.footage) for clip in clips]}
    for step in line.prefix:
        before = list(stages.values())[-1]
        stages[step.place] = [step.apply(parcel) for parcel in before]
    return stages


def apply_replayed_stages(case: Opened, stages: Stages, sample: LabelledClips) -> Stages:
    """The stages, and behind them what a replay fits once, on all clips."""
    behind = list(stages.values())[-1]
    return {**stages, **fit_once(case.line(), case.case.once, behind, sample, case.case.seed)}
