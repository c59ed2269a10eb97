"""Checks of a model, which is a recipe."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.errors import MertkError
from mertk.core.recipe import Recipe
from mertk.core.splits import Split
from mertk.experiment.leaky_replay import move_frontier
from mertk.pipeline.fold import LabelledClips, run_fold
from mertk.pipeline.pipeline import ClipState, build_pipeline
from mertk.testing import inputs
from mertk.testing.checks.common import documented, imports_light
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from mertk.storage.ledger import Fold
    from mertk.testing.component import ComponentUnderTest


def recipes_are_json(subject: ComponentUnderTest) -> None:
    """Its recipe and presets are equal after a way through JSON."""
    for title, recipe in _list_recipes(subject).items():
        if Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) != recipe:
            raise BrokenPromise(f"{title} is another recipe after a way through JSON")


def recipes_can_be_built(subject: ComponentUnderTest) -> None:
    """Every component of its recipe and presets is registered and takes its parameters."""
    for title, recipe in _list_recipes(subject).items():
        try:
            build_pipeline(subject.registry, recipe)
        except MertkError as error:
            raise BrokenPromise(f"{title} cannot be built: {error}") from error


def replays_can_be_run(subject: ComponentUnderTest) -> None:
    """What a replay fits once can be fitted once."""
    if not subject.entry.replays:
        raise DoesNotApply("it has no replay")
    for title, replay in subject.entry.replays.items():
        try:
            recipe = replay.applied(subject.entry.target)
            move_frontier(build_pipeline(subject.registry, recipe), replay.once)
        except MertkError as error:
            raise BrokenPromise(f"replay '{title}' cannot be run: {error}") from error


def runs_a_fold(subject: ComponentUnderTest) -> None:
    """Its preset `quick`, or else its recipe, learns two people and predicts a third."""
    _run_first_fold(subject)


def repeats(subject: ComponentUnderTest) -> None:
    """The same seed gives the same probabilities, bit by bit."""
    if _run_first_fold(subject).probabilities != _run_fold(subject).probabilities:
        raise BrokenPromise("two runs of one seed give other probabilities")


def _list_recipes(subject: ComponentUnderTest) -> Mapping[str, Recipe]:
    presets = {f"preset '{name}'": recipe for name, recipe in subject.entry.presets.items()}
    return {"the recipe": subject.entry.target, **presets}


@functools.lru_cache(maxsize=1)
def _run_first_fold(subject: ComponentUnderTest) -> Fold:
    return _run_fold(subject)


def _run_fold(subject: ComponentUnderTest) -> Fold:
    """One fold on the nine clips, with tiny schedules."""
    quick = subject.entry.presets.get("quick", subject.entry.target)
    pipeline = build_pipeline(subject.registry, inputs.tiny_recipe(subject.registry, quick))
    known = inputs.make_clips(subject.registry)
    states = [ClipState(footage=clip.footage) for clip in known]
    for stage in pipeline.prefix:
        states = list(map(stage.apply, states))
    sample = LabelledClips(
        uids=[clip.uid for clip in known],
        people=inputs.list_people(subject.registry),
        labels=inputs.get_labels(subject.registry),
        classes=inputs.CLASSES,
    )
    split = Split("the third", np.arange(inputs.TRAINED), np.arange(inputs.TRAINED, len(known)))
    return run_fold(pipeline, states, sample, split, 0)


CHECKS = (
    documented,
    imports_light,
    recipes_are_json,
    recipes_can_be_built,
    replays_can_be_run,
    runs_a_fold,
    repeats,
)
