"""What a component is handed while it is checked: clips, its parameters, and what comes before it.

The clips are a few of the synthetic data set. A component is checked with its defaults, but for
epochs and pretrained weights. A fusion block or classifier is handed small arrays, if it takes
them, and else what comes before it in a registered model that uses it; other components are handed
what comes before them in such a model. A component that runs nowhere with its defaults gets that
model's parameters.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Clip, Faces, Footage, Frames, Regions, Streams, TrainingSet
from mertk.core.errors import ComponentError
from mertk.core.interfaces import Differentiable, LearnedSpotter
from mertk.core.recipe import Json, Recipe, Use
from mertk.core.spots import MeasuredVideo, Spot
from mertk.nn import training
from mertk.pipeline.pipeline import ClipState, Stage
from mertk.plugins.registry import Registry
from mertk.testing.comparison import freeze_arrays

CLASSES = ("negative", "positive", "surprise")
TRAINED = 6
"""The first clips, of two people, are trained on; three clips of a third person are predicted."""

HELD_OUT = 3

_ODD = (117, 101)
_FRAMES = 50
_FPS = 25.0


@functools.lru_cache(maxsize=2)
def make_clips(registry: Registry) -> Sequence[Clip]:
    """Nine clips of three people, one of each class a person; pixels in memory, read-only.

    Raises `UnknownNameError` where the data set `synthetic` is not there.
    """
    small = Use("synthetic", subjects=3, clips=3, frames=10, size=128)
    made: Sequence[Clip] = registry.build("dataset", small).index(None)
    return [replace(clip, footage=freeze_arrays(clip.footage)) for clip in made]


def get_labels(registry: Registry) -> NDArray[np.int64]:
    """The classes of the nine clips."""
    return np.asarray([CLASSES.index(clip.record["label"]) for clip in make_clips(registry)])


def list_people(registry: Registry) -> NDArray[np.str_]:
    """The people of the nine clips."""
    return np.asarray([clip.person for clip in make_clips(registry)])


def keep_footage(footage: Footage) -> Footage:
    """As it is: colour, 128x128."""
    return footage


def make_grey(footage: Footage) -> Footage:
    """Three equal channels."""
    frames = np.asarray(footage.frames[:])
    return replace(footage, frames=Frames.of(np.repeat(frames[..., 1:2], 3, axis=3)))


def make_odd_size(footage: Footage) -> Footage:
    """Neither square nor of even size, which cuts a margin off."""
    height, width = _ODD
    return replace(footage, frames=Frames.of(np.asarray(footage.frames[:])[:, :height, :width]))


LOOKS: Mapping[str, Callable[[Footage], Footage]] = {
    "plain": keep_footage,
    "grey": make_grey,
    "odd": make_odd_size,
}


def make_footage(registry: Registry, look: str) -> list[Footage]:
    """The footage of the nine clips as it looks: a key of `LOOKS`.

    Each has features as well: how bright the parts of its key frames are.
    """
    seen = [LOOKS[look](clip.footage) for clip in make_clips(registry)]
    return [replace(one, features=freeze_arrays(_measure_brightness(one))) for one in seen]


def _measure_brightness(footage: Footage) -> dict[str, NDArray[np.float32]]:
    """The mean grey of 16 rows and 16 columns of onset and peak, `[1, 2, 32]`."""
    faces = footage.faces()
    rows = []
    for at in (faces.onset, faces.peak):
        grey = faces.frames.read_grey(at).astype(np.float32)
        for axis in (0, 1):
            rows.append([part.mean() for part in np.array_split(grey, 16, axis)])
    return {"brightness": np.array(rows, np.float32).reshape(1, 2, 32)}


def make_stretch(footage: Footage) -> Faces:
    """Two seconds of video around a clip's expression, the face at rest before and after it.

    At rest the same picture is seen again and again: noise stands still as well.
    """
    pictures = np.asarray(footage.frames[footage.onset : footage.offset + 1])
    rest = (_FRAMES - len(pictures)) // 2
    order = np.arange(_FRAMES) - rest
    frames = pictures[np.clip(order, 0, len(pictures) - 1)]
    faces = Faces(
        frames=Frames.of(frames), onset=0, offset=_FRAMES - 1, fps=_FPS, landmarks=footage.landmarks
    )
    found: Faces = freeze_arrays(faces)
    return found


def make_measured_videos(spotter: Any, stretches: Sequence[Faces]) -> Sequence[Any]:
    """The training videos of a spotter that learns, of three people; as they are without `measure`.

    The true expression is in the middle third of a stretch.
    """
    if not isinstance(spotter, LearnedSpotter):
        return stretches
    found = []
    for at, faces in enumerate(stretches):
        frames = len(faces.frames)
        truth = Spot(frames // 3, frames // 2, 2 * frames // 3, 1.0)
        found.append(
            MeasuredVideo(
                values=np.asarray(spotter.measure(faces)),
                frames=frames,
                fps=faces.fps,
                truths=(truth,),
                person=f"p{at % 3}",
            )
        )
    return found


def make_streams(
    registry: Registry, shape: tuple[int, ...], _look: str = "", *, trained: int = TRAINED
) -> Sequence[Any]:
    """One stream per clip, read-only: small random arrays that differ a little by class.

    The last three clips are predicted, `trained` ones before them are trained on.
    """
    rng = np.random.default_rng(0)
    streams = []
    labels = get_labels(registry)
    for label in [*np.resize(labels[:TRAINED], trained), *labels[TRAINED:]]:
        array = rng.normal(size=shape) + 0.5 * label
        streams.append(freeze_arrays({"features": array.astype(np.float32)}))
    return streams


_TINY: Mapping[str, Json] = {"epochs": 2, "pretrained": False}
MANY = 48
"""Training clips of a component that needs many, such as a reduction to 20 dimensions."""

_MANY_SHAPES = ((4, 16),)
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
        given = functools.partial(_make_stretches, registry)
        yield Stand("stretches of video", defaults.params, given)
        return
    models = [] if kind == "aligner" else _find_models(registry, kind, name)
    inside, with_parameters = [], []
    for title, recipe, place in models:
        given = functools.partial(_make_stage_inputs, registry, recipe, place)
        inside.append(Stand(title, defaults.params, given))
        use = shrink_training(registry, kind, recipe.places()[place])
        with_parameters.append(Stand(f"{title} and its parameters", use.params, given))
    if kind in ("fusion", "classifier"):
        for shape in _SHAPES:
            given = functools.partial(make_streams, registry, shape)
            yield Stand(f"arrays {list(shape)}", defaults.params, given)
        yield from inside
        for shape in _MANY_SHAPES:
            given = functools.partial(make_streams, registry, shape, trained=MANY)
            yield Stand(f"{MANY} arrays {list(shape)}", defaults.params, given)
    else:
        yield from inside
        given = functools.partial(_make_stage_inputs, registry, None, kind)
        yield Stand("plain footage", defaults.params, given)
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


def _make_stretches(registry: Registry, look: str) -> Sequence[Any]:
    """Stretches in which each clip's expression is seen once, the face as it is in the clip."""
    return list(map(make_stretch, make_footage(registry, look)))


