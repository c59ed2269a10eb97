"""From names to work: which models, on which clips, under which labels, in which folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk import identity
from mertk.errors import DataError, ParameterError, ProtocolError
from mertk.harness.folds import Sample
from mertk.recipe import Json, Recipe, Use
from mertk.splits import Split, checked

if TYPE_CHECKING:
    from mertk.clips import Clip
    from mertk.registry import Registry

FLOORS = ("majority", "prior")


@dataclass(frozen=True, slots=True)
class Model:
    """A recipe under the name that tables show: model, preset, and what was changed."""

    name: str
    recipe: Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The clips that count, with labels and folds, and what names them in the ledger."""

    clips: Sequence[Clip]
    sample: Sample
    splits: Sequence[Split]
    identity: Mapping[str, Any]
    synthetic: bool


def choose_model(
    registry: Registry,
    text: str,
    *,
    preset: str | None,
    synthetic: bool,
    swaps: Sequence[tuple[str, Sequence[Use]]] = (),
    sets: Sequence[tuple[str, Json]] = (),
) -> Model:
    """A model by `name` or `name:preset`, or a recipe file, with swaps and settings applied.

    Without a preset, `quick` is taken on synthetic data where the model has one, else the
    model's default.
    """
    name, _, named = text.partition(":")
    if name.endswith((".toml", ".json")):
        recipe, shown = Recipe.load(Path(name)), Path(name).stem
    else:
        presets = registry.get("model", name).presets
        wanted = named or preset
        if not wanted and synthetic and "quick" in presets:
            wanted = "quick"
        recipe = registry.recipe(name, wanted or None)
        shown = f"{name}:{wanted}" if wanted else name
    for slot, uses in swaps:
        recipe = recipe.swap(slot, *uses)
        shown += f"+{slot}={','.join(map(str, uses))}"
    for path, value in sets:
        recipe = recipe.set(path, value)
        shown += f"+{path}={value}"
    return Model(shown, recipe)


def read_clips(registry: Registry, datasets: Sequence[Use], data: Mapping[str, Path]) -> list[Clip]:
    """All clips of the data sets; raises `DataError` where one is missing or empty."""
    for name in set(data) - {use.name for use in datasets}:
        asked = ", ".join(use.name for use in datasets)
        raise ParameterError(f"--data gives a folder for '{name}', but the data sets are: {asked}")
    clips: list[Clip] = []
    for use in datasets:
        found = registry.build("dataset", use).index(data.get(use.name))
        if not found:
            raise DataError(f"data set '{use}' holds no clip")
        clips += found
    uids = [clip.uid for clip in clips]
    if len(set(uids)) < len(uids):
        twice = next(uid for uid in uids if uids.count(uid) > 1)
        raise DataError(f"two clips have the same id: {twice}")
    return clips


def default_protocol(registry: Registry, datasets: Sequence[Use]) -> Use:
    """What the (first) data set says it is usually scored by, else leave-one-subject-out."""
    target = registry.get("dataset", datasets[0].name).load()
    return Use(getattr(target, "default_protocol", "loso"))


def make_task(
    registry: Registry, protocol: Use, datasets: Sequence[Use], clips: Sequence[Clip]
) -> Task:
    """Label the clips and cut the folds; raises `ProtocolError` where that cannot be done."""
    rules = registry.build("protocol", protocol)
    labelled = [(clip, label) for clip in clips if (label := rules.label(clip)) is not None]
    kept, labels = [clip for clip, _ in labelled], [label for _, label in labelled]
    classes = tuple(rules.classes) or tuple(sorted(set(labels)))
    _check_labels(protocol, clips, labels, classes)
    people = [clip.person for clip in kept]
    sample = Sample(
        uids=[clip.uid for clip in kept],
        people=np.asarray(people),
        labels=np.asarray([classes.index(label) for label in labels], np.int64),
        classes=classes,
    )
    named = {
        "protocol": identity.component_identity(registry, "protocol", protocol),
        "datasets": [use.to_json() for use in datasets],
        "classes": list(classes),
        **identity.clips_identity(kept, labels),
    }
    synthetic = any(bool(clip.record.get("synthetic")) for clip in kept)
    return Task(kept, sample, checked(rules.splits(kept), people), named, synthetic)


def _check_labels(
    protocol: Use, clips: Sequence[Clip], labels: Sequence[str], classes: Sequence[str]
) -> None:
    if not labels:
        raise ProtocolError(f"protocol '{protocol}' leaves out all {len(clips)} clips")
    if len(classes) < 2:
        raise ProtocolError(f"protocol '{protocol}' finds only the class '{classes[0]}'")
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise ProtocolError(f"protocol '{protocol}': label '{unknown[0]}' is not in {classes}")
    absent = [name for name in classes if name not in labels]
    if absent:
        raise ProtocolError(
            f"protocol '{protocol}' scores the classes {', '.join(classes)}, but no clip is "
            f"'{absent[0]}': UF1 and UAR over them would mean nothing. Choose a protocol that "
            "fits, such as loso"
        )
