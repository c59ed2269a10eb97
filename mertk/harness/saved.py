"""A model that is fitted on all clips, in a folder: recipe, state, what it was trained on.

There is no pickle in it: `model.json` and `arrays.safetensors` (see `mertk.states`), and a card for
people, `README.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk import identity, states
from mertk.cache import Cache
from mertk.errors import StorageError
from mertk.files import write_folder, write_json, write_text
from mertk.harness import modelcard
from mertk.harness.folds import Work, learn
from mertk.harness.line import (
    Clock,
    Line,
    Parcel,
    answer,
    arrived,
    build_line,
    check_probabilities,
    explained,
)
from mertk.harness.prefix import PrefixKeys, parcel_of
from mertk.harness.runner import identity_of, origins_of
from mertk.recipe import Recipe
from mertk.splits import Split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.clips import Footage
    from mertk.harness.study import OpenStudy
    from mertk.plugins import Plugins
    from mertk.registry import Registry

FORMAT = 1

KIND = "trained model"
"""What a model's folder is, by its mark."""


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """A fitted model; `about` is its identity and what it was trained on, as in `model.json`."""

    name: str
    classes: tuple[str, ...]
    multilabel: bool
    line: Line
    about: Mapping[str, Any]

    def predict(self, footage: Footage) -> NDArray[np.float64]:
        """Class probabilities `[classes]` of one clip; raises what its components raise."""
        found = answer(self.line, self._prefixed(footage))
        what = f"classifier {type(self.line.classifier.component).__name__}"
        return check_probabilities(found, len(self.classes), what, multilabel=self.multilabel)

    def explain(self, footage: Footage) -> dict[str, Any]:
        """What the prediction of a clip rests on, as far as its learnt components tell."""
        parcel = arrived(self.line, self._prefixed(footage))
        told: dict[str, Any] = {}
        for step in self.line.explaining:
            told |= {name: array.tolist() for name, array in explained(step, parcel).items()}
        return told

    def _prefixed(self, footage: Footage) -> Parcel:
        parcel = Parcel(footage=footage)
        for step in self.line.prefix:
            parcel = step.apply(parcel)
        return parcel

    @property
    def weights(self) -> int:
        """The trained weights of its networks, 0 where it has none; raises as `save` does."""
        return states.weights(self._frozen()[0])

    def _frozen(self) -> tuple[Any, dict[str, NDArray[Any]]]:
        try:
            return states.frozen({step.place: step.component for step in self.line.inside})
        except StorageError as error:
            raise StorageError(f"{self.name}: {error}") from error

    def save(self, folder: Path, plugins: Plugins) -> None:
        """Write the folder and read it back, whole or not at all, in the place of another model.

        Raises `StorageError` where a component holds what cannot be stored, or what `load` would
        refuse.
        """
        from safetensors.numpy import save_file

        state, arrays = self._frozen()
        about = {**self.about, "weights": states.weights(state)}

        def fill(partial: Path) -> None:
            write_json(partial / "model.json", {**about, "state": state})
            write_text(partial / "README.md", modelcard.text(about))
            save_file(arrays, partial / "arrays.safetensors")
            Saved.load(partial, plugins)

        write_folder(folder, fill, KIND)

    @classmethod
    def load(cls, folder: Path, plugins: Plugins) -> Saved:
        """Read a folder that `save` wrote.

        Raises `StorageError` where it is none, and where the state names code that a model may not
        hold (see `mertk.trusted`).
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            arrays = load_file(folder / "arrays.safetensors")
        except (OSError, ValueError, SafetensorError) as error:
            raise StorageError(
                f"{folder} holds no trained model ({error}); `mertk train --out` writes one"
            ) from error
        if about.get("format") != FORMAT:
            raise StorageError(
                f"{folder} has format {about.get('format')}; this release reads {FORMAT}"
            )
        try:
            recipe = Recipe.from_json(about["identity"]["recipe"])
            state = about.pop("state")
            named = about["name"], tuple(about["identity"]["classes"]), about["multilabel"]
            modelcard.warning(about)
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(
                f"{folder / 'model.json'} is damaged ({type(error).__name__}: {error}); train the "
                "model again"
            ) from error
        line = build_line(plugins.registry, recipe)
        fitted = states.thawed(state, arrays, _packages(plugins.registry, recipe))
        steps = [
            type(step)(step.place, fitted[step.place]) if step.place in fitted else step
            for step in line.inside
        ]
        return cls(*named, line=Line(line.prefix, tuple(steps)), about=about)


def _packages(registry: Registry, recipe: Recipe) -> list[str]:
    """The packages that the recipe's components come from, as they are installed here."""
    return [
        registry.get(place.partition(".")[0], use.name).load().__module__.partition(".")[0]
        for place, use in recipe.places().items()
    ]


def train(study: OpenStudy, seed: int) -> Saved:
    """Fit the first variant of a study on all clips of its task, nobody held out.

    Where the study's runs hold one of this identity, the model knows what it scores.
    """
    Cache(study.execution.cache_folder).check_writable()
    variant = study.variants[0]
    registry, task = study.registry, study.task_of(variant)
    cache, progress = Cache(study.execution.cache_folder), study.progress
    line = build_line(registry, variant.recipe)
    keys = PrefixKeys.of(registry, variant.recipe, line)
    parcels: list[Parcel] = []
    progress.stage(f"{variant.name}: features", len(task.clips))
    for clip in task.clips:
        parcels.append(parcel_of(line, keys, cache, clip))
        progress.step(clip.uid)
    progress.stage(f"{variant.name}: training", 0)
    everybody = Split("all clips", np.arange(len(parcels)), np.arange(0))
    learn(line, Work(task.sample, everybody, seed, Clock()), parcels, [])
    named = identity_of(registry, task, variant)
    about = {
        "format": FORMAT,
        "name": variant.name,
        "multilabel": task.sample.multilabel,
        "seed": seed,
        "clips": len(task.clips),
        "subjects": len(set(task.sample.people.tolist())),
        "synthetic": task.synthetic,
        "measured": modelcard.measured(study, named),
        "identity": named,
        "provenance": {
            **identity.provenance(study.execution.device),
            "origins": origins_of(registry, variant.recipe, named),
        },
    }
    return Saved(variant.name, task.sample.classes, task.sample.multilabel, line, about)
