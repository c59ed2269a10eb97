"""A recipe as a scikit-learn estimator, for pipelines and searches of other people.

`mertk.core.splits.LeaveOneSubjectOut` is the cross-validator that goes with it. What mertk
reports comes from its own harness; here the user decides what is held out, and mertk cannot check
it.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mertk.core.clips import Clip
from mertk.core.errors import ParameterError
from mertk.core.recipe import Recipe, Use
from mertk.core.splits import Split
from mertk.pipeline.features import PrefixKeys, load_clip_state
from mertk.pipeline.fold import FoldFit, LabelledClips, fit_stages
from mertk.pipeline.pipeline import ClipState, Pipeline, build_pipeline, predict_clip
from mertk.plugins.loader import load_plugins
from mertk.plugins.registry import Registry, check_parameters
from mertk.storage.cache import Cache

__all__ = ["RecipeClassifier"]


class RecipeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A model of mertk with scikit-learn's `fit`, `predict` and `predict_proba`.

    `recipe` is a model's name, such as `lbptop` or `cnn_lstm_se:quick`, or a `mertk.Recipe`. `X` is
    a sequence of `mertk.Clip`; or an array `[clips, features]`, which takes the place of what the
    recipe's pure stages would give. Features of clips go through mertk's cache, whose folder may be
    given as `cache`. `plugins` are further plug-in files.

    The recipe's components and their parameters are parameters of the estimator, under their paths
    with `__` in the place of `.`: `classifier`, `classifier__C`, `extractor__points`.

    Examples:
        >>> from mertk.pipeline.sklearn import RecipeClassifier
        >>> model = RecipeClassifier("lbptop").set_params(classifier="svm", classifier__C=10)
        >>> model.recipe.classifier
        Use('svm', C=10)
        >>> model.get_params()["extractor__points"]
        4
    """

    def __init__(
        self,
        recipe: str | Recipe = "flow_ridge",
        *,
        cache: str | Path | None = None,
        plugins: Sequence[str | Path] = (),
        random_state: Any = None,
    ) -> None:
        self.recipe = recipe
        self.cache = cache
        self.plugins = plugins
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The estimator's parameters; if `deep`, those of the recipe's components as well."""
        found: dict[str, Any] = super().get_params(deep=False)
        if deep:
            registry, recipe = self._find_recipe()
            for place, use in recipe.places().items():
                name = place.replace(".", "__")
                found[name] = use
                known = registry.get(place.partition(".")[0], use.name).parameters()
                values = {key: one.default for key, one in known.items()} | dict(use.params)
                found |= {f"{name}__{key}": value for key, value in values.items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the estimator, and components and parameters of its recipe.

        A component is a `mertk.Use`, or text such as `"svm:C=2"`; its parameters are set after it.

        Raises `ValueError` for one that there is not.
        """
        for name in self.get_params(deep=False):
            if name in params:
                setattr(self, name, params.pop(name))
        if not params:
            return self
        registry, recipe = self._find_recipe()
        for name in sorted(params, key=lambda name: name.count("__")):
            value, path = params[name], name.replace("__", ".")
            try:
                if path in recipe.places():
                    use = Use.parse(value) if isinstance(value, str) else value
                    recipe = recipe.swap(path, use)
                    continue
                place, _, key = path.rpartition(".")
                plain = value.item() if isinstance(value, np.generic) else value
                recipe = recipe.set(path, plain)
                use = recipe.places()[place]
                kind = place.partition(".")[0]
                target = registry.get(kind, use.name).load()
                check_parameters(f"{kind} '{use.name}'", target, {key: plain})
            except ParameterError as error:
                raise ValueError(f"parameter {name}: {error}") from error
        self.recipe = recipe
        return self

    def _find_recipe(self) -> tuple[Registry, Recipe]:
        """The recipe, also of a model's name, and the registry of its components."""
        registry = load_plugins(self.plugins).registry
        if isinstance(self.recipe, Recipe):
            return registry, self.recipe
        name, _, preset = self.recipe.partition(":")
        return registry, registry.recipe(name, preset or None)

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:  # noqa: N803
        """Fit all that learns in the recipe on these clips; `groups` `[clips]` says whose they are.

        By default clips of mertk are those of their own people, and each row is of another person.

        Raises `ValueError` for bad arrays, and what the recipe's components raise.
        """
        registry, recipe = self._find_recipe()
        self._pipeline: Pipeline = build_pipeline(registry, recipe)
        self._keys = PrefixKeys.of(registry, recipe, self._pipeline)
        states = self._compute_clip_states(X, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        uids = np.arange(len(labels)).astype(str)
        own = [clip.person for clip in X] if _are_clips(X) else np.char.add("clip/", uids)
        people = own if groups is None else groups
        sample = LabelledClips(
            uids=uids.tolist(),
            people=np.asarray(people, str),
            labels=labels.astype(np.int64),
            classes=tuple(map(str, self.classes_)),
        )
        seed = int(check_random_state(self.random_state).randint(2**31))
        everything = Split("all clips", np.arange(len(labels)), np.arange(0))
        fit_stages(self._pipeline, FoldFit(sample, everything, seed), states, [])
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Class probabilities `[clips, classes]`, in the order of `classes_`."""
        check_is_fitted(self, "classes_")
        predict = functools.partial(predict_clip, self._pipeline)
        return np.array(list(map(predict, self._compute_clip_states(X))))

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most probable class of each clip `[clips]`."""
        best = self.predict_proba(X).argmax(axis=1)
        found: NDArray[Any] = self.classes_[best]
        return found

    def _compute_clip_states(self, X: Any, y: Any = None) -> list[ClipState]:  # noqa: N803
        """What crosses the frontier of each clip; `y` is given where this is training."""
        if _are_clips(X):
            cache = Cache(None if self.cache is None else Path(self.cache))
            cache.check_writable()
            load = functools.partial(load_clip_state, self._pipeline, self._keys, cache)
            return list(map(load, X))
        if y is None:
            rows = validate_data(self, X, reset=False)
        else:
            rows, _ = validate_data(self, X, y)
        return [ClipState(streams={"features": row[None].astype(np.float32)}) for row in rows]


def _are_clips(given: Any) -> bool:
    """Whether these are clips, and not rows of features."""
    listed = isinstance(given, Sequence | np.ndarray) and len(given) > 0
    return listed and all(isinstance(one, Clip) for one in given)
