"""A model that is fitted on all clips, in a folder: recipe, state, what it was trained on.

There is no pickle in it: `model.json` and `arrays.safetensors` (`mertk.storage.serialization`), and
a card for people, `README.md`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError, MertkError, StorageError
from mertk.core.recipe import Recipe
from mertk.core.splits import Split
from mertk.experiment import trained_model_files, trained_model_page
from mertk.experiment.runner import identity_of, origins_of
from mertk.pipeline.features import PrefixKeys, load_clip_state
from mertk.pipeline.fold import FoldFit, fit_stages
from mertk.pipeline.pipeline import (
    ClipState,
    Clock,
    Pipeline,
    apply_fold_stages,
    build_pipeline,
    call_explain,
    check_probabilities,
    predict_clip,
)
from mertk.storage import identity, serialization
from mertk.storage.atomic_files import write_folder, write_json, write_text, write_whole
from mertk.storage.cache import Cache

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Footage
    from mertk.experiment.study import OpenStudy
    from mertk.plugins.loader import Plugins
    from mertk.plugins.registry import Registry

FORMAT = 2
_LOG = logging.getLogger(__name__)

KIND = "trained model"
"""What a model's folder is, by its mark."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A fitted model; `about` is its identity and what it was trained on, as in `model.json`."""

    name: str
    classes: tuple[str, ...]
    multilabel: bool
    line: Pipeline
    about: Mapping[str, Any]

    def predict(self, footage: Footage) -> NDArray[np.float64]:
        """Class probabilities `[classes]` of one clip; raises what its components raise.

        Raises `StorageError` where one breaks down, as it does when its stored state makes no
        sense.
        """
        what = f"classifier {type(self.line.classifier.component).__name__}"
        reason = ""
        parcel = self._apply_prefix(footage)
        try:
            found = predict_clip(self.line, parcel)
        except ComponentError as error:  # a state that makes no sense fails in any way
            reason = str(error)[:300]
        else:
            try:
                return check_probabilities(
                    found, len(self.classes), what, multilabel=self.multilabel
                )
            except (ComponentError, TypeError, ValueError) as error:
                reason = str(error)
        raise StorageError(
            f"{self.name} cannot predict ({' '.join(reason.split())}); if it was read from a "
            "folder, that is damaged: train the model again"
        )

    def explain(self, footage: Footage) -> dict[str, Any]:
        """What the prediction of a clip rests on, as far as its learnt components tell."""
        parcel = apply_fold_stages(self.line, self._apply_prefix(footage))
        told: dict[str, Any] = {}
        for step in self.line.explaining:
            told |= {name: array.tolist() for name, array in call_explain(step, parcel).items()}
        return told

    def _apply_prefix(self, footage: Footage) -> ClipState:
        parcel = ClipState(footage=footage)
        for step in self.line.prefix:
            parcel = step.apply(parcel)
        return parcel

    def save(self, folder: Path, plugins: Plugins) -> tuple[str, ...]:
        """Write the folder and read it back, whole or not at all, in the place of another model.

        Gives the packages that whoever loads it must trust, as `load` takes them. Raises
        `StorageError` where a component holds what cannot be stored, or what `load` would refuse.
        """
        from safetensors.numpy import save

        registry = plugins.registry
        recipe = Recipe.from_json(self.about["identity"]["recipe"])
        uses, new = recipe.places(), build_pipeline(registry, recipe)
        try:
            found = serialization.freeze_components(
                _collect_learners(self.line), _collect_learners(new)
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
        """Read a folder that `save` wrote; nothing in it is run, whoever made it.

        `trust` are modules or packages that the model may import by name, beside its registered
        components. Raises `StorageError` where it is no such folder, where it is damaged, and where
        it names code that a model may not hold (see `mertk.storage.trusted`).
        """
        named, registry = tuple(trust), plugins.registry
        about = trained_model_files.read_about(folder)
        if about["format"] != FORMAT:
            raise StorageError(
                f"{folder} has format {str(about['format'])[:20]}; this release reads {FORMAT}: "
                "train the model again"
            )
        trained_model_files.check_about(about, folder)
        arrays = trained_model_files.read_arrays(folder)
        try:
            recipe = Recipe.from_json(about["identity"]["recipe"])
            trained_model_files.check_foreign(registry, recipe.places(), named)
            trained_model_page.format_warning(about)
            line = build_pipeline(registry, recipe)
        except MertkError:
            raise
        except Exception as error:
            raise StorageError(
                f"{folder / 'model.json'} is damaged ({type(error).__name__}: {str(error)[:200]}); "
                "train the model again"
            ) from error
        known = trained_model_files.trust_of(registry, recipe.places(), named)
        serialization.thaw_state(about.pop("state"), arrays, _collect_learners(line), known)
        _warn_of_changes(folder, registry, recipe, about["identity"])
        classes = tuple(about["identity"]["classes"])
        return cls(about["name"], classes, about["multilabel"], line=line, about=about)


def _collect_learners(line: Pipeline) -> dict[str, Any]:
    """What learns in a fold, by place: nothing else may differ from what its recipe makes."""
    return {step.place: step.component for step in line.inside if step.learns}


def _warn_of_changes(
    folder: Path, registry: Registry, recipe: Recipe, named: Mapping[str, Any]
) -> None:
    """Say where a model was trained with other code than is here now."""
    changed = identity.changed_components(registry, recipe, named.get("components", {}))
    if changed:
        _LOG.warning(
            "%s was trained with other code of %s: what it predicts now may differ from what was "
            "measured; train it again",
            folder,
            ", ".join(changed),
        )


def train_model(study: OpenStudy, seed: int) -> TrainedModel:
    """Fit the first variant of a study on all clips of its task, nobody held out.

    Where the study's runs hold one of this identity, the model knows what it scores.
    """
    Cache(study.execution.cache_folder).check_writable()
    variant = study.variants[0]
    registry, task = study.registry, study.task_of(variant)
    cache, progress = Cache(study.execution.cache_folder), study.progress
    line = build_pipeline(registry, variant.recipe)
    keys = PrefixKeys.of(registry, variant.recipe, line)
    parcels: list[ClipState] = []
    progress.stage(f"{variant.name}: features", len(task.clips))
    for clip in task.clips:
        parcels.append(load_clip_state(line, keys, cache, clip))
        progress.step(clip.uid)
    progress.stage(f"{variant.name}: training", 0)
    everybody = Split("all clips", np.arange(len(parcels)), np.arange(0))
    fit_stages(line, FoldFit(task.sample, everybody, seed, Clock()), parcels, [])
    named = identity_of(registry, task, variant)
    about = {
        "format": FORMAT,
        "name": variant.name,
        "multilabel": task.sample.multilabel,
        "seed": seed,
        "clips": len(task.clips),
        "subjects": len(set(task.sample.people.tolist())),
        "synthetic": task.synthetic,
        "measured": trained_model_page.find_measured_scores(study, named),
        "identity": named,
        "provenance": {
            **identity.collect_provenance(study.execution.device),
            "origins": origins_of(registry, variant.recipe, named),
        },
    }
    return TrainedModel(variant.name, task.sample.classes, task.sample.multilabel, line, about)
