"""A recipe as a pipeline of stages, and the frontier in it: the first component that learns.

Steps before the frontier are pure functions of one clip; their results are cached and shared by
all folds. The first stage with `fit`, and everything that takes its output, is inside the fold.
Nobody declares this: it is read off the components.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError, name_component
from mertk.core.interfaces import Differentiable, Explains, Fittable, FusesMany

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Faces, Floats, Footage, Regions, Streams
    from mertk.core.recipe import Recipe
    from mertk.plugins.registry import Registry


PIPELINE_VERSION = 3
"""The version of what the pipeline itself computes, beside its components: raise it with a change.

Features in the cache and runs are known by it, so those of an earlier one are computed again. What
counts is the arithmetic from frames to predictions: of `mertk.datasets` and of this package, how
stages are applied, features stored, chance drawn and folds fitted.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipState:
    """What is known of one clip so far; never a label, never a subject."""

    footage: Footage | None = None
    faces: Faces | None = None
    regions: Regions | None = None
    streams: Mapping[str, Floats] = field(default_factory=dict)
    explained: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a component was fitted beside other folds': seconds, CPU seconds, whether stochastic.

    What folds share is worked out with the first of them, and is in its seconds.
    """

    seconds: float
    cpu: float
    stochastic: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """One component at its place in the recipe; `fitted` where it has learnt already."""

    place: str
    component: Any
    fitted: Fitted | None = None

    @property
    def kind(self) -> str:
        """The slot: `aligner`, `roi`, `extractor`, `fusion` or `classifier`."""
        return self.place.partition(".")[0]

    @property
    def learns(self) -> bool:
        """Whether the component has `fit`, or gives a module to be trained."""
        return isinstance(self.component, Fittable | Differentiable)

    @property
    def explains(self) -> bool:
        """Whether its component can say what a prediction rests on."""
        fits = self.kind in ("extractor", "fusion", "classifier")
        return fits and isinstance(self.component, Explains)

    @property
    def joint(self) -> bool:
        """Whether a classifier has to train it through its module."""
        return isinstance(self.component, Differentiable) and not hasattr(self.component, "fuse")

    def select_input(self, state: ClipState) -> Any:
        """What the component's verb is handed for this clip."""
        if self.kind == "aligner":
            return state.footage
        if self.kind == "roi":
            return state.faces
        if self.kind == "extractor":
            return state.faces, state.regions
        return state.streams

    def apply(self, state: ClipState) -> ClipState:
        """The clip state with this stage's result in it."""
        if self.kind == "aligner":
            return replace(state, faces=self._align(state.footage))
        if self.kind == "roi":
            return replace(state, regions=self.call("locate", state.faces))
        if self.kind == "extractor":
            found = self.call("extract", state.faces, state.regions)
            return replace(state, streams={**state.streams, **self._name_streams(found)})
        return replace(state, streams=self._check_streams(self.call("fuse", state.streams)))

    def apply_many(self, states: Sequence[ClipState]) -> list[ClipState]:
        """The states of training clips with this stage's result in them, at once where it can."""
        if self.kind != "fusion" or not isinstance(self.component, FusesMany):
            return list(map(self.apply, states))
        found = self.call("fuse_many", [state.streams for state in states])
        if len(found) != len(states):
            raise ComponentError(
                f"{self.place}: fuse_many gave {len(found)} results for {len(states)} clips"
            )
        return [
            replace(state, streams=self._check_streams(streams))
            for state, streams in zip(states, found, strict=True)
        ]

    def _align(self, footage: Footage | None) -> Any:
        """The registered faces; a clip with a flow map and no frames is taken as it is."""
        if footage is not None and footage.flow is not None and not len(footage.frames):
            return footage.faces(landmarks=footage.landmarks, transform=np.eye(2, 3))
        return self.call("align", footage)

    def call(self, verb: str, *given: Any) -> Any:
        """What a method of the component gives; raises `ComponentError` where it breaks down."""
        with name_component(f"{self.kind} {type(self.component).__name__}"):
            return getattr(self.component, verb)(*given)

    def _name_streams(self, found: Floats | Streams) -> Streams:
        stream = self.place.partition(".")[2] or "features"
        if not isinstance(found, Mapping):
            return self._check_streams({stream: found})
        prefix = f"{stream}." if "." in self.place else ""
        return self._check_streams({f"{prefix}{name}": array for name, array in found.items()})

    def _check_streams(self, streams: Streams) -> Streams:
        if not isinstance(streams, Mapping):
            raise ComponentError(f"{self.place} gave {type(streams).__name__}, not streams")
        found: dict[str, Any] = {}
        for name, given in streams.items():
            array = np.asarray(given)
            if array.dtype != np.uint8:  # pixels stay as they are, at a quarter of the size
                array = np.asarray(array, np.float32)
            if not np.isfinite(array).all():
                raise ComponentError(f"{self.place}: stream '{name}' holds NaN or infinity")
            found[name] = array
        return found


