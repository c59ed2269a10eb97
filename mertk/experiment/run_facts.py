"""What a run stores before its first fold: its identity, and facts of its clips and recipe."""

from collections.abc import Mapping, Sequence
from typing import Any

from mertk.core.recipe import Recipe
from mertk.experiment.task import Task
from mertk.experiment.variants import Variant
from mertk.pipeline.pipeline import PIPELINE_VERSION
from mertk.plugins.registry import Registry
from mertk.storage import identity
from mertk.storage.source_code.releases import releases_of


def identity_of(registry: Registry, task: Task, variant: Variant) -> dict[str, Any]:
    """What names a model's run in the ledger."""
    named = {
        "recipe": variant.recipe.to_json(),
        "components": identity.recipe_identity(registry, variant.recipe),
        "pipeline": PIPELINE_VERSION,
        **task.identity,
    }
    if variant.recipe.tuning and variant.recipe.tuning.trials:
        named["search"] = dict(releases_of("optuna"))
    if variant.replay:
        named["replay"] = {"name": variant.replay, "once": list(variant.once)}
    return named


def origins_of(registry: Registry, recipe: Recipe, named: Mapping[str, Any]) -> list[str]:
    """The origins of all components of an identity: packages with their releases, or files."""
    parts = [(place.partition(".")[0], use.name) for place, use in recipe.places().items()]
    parts += [("dataset", use["name"]) for use in named["datasets"]]
    parts += [("protocol", named["protocol"]["name"])]
    return sorted({registry.get(kind, name).origin for kind, name in parts})


def facts_of(task: Task) -> dict[str, dict[str, Any]]:
    """The facts of each clip, by its id, that a run stores before its first fold."""
    sample, fold = task.sample, dict[int, str]()
    for split in task.splits:
        fold |= dict.fromkeys(split.test.tolist(), split.name)
    found = {}
    for at, clip in enumerate(task.clips):
        footage, record = clip.footage, clip.record
        seconds = (footage.offset - footage.onset + 1) / footage.fps
        found[clip.uid] = {
            "fold": fold.get(at),
            "person": str(sample.people[at]),
            "truth": sample.labels[at].tolist(),
            "seconds": round(seconds, 4),
        }
        if record.get("au_known"):
            found[clip.uid]["aus"] = sorted(record["au_set"])
    return found


def describe_preset(registry: Registry, variant: Variant) -> str:
    """What the model's card says of a preset; empty where it says nothing."""
    if not variant.preset:
        return ""
    card = registry.get("model", variant.model).card
    return card.presets.get(variant.preset, "") if card else ""


def find_random_backbones(registry: Registry, recipe: Recipe) -> dict[str, str]:
    """By place, the components that could start from pretrained weights and start from random ones.

    Such a component has a parameter `pretrained`, and may have `weights`, a file.
    """
    found = {}
    for place, use in recipe.places().items():
        parameters = registry.get(place.partition(".")[0], use.name).parameters()
        if "pretrained" in parameters:
            default = parameters["pretrained"].default
            if not use.params.get("pretrained", default) and not use.params.get("weights"):
                found[place] = use.name
    return found


def seen_before(
    registry: Registry, recipe: Recipe, datasets: Sequence[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """The data sets of a run that a component's frozen weights were trained on, by its place."""
    names = {use["name"] for use in datasets}
    found = {}
    for place, use in recipe.places().items():
        entry = registry.get(place.partition(".")[0], use.name)
        if both := names.intersection(entry.trained_on):
            found[place] = sorted(both)
    return found
