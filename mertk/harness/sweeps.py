"""Sweeps: variants of one model, one for each value of a parameter or of a slot."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mertk.errors import ParameterError
from mertk.recipe import SLOTS, Use, parse_value, split_outside

if TYPE_CHECKING:
    from mertk.harness.plan import Model
    from mertk.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Sweep:
    """A path and its values: `extractor.patches=1,4,9` sets, `fusion.2=lstm_se,se` exchanges."""

    path: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Sweep:
        """Read `path=value,value`; commas in brackets, and before a `key=` of a component, stay."""
        path, equals, rest = text.partition("=")
        values: list[str] = []
        for part in split_outside(rest):
            key, more, _ = part.partition("=")
            if values and more and ":" not in key:
                values[-1] += f",{part}"
            else:
                values.append(part)
        if not equals or not values:
            raise ParameterError(f"sweep '{text}': write PATH=VALUE,VALUE")
        if len(set(values)) < len(values):
            raise ParameterError(f"sweep '{text}' names a value twice")
        return cls(path, tuple(values))

    def applied(self, recipe: Recipe, value: str) -> Recipe:
        """The recipe with one of the values."""
        _, _, part = self.path.partition(".")
        if self.path in SLOTS or self.path in recipe.places() or part.isdecimal():
            return recipe.swap(self.path, *(Use.parse(part) for part in value.split("+")))
        return recipe.set(self.path, parse_value(value))


@dataclass(frozen=True, slots=True)
class Variants:
    """The product of several sweeps: models, and each one's values by path."""

    models: tuple[Model, ...]
    values: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, model: Model, sweeps: Sequence[Sweep]) -> Variants:
        """All variants of a model; their names say what was changed, as those of `--set` do."""
        models, values = [], {}
        for chosen in itertools.product(*(sweep.values for sweep in sweeps)):
            recipe, name = model.recipe, model.name
            for sweep, value in zip(sweeps, chosen, strict=True):
                recipe = sweep.applied(recipe, value)
                name += f"+{sweep.path}={value}"
            models.append(replace(model, name=name, recipe=recipe))
            values[name] = dict(zip((sweep.path for sweep in sweeps), chosen, strict=True))
        return cls(tuple(models), values)

    def jittered(self, frames: Sequence[int]) -> Variants:
        """Each variant with its key frames wrong by each number of `frames`, if there are any."""
        if not frames:
            return self
        models, values = [], {}
        for model in self.models:
            for count in frames:
                name = f"{model.name}+jitter={count}" if count else model.name
                models.append(replace(model, name=name, jitter=count))
                values[name] = {**self.values[model.name], "jitter": str(count)}
        return Variants(tuple(models), values)
