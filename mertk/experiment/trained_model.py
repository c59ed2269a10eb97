"""A model that is fitted on all clips, and the folder that stores it.

The folder holds no pickle: `model.json` and `arrays.safetensors` (`mertk.storage.serialization`),
and a model card, `README.md`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Footage
from mertk.core.errors import ComponentError, MertkError, StorageError
from mertk.core.recipe import Recipe
from mertk.core.splits import Split
from mertk.experiment import trained_model_files, trained_model_page
from mertk.experiment.open_study import OpenStudy
from mertk.experiment.run_facts import identity_of, origins_of
from mertk.pipeline.features import PrefixKeys, load_clip_state
from mertk.pipeline.fold import FoldFit, fit_stages
from mertk.pipeline.pipeline import (
    ClipState,
    Clock,
    Pipeline,
    apply_fold_stages,
    build_pipeline,
    check_probabilities,
    explain_clip,
    predict_clip,
)
from mertk.pipeline.tuned_stages import set_values, unwrap_tuned
from mertk.plugins.loader import Plugins
from mertk.plugins.registry import Registry
from mertk.storage import identity, serialization
from mertk.storage.atomic_files import write_folder, write_json, write_text, write_whole
from mertk.storage.cache import Cache

_LOG = logging.getLogger(__name__)

KIND = "trained model"  # the kind of a model's folder, in its mark


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A fitted model; `about` is its identity and its training data, as in `model.json`."""

    name: str
    classes: tuple[str, ...]
    multilabel: bool
    pipeline: Pipeline
    about: Mapping[str, Any]

    def predict(self, footage: Footage) -> NDArray[np.float64]:
        """Class probabilities `[classes]` of one clip; raises what its components raise.

        Raises `StorageError` where one breaks down, as it does when its stored state makes no
        sense.
        """
        what = f"classifier {type(self.pipeline.classifier.component).__name__}"
        state = self._apply_prefix(footage)
        try:
            found = predict_clip(self.pipeline, state)
            return check_probabilities(found, len(self.classes), what, multilabel=self.multilabel)
        except (ComponentError, TypeError, ValueError) as error:  # it may fail in any way
            reason = " ".join(str(error)[:300].split())
            raise StorageError(
                f"{self.name} cannot predict ({reason}); if it was read from a folder, that is "
                "damaged: train the model again"
            ) from error

    def explain(self, footage: Footage) -> dict[str, Any]:
        """The explanations of a prediction that the learnt components give."""
        state = apply_fold_stages(self.pipeline, self._apply_prefix(footage), explain=True)
        found = explain_clip(self.pipeline.classifier, state).explained
        return {name: array.tolist() for name, array in found.items()}

    def _apply_prefix(self, footage: Footage) -> ClipState:
        state = ClipState(footage=footage)
        for step in self.pipeline.prefix:
            state = step.apply(state)
        return state

    def save(self, folder: Path, plugins: Plugins) -> tuple[str, ...]:
        """Write the folder, whole or not at all, and read it back; an earlier model is replaced.

        Gives the packages that must be trusted to load it, as `load` takes them. Raises
        `StorageError` where a component holds what cannot be stored, or what `load` would refuse.
        """
        from safetensors.numpy import save

        registry = plugins.registry
        recipe = Recipe.from_json(self.about["identity"]["recipe"])
        uses, new = recipe.places(), build_pipeline(registry, recipe)
        try:
            found = serialization.freeze_components(
                _collect_learners(self.pipeline), _collect_learners(new)
            )
        except StorageError as error:
            raise StorageError(f"{self.name}: {error}") from error
        known = trained_model_files.trust_of(registry, uses)
        names = {*trained_model_files.foreign_names(registry, uses), *found.unknown(known)}
        trust = tuple(sorted({trained_model_files.top_of(name) for name in names}))
        about = {**self.about, "weights": found.weights, "trust": list(trust)}

        def fill(partial: Path) -> None:
            write_json(partial / "model.json", {**about, "state": found.state})
            write_text(partial / "README.md", trained_model_page.format_card(about))
            write_whole(
                partial / "arrays.safetensors", lambda path: path.write_bytes(save(found.arrays))
            )
            TrainedModel.load(partial, plugins, trust)

        write_folder(folder, fill, KIND)
        return trust

    @classmethod
    def load(cls, folder: Path, plugins: Plugins, trust: Iterable[str] = ()) -> TrainedModel:
        """Read a folder that `save` wrote; no code in it is run.

        `trust` are modules or packages that the model may import by name, beside its registered
        components. Raises `StorageError` where it is no such folder, where it is damaged, and where
        it names code that a model may not hold (see `mertk.storage.trusted`).
        """
        named, registry = tuple(trust), plugins.registry
        about = trained_model_files.read_about(folder)
        arrays = trained_model_files.read_arrays(folder)
        try:
            recipe = Recipe.from_json(about["identity"]["recipe"])
            trained_model_files.check_foreign(registry, recipe.places(), named)
            trained_model_page.format_warning(about)
            pipeline = build_pipeline(registry, recipe)
        except MertkError:
            raise
        except Exception as error:
            raise StorageError(
                f"{folder / 'model.json'} is damaged ({type(error).__name__}: {str(error)[:200]}); "
                "train the model again"
            ) from error
        if recipe.tuning:  # `save` stores what was chosen
            raise StorageError(f"{folder / 'model.json'} is damaged: its parameters are not chosen")
        known = trained_model_files.trust_of(registry, recipe.places(), named)
        serialization.thaw_state(about.pop("state"), arrays, _collect_learners(pipeline), known)
        _warn_of_changes(folder, registry, recipe, about["identity"])
        classes = tuple(about["identity"]["classes"])
        return cls(about["name"], classes, about["multilabel"], pipeline=pipeline, about=about)


