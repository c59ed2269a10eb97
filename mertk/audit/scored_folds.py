"""All folds of a case on a probe's clips and labels, in this process, one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
    from mertk.core.splits import Split
    from mertk.pipeline.fold import LabelledClips

    Outputs = Mapping[str, Sequence[ClipState]]

T = TypeVar("T")


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
        outputs = apply_pure_stages(case.build_pipeline(), clips)
        outputs = apply_replayed_stages(case, outputs, sample)
        rows = {}
        for place, states in outputs.items() if places else ():
            rows[place] = list(map(flatten_clip_state, states))
        states = list(outputs.values())[-1]
        pipelines = case.build_fold_pipelines(states, sample, task.splits)
        for split, pipeline in zip(task.splits, pipelines, strict=True):
            for place, of_clips in rows.items():
                guesses.predict(place, split, *divide_by(split, of_clips))
            tap = partial(guesses.tap, split) if places else None
            fold = run_fold(pipeline, states, sample, split, seed, tap=tap)
            found = np.asarray(fold.probabilities)
            predicted[split.test] = found >= 0.5 if sample.multilabel else found.argmax(axis=1)
    return {
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "guesses": {place: guess.tolist() for place, guess in guesses.found.items()},
    }


def divide_by(split: Split, items: Sequence[T]) -> tuple[list[T], list[T]]:
    """What belongs to the training clips, and what belongs to the test clips."""
    return list(map(items.__getitem__, split.train)), list(map(items.__getitem__, split.test))


def apply_pure_stages(pipeline: Pipeline, clips: Sequence[Clip]) -> Outputs:
    """The clips after each pure stage, by its place; without the cache, which would hide state."""
    states = [ClipState(footage=clip.footage) for clip in clips]
    outputs = {"": states}
    for stage in pipeline.prefix:
        states = list(map(stage.apply, states))
        outputs[stage.place] = states
    return outputs


def apply_replayed_stages(case: Opened, outputs: Outputs, sample: LabelledClips) -> Outputs:
    """The outputs, and those of the stages that a replay fits once, on all clips."""
    states = list(outputs.values())[-1]
    pipeline = case.build_pipeline()
    return {**outputs, **fit_once(pipeline, case.case.once, states, sample, case.case.seed)}