def _make_stage_inputs(
    registry: Registry, recipe: Recipe | None, place: str, look: str
) -> Sequence[Any]:
    """What comes out before a place of a recipe; before any place, the footage as it is."""
    footage = make_footage(registry, look)
    states: Sequence[ClipState] = list(map(_make_bare_state, footage))
    if recipe is not None:
        states = [ClipState(footage=one) for one in footage]
        states = _run_stages(registry, tiny_recipe(registry, recipe), place, states)
    found: Sequence[Any] = freeze_arrays(tuple(map(Stage(place, None).select_input, states)))
    return found


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
            inputs = list(map(stage.select_input, states[:TRAINED]))
            stage.component.fit(make_training_set(registry, inputs), np.random.default_rng(0))
        states = list(map(stage.apply, states))
    return states


def make_training_set(registry: Registry, inputs: Sequence[Any], **other: Any) -> TrainingSet[Any]:
    """The training part: clips of two people and three classes, but for what is given.

    Further clips than the first six are of the same classes, and of further people.
    """
    repeats = [f"/{at // TRAINED}" if at >= TRAINED else "" for at in range(len(inputs))]
    known = {
        "labels": np.resize(get_labels(registry)[:TRAINED], len(inputs)),
        "people": np.char.add(
            np.resize(list_people(registry)[:TRAINED], len(inputs)), np.array(repeats, str)
        ),
        "classes": CLASSES,
    }
    return TrainingSet(inputs=inputs, **{**known, **other})


class Joined:
    """The module of a `Differentiable` block with the weights that it starts from."""

    def __init__(self, block: Differentiable) -> None:
        self.block = block

    def fit(self, train: TrainingSet[Streams], rng: np.random.Generator, /) -> None:
        """Build the module for the shapes of the training clips; its weights are drawn by `rng`."""
        stacked = training.stack_streams(train.inputs)
        shapes = {name: array.shape[1:] for name, array in stacked.items()}
        with training.seed_torch(rng):
            self.module = self.block.module(shapes).eval()

    def fuse(self, streams: Streams, /) -> Streams:
        """The module's streams of one clip; raises `ComponentError` for anything but tensors."""
        import torch

        given = {name: torch.tensor(np.asarray(array))[None] for name, array in streams.items()}
        with torch.inference_mode():
            found = self.module(given)
        if not isinstance(found, dict) or not all(map(torch.is_tensor, found.values())):
            raise ComponentError("its module does not give a dict of tensors")
        # a block may give several samples of a clip, one after the other
        return {n: t[0].numpy() if len(t) == 1 else t.numpy() for n, t in found.items()}


def make_runnable(kind: str, component: Any) -> Any:
    """The component, in `Joined` where it is a block that has a module and no `fuse`."""
    joint = isinstance(component, Differentiable) and not hasattr(component, "fuse")
    return Joined(component) if kind == "fusion" and joint else component
