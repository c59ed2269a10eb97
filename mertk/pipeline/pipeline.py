"""A recipe as a line of steps, and the frontier in it: the first component that learns.

Steps before the frontier are pure functions of one clip; their results are cached and shared by
all folds. The first step with `fit`, and everything that takes its output, is inside the fold.
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
from mertk.core.interfaces import Differentiable, Explains, Fittable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Faces, Floats, Footage, Regions, Streams
    from mertk.core.recipe import Recipe
    from mertk.plugins.registry import Registry


PIPELINE_VERSION = 1
"""Of what the pipeline itself computes, beside its components: raise it when that changes.

Features in the cache and runs are known by it, so those of an earlier one are computed again. What
counts is the arithmetic from frames to predictions: of `mertk.datasets` and of this package, how
steps are applied, features stored, chance drawn and folds fitted.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipState:
    """What is known of one clip on its way down the line; never a label, never a subject."""

    footage: Footage | None = None
    faces: Faces | None = None
    regions: Regions | None = None
    streams: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a component was fitted beside other folds': its seconds, and whether it is stochastic.

    What folds share is worked out with the first of them, and is in its seconds.
    """

    seconds: float
    drew: bool


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
        """Whether it is an extractor or a classifier that can say what an answer rests on."""
        fits = self.kind in ("extractor", "classifier")
        return fits and isinstance(self.component, Explains)

    @property
    def joint(self) -> bool:
        """Whether a classifier has to train it through its module."""
        return isinstance(self.component, Differentiable) and not hasattr(self.component, "fuse")

    def takes(self, parcel: ClipState) -> Any:
        """What the component's verb is handed for this clip."""
        if self.kind == "aligner":
            return parcel.footage
        if self.kind == "roi":
            return parcel.faces
        if self.kind == "extractor":
            return parcel.faces, parcel.regions
        return parcel.streams

    def apply(self, parcel: ClipState) -> ClipState:
        """The parcel with this step's result in it."""
        if self.kind == "aligner":
            return replace(parcel, faces=self.asked("align", parcel.footage))
        if self.kind == "roi":
            return replace(parcel, regions=self.asked("locate", parcel.faces))
        if self.kind == "extractor":
            found = self.asked("extract", parcel.faces, parcel.regions)
            return replace(parcel, streams={**parcel.streams, **self._name_streams(found)})
        return replace(parcel, streams=self._check_streams(self.asked("fuse", parcel.streams)))

    def asked(self, verb: str, *given: Any) -> Any:
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
        found = {name: _reduce_precision(array) for name, array in streams.items()}
        for name, array in found.items():
            if not np.isfinite(array).all():
                raise ComponentError(f"{self.place}: stream '{name}' holds NaN or infinity")
        return found


def _reduce_precision(array: Any) -> Any:
    """Single precision; pixels stay as they are, at a quarter of the size."""
    found = np.asarray(array)
    return found if found.dtype == np.uint8 else np.asarray(found, np.float32)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A recipe's steps in order, split at the frontier."""

    prefix: tuple[Stage, ...]
    inside: tuple[Stage, ...]

    @property
    def classifier(self) -> Stage:
        """The last step."""
        return self.inside[-1]

    @property
    def head(self) -> Stage:
        """The first step that is fitted, and not through another's gradient."""
        return next(step for step in self.inside if not step.joint)

    @property
    def explaining(self) -> list[Stage]:
        """The steps of the fold that can say what an answer rests on."""
        return [step for step in self.inside if step.explains]

    @property
    def blocks(self) -> list[Any]:
        """The trailing fusion blocks that the classifier trains together with itself."""
        return [step.component for step in self.inside[:-1] if step.joint]

    @property
    def needs(self) -> set[str]:
        """What the fold needs of the prefix besides streams: `footage`, `faces`, `regions`."""
        kinds = {step.kind for step in self.inside}
        if "aligner" in kinds:
            return {"footage"}
        if "roi" in kinds:
            return {"faces"}
        return {"faces", "regions"} if "extractor" in kinds else set()


def build_pipeline(registry: Registry, recipe: Recipe) -> Pipeline:
    """Build every component of a recipe and find the frontier.

    Raises `ComponentError` where a block must be trained by gradient and is followed by something
    that cannot do it.
    """
    steps = [
        Stage(place, registry.build(place.partition(".")[0], use))
        for place, use in recipe.places().items()
    ]
    inside = _find_fold_stages(steps)
    line = Pipeline(tuple(s for s in steps if s not in inside), tuple(inside))
    _check_joint(line, recipe)
    return line


def _find_fold_stages(steps: Sequence[Stage]) -> list[Stage]:
    """The steps that learn or take the output of one that does."""
    found: list[Stage] = []
    for step in steps:
        upstream = {"aligner": 0, "roi": 1, "extractor": 2}.get(step.kind, 3)
        depends = any(_rank_stage(other) < upstream or upstream == 3 for other in found)
        if step.learns or depends or step.kind == "classifier":
            found.append(step)
    return found


def _rank_stage(step: Stage) -> int:
    return {"aligner": 0, "roi": 1, "extractor": 2}.get(step.kind, 3)


def _check_joint(line: Pipeline, recipe: Recipe) -> None:
    blocks = [step for step in line.inside if step.joint]
    if not blocks:
        return
    first = line.inside.index(blocks[0])
    plain = [step for step in line.inside[first:-1] if not step.joint]
    if plain:
        raise ComponentError(
            f"{plain[0].place} stands after {blocks[0].place}, which is trained by gradient; "
            "such blocks must come last, just before the classifier"
        )
    if "through" not in inspect.signature(line.classifier.component.fit).parameters:
        names = ", ".join(str(recipe.places()[step.place]) for step in blocks)
        raise ComponentError(
            f"classifier {recipe.classifier} cannot train {names} by gradient; swap in a "
            "classifier whose fit takes `through`, such as mlp"
        )


def apply_fold_stages(line: Pipeline, parcel: ClipState) -> ClipState:
    """A clip that has come to a fitted line's frontier, as its classifier is handed it."""
    for step in line.inside[:-1]:
        if not step.joint:
            parcel = step.apply(parcel)
    return parcel


def predict_clip(line: Pipeline, parcel: ClipState) -> Any:
    """What a fitted line predicts of a clip that has come to its frontier."""
    return call_predict(line.classifier, apply_fold_stages(line, parcel))


def call_predict(step: Stage, parcel: ClipState) -> Any:
    """What a fitted classifier predicts; raises `ComponentError` with its name where it fails."""
    with name_component(f"{step.place} {type(step.component).__name__}: predict"):
        return step.component.predict(parcel.streams)


def call_explain(step: Stage, parcel: ClipState) -> dict[str, NDArray[Any]]:
    """What a fitted step that `explains` says of a clip that has come through the line."""
    given = step.takes(parcel)
    said = step.asked("explain", *(given if step.kind == "extractor" else [given]))
    return {name: np.asarray(array) for name, array in said.items()}


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
