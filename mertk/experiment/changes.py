"""Changes of recipes as users write them: swaps, settings, and changes of one model alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mertk.core.errors import ParameterError
from mertk.core.recipe import SLOTS, Json, Recipe, Use, parse_value
from mertk.plugins.registry import Registry

Swap = tuple[str, Sequence[Use]]
Setting = tuple[str, Json]

OF_DATASETS = "dataset."  # the beginning of the path of a setting of data sets, not of the model


def parse_swap(text: str) -> Swap:
    """Read `SLOT=NAME:KEY=VALUE`; a+b for several fusion blocks."""
    slot, equals, uses = text.partition("=")
    if not equals:
        raise ParameterError(f"--swap {text}: write SLOT=NAME or SLOT=NAME:KEY=VALUE")
    return slot, list(map(Use.parse, uses.split("+")))


def parse_setting(text: str) -> Setting:
    """Read `SLOT.PARAMETER=VALUE`."""
    path, equals, value = text.partition("=")
    if not equals or "." not in path:
        raise ParameterError(f"--set {text}: write SLOT.PARAMETER=VALUE")
    return path, parse_value(value)


@dataclass(frozen=True, slots=True)
class ChangeFor:
    """A change of one model: `flow_svm:classifier.C=1`, or `lbptop:meb:classifier=ridge`."""

    model: str
    path: str
    value: str

    @classmethod
    def parse(cls, text: str) -> ChangeFor:
        """Read `MODEL:PATH=VALUE`."""
        before, equals, value = text.partition("=")
        model, colon, path = before.rpartition(":")
        if not equals or not colon:
            raise ParameterError(
                f"--set-for {text}: write MODEL:SLOT.PARAMETER=VALUE or MODEL:SLOT=NAME"
            )
        return cls(model, path, value)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the change; raises `ParameterError` where it has no place for it."""
        return change_recipe(recipe, self.path, self.value)


def change_recipe(recipe: Recipe, path: str, value: str) -> Recipe:
    """A recipe with another component at a slot, or with another value of a parameter."""
    part = path.partition(".")[2]
    if path in SLOTS or path in recipe.places() or part.isdecimal():
        return recipe.swap(path, *map(Use.parse, value.split("+")))
    return recipe.set(path, parse_value(value))


def has_slot(recipe: Recipe, slot: str) -> bool:
    """Whether a recipe that looks at pixels has something at a slot: it can be exchanged."""
    places = recipe.places()
    return bool(recipe.extractors) and any(
        slot in (place, place.partition(".")[0]) for place in places
    )


def has_parameter(registry: Registry, recipe: Recipe, path: str) -> bool:
    """Whether a recipe that looks at pixels has a component with this parameter."""
    slot, _, key = path.rpartition(".")
    places = recipe.places()
    if slot == "fusion" and len(recipe.fusion) == 1:
        slot = "fusion.0"
    if not recipe.extractors or slot not in places:
        return False
    entry = registry.get(slot.partition(".")[0], places[slot].name)
    return key in entry.parameters() or entry.open


def check_once(option: str, given: Sequence[str], instead: str) -> None:
    """Raise `ParameterError` where something is given more than once."""
    for name in given:
        if given.count(name) > 1:
            raise ParameterError(f"{option} {name} is given {given.count(name)} times; {instead}")