def locate_face(stages: Sequence[Stage], footage: Footage) -> tuple[Faces, Regions | None]:
    """The registered face, and its regions if the stages give some; else the footage as it is."""
    state = ClipState(footage=footage)
    for stage in stages:
        state = stage.apply(state)
    return footage.faces() if state.faces is None else state.faces, state.regions


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A recipe's stages in order, split at the frontier."""

    prefix: tuple[Stage, ...]
    inside: tuple[Stage, ...]

    @property
    def classifier(self) -> Stage:
        """The last stage."""
        return self.inside[-1]

    @property
    def head(self) -> Stage:
        """The first stage that is fitted, and not through another's gradient."""
        return next(stage for stage in self.inside if not stage.joint)

    @property
    def blocks(self) -> list[Any]:
        """The trailing fusion blocks that the classifier trains together with itself."""
        return [stage.component for stage in self.inside[:-1] if stage.joint]

    @property
    def needs(self) -> set[str]:
        """What the fold needs of the prefix besides streams: `footage`, `faces`, `regions`."""
        kinds = {stage.kind for stage in self.inside}
        if "aligner" in kinds:
            return {"footage"}
        if "roi" in kinds:
            return {"faces"}
        return {"faces", "regions"} if "extractor" in kinds else set()


def build_pipeline(registry: Registry, recipe: Recipe) -> Pipeline:
    """Build every component of a recipe and find the frontier.

    Raises `ComponentError` where a block must be trained by gradient and is followed by something
    that cannot do it, and `ParameterError` where a fold cannot choose what the recipe wants chosen.
    """
    stages = [
        Stage(place, registry.build(place.partition(".")[0], use))
        for place, use in recipe.places().items()
    ]
    pipeline = _split_at_frontier(stages)
    _check_joint(pipeline, recipe)
    if recipe.tuning:
        from mertk.pipeline.tuned_stages import tune_pipeline

        return tune_pipeline(registry, recipe, recipe.tuning, pipeline)
    return pipeline


def _split_at_frontier(stages: Sequence[Stage]) -> Pipeline:
    """Into a fold belong the stages that learn or take the output of one that does."""
    prefix: list[Stage] = []
    inside: list[Stage] = []
    ranks = {"aligner": 0, "roi": 1, "extractor": 2}
    first = len(ranks)  # the lowest rank that learns
    for stage in stages:
        rank = ranks.get(stage.kind, len(ranks))
        depends = first < rank or (bool(inside) and rank == len(ranks))
        if stage.learns or depends or stage.kind == "classifier":
            inside.append(stage)
            first = min(first, rank)
        else:
            prefix.append(stage)
    return Pipeline(tuple(prefix), tuple(inside))


def _check_joint(pipeline: Pipeline, recipe: Recipe) -> None:
    blocks: list[Stage] = []
    for stage in pipeline.inside[:-1]:
        if stage.joint:
            blocks.append(stage)
        elif blocks:
            raise ComponentError(
                f"{stage.place} stands after {blocks[0].place}, which is trained by gradient; "
                "such blocks must come last, just before the classifier"
            )
    if not blocks:
        return
    if "through" not in inspect.signature(pipeline.classifier.component.fit).parameters:
        names = ", ".join(str(recipe.places()[stage.place]) for stage in blocks)
        raise ComponentError(
            f"classifier {recipe.classifier} cannot train {names} by gradient; swap in a "
            "classifier whose fit takes `through`, such as mlp"
        )


def apply_fold_stages(pipeline: Pipeline, state: ClipState, *, explain: bool = False) -> ClipState:
    """What the classifier of a fitted pipeline is handed of a clip at its frontier.

    With `explain`, also what the stages before the classifier explain of the clip.
    """
    for stage in pipeline.inside[:-1]:
        if not stage.joint:
            state = stage.apply(explain_clip(stage, state) if explain else state)
    return state


def predict_clip(pipeline: Pipeline, state: ClipState) -> Any:
    """What a fitted pipeline predicts of a clip at its frontier."""
    return call_predict(pipeline.classifier, apply_fold_stages(pipeline, state))


def call_predict(stage: Stage, state: ClipState) -> Any:
    """What a fitted classifier predicts; raises `ComponentError` with its name where it fails."""
    with name_component(f"{stage.place} {type(stage.component).__name__}: predict"):
        return stage.component.predict(state.streams)


def explain_clip(stage: Stage, state: ClipState) -> ClipState:
    """The state of a clip before a fitted stage, with what the stage explains, if it can."""
    if not stage.explains:
        return state
    given = stage.select_input(state)
    found = stage.call("explain", *(given if stage.kind == "extractor" else [given]))
    explained = {name: np.asarray(array) for name, array in found.items()}
    return replace(state, explained={**state.explained, **explained})


class Clock:
    """Adds up seconds per name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, call: Any, *given: Any) -> Any:
        """Call, and count the time for `name`."""
        start = time.perf_counter()
        try:
            return call(*given)
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


def check_probabilities(
    found: Any, classes: int, what: str, *, multilabel: bool = False
) -> NDArray[np.float64]:
    """A prediction `[classes]`, or `ComponentError`: finite, not negative, of sum 1.

    With `multilabel` each class stands alone, and none is above 1.
    """
    with name_component(f"{what}: reading its prediction"):
        array = np.asarray(found, np.float64)
    if array.shape != (classes,):
        raise ComponentError(f"{what} predicted {list(array.shape)}, expected [{classes}]")
    off = (array > 1).any() if multilabel else abs(array.sum() - 1) > 1e-4
    if not np.isfinite(array).all() or (array < 0).any() or off:
        raise ComponentError(f"{what} predicted {array.tolist()}, which are not probabilities")
    return array