def _collect_learners(pipeline: Pipeline) -> dict[str, Any]:
    """The components that learn in a fold, by place; only they differ from new ones."""
    return {step.place: step.component for step in pipeline.inside if step.learns}


def _warn_of_changes(
    folder: Path, registry: Registry, recipe: Recipe, named: Mapping[str, Any]
) -> None:
    """Warn if the code of components has changed since the model was trained."""
    changed = identity.changed_components(registry, recipe, named.get("components", {}))
    if changed:
        _LOG.warning(
            "%s was trained with other code of %s: what it predicts now may differ from what was "
            "measured; train it again",
            folder,
            ", ".join(changed),
        )


def train_model(study: OpenStudy, seed: int) -> TrainedModel:
    """Fit the first variant of a study on all clips of its task; no subject is held out.

    Where the folder of runs has a run of this identity, the model stores its scores.
    """
    cache, progress = Cache(study.execution.cache_folder), study.progress
    cache.check_writable()
    variant = study.variants[0]
    registry, task = study.registry, study.task_of(variant)
    pipeline = build_pipeline(registry, variant.recipe)
    keys = PrefixKeys.of(registry, variant.recipe, pipeline)
    states: list[ClipState] = []
    progress.stage(f"{variant.name}: features", len(task.clips))
    for clip in task.clips:
        states.append(load_clip_state(pipeline, keys, cache, clip))
        progress.step(clip.uid)
    progress.stage(f"{variant.name}: training", 0)
    everybody = Split("all clips", np.arange(len(states)), np.arange(0))
    work = FoldFit(task.sample, everybody, seed, Clock())
    fit_stages(pipeline, work, states, [])
    measured = trained_model_page.find_measured_scores(study, identity_of(registry, task, variant))
    pipeline, values = unwrap_tuned(pipeline)
    variant = replace(variant, recipe=set_values(variant.recipe, values))
    named = identity_of(registry, task, variant)
    about = {
        "format": trained_model_files.FORMAT,
        "name": variant.name,
        "multilabel": task.sample.multilabel,
        "seed": seed,
        "clips": len(task.clips),
        "subjects": len(set(task.sample.people.tolist())),
        "synthetic": task.synthetic,
        "measured": measured,
        "choices": work.choices,
        "identity": named,
        "provenance": {
            **identity.collect_provenance(study.execution.device),
            "origins": origins_of(registry, variant.recipe, named),
        },
    }
    return TrainedModel(variant.name, task.sample.classes, task.sample.multilabel, pipeline, about)
