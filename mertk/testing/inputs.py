"""Where a component stands while it is checked: its parameters, and what comes before it.

It is checked with its defaults, but for epochs and pretrained weights. A fusion block or classifier
is handed small arrays, if it takes them, and else what comes before it in a registered model that
uses it; what looks at footage stands in such a model first. Only where it does not run anywhere, it
gets that model's parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Regions, TrainingSet
from mertk.core.recipe import Json, Recipe, Use
from mertk.pipeline.pipeline import ClipState, Stage
from mertk.testing import clips
from mertk.testing.comparison import freeze_arrays
from mertk.testing.joined import make_runnable

if TYPE_CHECKING:
    from mertk.core.clips import Footage
    from mertk.plugins.registry import Registry

_TINY: Mapping[str, Json] = {"epochs": 2, "pretrained": False}
_SHAPES = ((3, 8), (3, 4, 8), (1, 3, 28, 28))
"""One stream of a clip: regions of features, regions over time, a flow picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """`given(look)` is what the component is handed for each clip of that look, read-only."""

    name: str
    params: Mapping[str, Json]
    given: Callable[[str], Sequence[Any]]


def find_stands(registry: Registry, kind: str, name: str) -> Iterator[Stand]:
    """Where a component may be checked, the best place first."""
    defaults = shrink_training(registry, kind, Use(name))
    if kind == "spotter":
        yield Stand("stretches of video", defaults.params, _make_stretch_source(registry))
        return
    models = [] if kind == "aligner" else _find_models(registry, kind, name)
    inside, with_parameters = [], []
    for title, recipe, place in models:
        given = _make_stage_source(registry, recipe, place)
        inside.append(Stand(title, defaults.params, given))
        use = shrink_training(registry, kind, recipe.places()[place])
        with_parameters.append(Stand(f"{title} and its parameters", use.params, given))
    if kind in ("fusion", "classifier"):
        for shape in _SHAPES:
            source = _make_array_source(registry, shape)
            yield Stand(f"arrays {list(shape)}", defaults.params, source)
        yield from inside
    else:
        yield from inside
        yield Stand("plain footage", defaults.params, _make_stage_source(registry, None, kind))
    yield from with_parameters


def shrink_training(registry: Registry, kind: str, use: Use) -> Use:
    """The component with two epochs and without pretrained weights, where it has such parameters.

    A check is to take seconds, and is to download nothing.
    """
    known = registry.get(kind, use.name).parameters().keys()
    return use.having(**{name: _TINY[name] for name in known & _TINY.keys()})


def tiny_recipe(registry: Registry, recipe: Recipe) -> Recipe:
    """The recipe with all its components `shrink_training`."""
    for place, use in recipe.places().items():
        recipe = recipe.swap(place, shrink_training(registry, place.partition(".")[0], use))
    return recipe


def _find_models(registry: Registry, kind: str, name: str) -> Iterator[tuple[str, Recipe, str]]:
    """Models with the component in them, quick presets first: title, recipe and its place."""
    entries = [registry.get("model", model) for model in registry.names("model")]
    for entry in sorted(entries, key=lambda entry: "quick" not in entry.presets):
        quick = "quick" in entry.presets
        recipe = entry.presets["quick"] if quick else entry.target
        for place, use in recipe.places().items():
            if place.partition(".")[0] == kind and use.name == name:
                yield f"model {entry.name}{':quick' if quick else ''}", recipe, place
                break


def _make_array_source(
    registry: Registry, shape: tuple[int, ...]
) -> Callable[[str], Sequence[Any]]:
    return lambda _look: freeze_arrays(tuple(clips.make_streams(registry, shape)))


def _make_stretch_source(registry: Registry) -> Callable[[str], Sequence[Any]]:
    """Stretches in which each clip's expression is seen once, the face as it is in the clip."""

    def given(look: str) -> Sequence[Any]:
        footage = clips.make_footage(registry, look)
        return list(map(clips.make_stretch, footage))

    return given


def _make_stage_source(
    registry: Registry, recipe: Recipe | None, place: str
) -> Callable[[str], Sequence[Any]]:
    """What comes out before a place of a recipe; before any place, the footage as it is."""

    def given(look: str) -> Sequence[Any]:
        footage = clips.make_footage(registry, look)
        states: Sequence[ClipState] = list(map(_make_bare_state, footage))
        if recipe is not None:
            states = [ClipState(footage=one) for one in footage]
            states = _run_stages(registry, tiny_recipe(registry, recipe), place, states)
        return freeze_arrays(tuple(map(Stage(place, None).select_input, states)))  # type: ignore[no-any-return]

    return given


def _make_bare_state(footage: Footage) -> ClipState:
    """Faces as in the footage, and the whole picture as the one region."""
    faces = footage.faces(landmarks=footage.landmarks)
    whole = Regions(names=("whole",), boxes=np.array([[0, 0, *faces.size]]))
    return ClipState(footage=footage, faces=faces, regions=whole)


def _run_stages(
    registry: Registry, recipe: Recipe, place: str, states: Sequence[ClipState]
) -> Sequence[ClipState]:
    """All clips behind what comes before a place; what learns there is fitted."""
    for before, use in recipe.places().items():
        if before == place or (place.startswith("extractor") and before.startswith("extractor")):
            break
        kind = before.partition(".")[0]
        stage = Stage(before, make_runnable(kind, registry.build(kind, use)))
        if stage.learns:
            inputs = list(map(stage.select_input, states[: clips.TRAINED]))
            stage.component.fit(make_training_set(registry, inputs), np.random.default_rng(0))
        states = list(map(stage.apply, states))
    return states


def make_training_set(registry: Registry, inputs: Sequence[Any], **other: Any) -> TrainingSet[Any]:
    """The training part: clips of two people and three classes, but for what is given."""
    known = {
        "labels": clips.get_labels(registry)[: clips.TRAINED],
        "people": clips.list_people(registry)[: clips.TRAINED],
        "classes": clips.CLASSES,
    }
    return TrainingSet(inputs=inputs, **{**known, **other})
