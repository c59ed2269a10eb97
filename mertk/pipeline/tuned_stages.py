"""Parameters that are chosen inside the fold: inner folds of whole people in the training part.

To the harness the stages of a fold are one classifier then: it is handed the training clips alone,
as any other is, so what it chooses cannot depend on the held-out ones.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import metrics
from mertk.core.errors import ComponentError, MissingPackageError, ParameterError
from mertk.core.splits import Split, split_people
from mertk.pipeline.fold import FoldFit, LabelledClips, build_fold_pipelines, fit_stages, run_fold
from mertk.pipeline.pipeline import (
    ClipState,
    Pipeline,
    Stage,
    apply_fold_stages,
    build_pipeline,
    explain_clip,
    predict_clip,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mertk.core.clips import Streams, TrainingSet
    from mertk.core.recipe import Json, Recipe
    from mertk.core.tuning import Tuning
    from mertk.plugins.registry import Registry

    Values = Mapping[str, Json]


def set_values(recipe: Recipe, values: Values) -> Recipe:
    """The recipe with these parameters, and nothing left to choose."""
    for path, value in values.items():
        recipe = recipe.set(path, value)
    return recipe.tuned(None)


def tune_pipeline(registry: Registry, recipe: Recipe, tuning: Tuning, plain: Pipeline) -> Pipeline:
    """The pipeline whose fold chooses parameters, from that of the recipe without the choice.

    Raises `ParameterError` where a parameter is not used inside the fold.
    """
    outside = {stage.place: stage.component for stage in plain.prefix}
    for path in tuning.space:
        slot = path.rpartition(".")[0]
        slot = "fusion.0" if slot == "fusion" else slot
        if slot in outside:
            raise ParameterError(
                f"{path} cannot be chosen inside the fold: {slot} learns nothing, and its features "
                "are computed before the folds. Compare its values with --sweep, which shows all "
                "scores, or choose parameters of "
                f"{', '.join(stage.place for stage in plain.inside)}"
            )
    for stage in plain.inside:
        if stage.kind not in ("fusion", "classifier"):
            raise ParameterError(
                f"parameters are chosen where fusion blocks and the classifier alone learn; here "
                f"{stage.place} is fitted in the fold too"
            )

    def build(values: Values) -> Pipeline:
        return Pipeline((), build_pipeline(registry, set_values(recipe, values)).inside)

    return Pipeline(plain.prefix, (Stage("classifier", TunedStages(build, tuning)),))


def check_space(registry: Registry, recipe: Recipe) -> None:
    """Build the recipe with each value of its tuning, so that none fails in a fold.

    Raises `ParameterError` where a fold cannot choose a parameter or it does not take a value, and
    `MissingPackageError` without optuna where it is needed.
    """
    tuning = recipe.tuning
    if tuning is None:
        return
    if tuning.trials and find_spec("optuna") is None:
        raise MissingPackageError(
            "a number of trials needs the package 'optuna', which is not installed. "
            "pip install 'mertk[tune]'; without it, try all combinations (trials 0)"
        )
    build_pipeline(registry, recipe)
    first = tuning.choose_first()
    for path, values in tuning.space.items():
        ends = [values["low"], values["high"]] if isinstance(values, Mapping) else values
        for value in ends:
            build_pipeline(registry, set_values(recipe, {**first, path: value}))


def unwrap_tuned(pipeline: Pipeline) -> tuple[Pipeline, Values]:
    """A fitted pipeline without the choice, and what was chosen; as it is without a choice."""
    found = pipeline.classifier.component
    if not isinstance(found, TunedStages):
        return pipeline, {}
    return Pipeline(pipeline.prefix, found.get_fitted().inside), found.values


class TunedStages:
    """The stages of a fold as one classifier, which chooses their parameters when it is fitted.

    The combination with the best score on inner folds of whole people wins, of equal ones the
    first: UF1, or the mean binary F1 of multi-label training, pooled over the inner folds. Then the
    stages are fitted on all training clips with it.
    """

    def __init__(self, build: Callable[[Values], Pipeline], tuning: Tuning) -> None:
        self._build = build
        self.tuning = tuning
        self.values: Values = {}
        self.trials: list[dict[str, Any]] = []
        self._choices: Mapping[str, Any] = {}
        self._fitted: Pipeline | None = None

    def fit(self, train: TrainingSet[Streams], rng: np.random.Generator, /) -> None:
        """Choose, and fit; draws from `rng` only where what is fitted does."""
        states = [ClipState(streams=streams) for streams in train.inputs]
        uids = list(map(str, range(len(train))))
        clips = LabelledClips(uids, train.people, train.labels, train.classes, train.aus)
        seed = int(copy.deepcopy(rng).integers(2**31))
        search = _Search(self._build, states, clips, self._split_people(clips), seed)
        if len(search.splits) < 2:  # all clips are of one person
            self.values = self.tuning.choose_first()
        else:
            search.run(self.tuning)
            best = max(search.trials, key=lambda trial: trial["score"])
            self.values = best["values"]
        self.trials = search.trials
        self._fitted = self._build(self.values)
        everything = Split("all training clips", np.arange(len(states)), np.arange(0))
        work = FoldFit(clips, everything, seed)
        fit_stages(self._fitted, work, states, [])
        self._choices = work.choices
        if work.stochastic or search.stochastic:
            rng.random()

    def _split_people(self, clips: LabelledClips) -> Sequence[Split]:
        folds = min(self.tuning.folds, len(np.unique(clips.people)))
        return split_people(clips.people.tolist(), clips.labels, folds) if folds > 1 else []

    def predict(self, streams: Streams, /) -> NDArray[np.floating[Any]]:
        """What the fitted stages predict."""
        found: NDArray[np.floating[Any]] = predict_clip(
            self.get_fitted(), ClipState(streams=streams)
        )
        return found

    def explain(self, streams: Streams, /) -> Mapping[str, NDArray[Any]]:
        """What the fitted stages explain; nothing where none can."""
        fitted = self.get_fitted()
        state = apply_fold_stages(fitted, ClipState(streams=streams), explain=True)
        return explain_clip(fitted.classifier, state).explained

    def list_choices(self) -> dict[str, Json]:
        """The values by path, and what the stages have chosen themselves."""
        return {**self._choices, **self.values}

    def list_trials(self) -> list[dict[str, Any]]:
        """Each combination that was tried, with its score on the inner folds."""
        return self.trials

    def get_fitted(self) -> Pipeline:
        """The fitted stages; raises `ComponentError` before `fit`."""
        if self._fitted is None:
            raise ComponentError("nothing is chosen yet: fit comes first")
        return self._fitted


class _Search:
    """The combinations that are tried on inner folds, and their scores."""

    def __init__(
        self,
        build: Callable[[Values], Pipeline],
        states: Sequence[ClipState],
        clips: LabelledClips,
        splits: Sequence[Split],
        seed: int,
    ) -> None:
        self._build, self._states, self._clips, self._seed = build, states, clips, seed
        self.splits = splits
        self.trials: list[dict[str, Any]] = []
        self.stochastic = False

    def run(self, tuning: Tuning) -> None:
        """Try all combinations, or as many as there are trials."""
        if tuning.trials:
            self._run_optuna(tuning)
        else:
            for values in tuning.list_combinations():
                self._try_values(values)

    def _run_optuna(self, tuning: Tuning) -> None:
        import optuna

        def score(trial: Any) -> float:
            values: dict[str, Json] = {}
            for path, known in tuning.space.items():
                values[path] = _suggest_value(trial, path, known)
            return self._try_values(values)

        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            sampler = optuna.samplers.TPESampler(seed=self._seed)
            study = optuna.create_study(direction="maximize", sampler=sampler)
            study.optimize(score, n_trials=tuning.trials)
        finally:
            optuna.logging.set_verbosity(before)
        self.stochastic = True

    def _try_values(self, values: Values) -> float:
        """The score of a combination, pooled over the inner folds."""
        clips = self._clips
        predicted = np.zeros_like(clips.labels)
        build = functools.partial(self._build, values)
        pipelines = build_fold_pipelines(build, self._states, clips, self.splits, self._seed)
        for split, pipeline in zip(self.splits, pipelines, strict=True):
            fold = run_fold(pipeline, self._states, clips, split, self._seed)
            odds = np.asarray(fold.probabilities)
            predicted[split.test] = odds >= 0.5 if clips.multilabel else odds.argmax(axis=1)
            self.stochastic |= bool(fold.drew)
        score = _compute_score(clips, predicted)
        self.trials.append({"values": dict(values), "score": round(score, 6)})
        return score


def _compute_score(clips: LabelledClips, predicted: NDArray[np.int64]) -> float:
    if not clips.multilabel:
        return float(metrics.uf1(metrics.confusion(clips.labels, predicted, len(clips.classes))))
    columns = zip(clips.labels.T, predicted.T, strict=True)
    found = np.stack([metrics.confusion(truth, shown, 2) for truth, shown in columns])
    return float(metrics.binary_f1(found).mean())


def _suggest_value(trial: Any, path: str, known: Sequence[Json] | Mapping[str, Any]) -> Json:
    """What optuna picks: one of the values, or a number of the range."""
    if not isinstance(known, Mapping):
        picked: Json = known[trial.suggest_categorical(path, list(range(len(known))))]
        return picked
    whole = isinstance(known["low"], int) and isinstance(known["high"], int)
    suggest = trial.suggest_int if whole else trial.suggest_float
    number: Json = suggest(path, known["low"], known["high"], log=known["log"])
    return number
