"""The models of a study, each with all its changes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

from mertk.core.errors import ParameterError
from mertk.core.recipe import Recipe, parse_value, split_outside
from mertk.core.tuning import Tuning
from mertk.experiment.changes import (
    OF_DATASETS,
    ChangeFor,
    Setting,
    Swap,
    change_recipe,
    check_once,
    has_parameter,
    has_slot,
)
from mertk.pipeline.tuned_stages import check_space
from mertk.plugins.registry import Registry
from mertk.storage.ledger import Run

KeyFrames = Literal["given", "estimated", "none"]


SYNTHETIC_PRESETS = ("motion", "quick")
"""The presets for synthetic data where none is named: the first one that a model has."""


_NUMBER = r"[-+]?[\d.]+?(?:e[-+]?\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})(?P<log>:log)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A model with all its changes.

    Args:
        model: a registered name, or that of a recipe file or of an earlier run.
        recipe: what runs, with every change.
        preset: the model's preset; "" for its default.
        changes: (path, value) of each swap and setting, as text, in their order.
        swept: (path, value) of each sweep, which are the last changes.
        keyframes: whether annotated key frames are given, hidden or estimated.
        jitter: the number of frames by which the key frames are shifted.
        replay: the name of a training order that leaks; "" for the strict one.
        once: the stages that a replay fits before the folds, on all clips.
    """

    model: str
    recipe: Recipe
    preset: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    swept: tuple[tuple[str, str], ...] = ()
    keyframes: KeyFrames = "given"
    jitter: int = 0
    replay: str = ""
    once: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model with its changes, as reports show it."""
        name = f"{self.model}:{self.preset}" if self.preset else self.model
        for path, value in self.changes:
            name += f"+{path}={value}"
        if self.replay:
            name += f"+replay={self.replay}"
        if self.keyframes != "given":
            name += f"+keyframes={self.keyframes}"
        if self.jitter:
            name += f"+jitter={self.jitter}"
        return name

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the model can be chosen by: without its preset, and with it."""
        return (self.model, f"{self.model}:{self.preset}") if self.preset else (self.model,)

    def changed(self, recipe: Recipe, path: str, value: str) -> Variant:
        """The same with a changed recipe; `path` and `value` say what was changed."""
        return replace(self, recipe=recipe, changes=(*self.changes, (path, value)))

    @property
    def is_quick(self) -> bool:
        """Whether it has the preset `quick`."""
        return self.preset in SYNTHETIC_PRESETS

    def to_json(self) -> dict[str, Any]:
        """All but the recipe and what follows from it, as plain data."""
        names = ("model", "preset", "changes", "swept", "keyframes", "jitter", "replay")
        return {name: getattr(self, name) for name in names}

    def tuned(self, registry: Registry, tuning: Tuning) -> Variant:
        """The same with parameters that each fold chooses; raises where one does not fit."""
        recipe = self.recipe.tuned(tuning)
        check_space(registry, recipe)
        return self.changed(recipe, "tuned", ",".join(tuning.space))

    def replayed(self, registry: Registry, replay: str) -> Variant:
        """The same in its authors' order of work; raises `ParameterError` for a recipe file."""
        if self.model not in registry.names("model"):
            raise ParameterError(
                f"replay '{replay}': {self.model} is a recipe; only models have one"
            )
        found = registry.replay(self.model, replay)
        return replace(self, recipe=found.applied(self.recipe), replay=replay, once=found.once)


def choose_variant(
    registry: Registry,
    given: str | Recipe,
    number: int,
    *,
    preset: str | None = None,
    synthetic: bool = False,
    swaps: Sequence[Swap] = (),
    settings: Sequence[Setting] = (),
) -> Variant:
    """A model by `name` or `name:preset`, a recipe, its file, or the folder of an earlier run.

    Swaps and settings are applied to it, but for settings of `dataset.…`. Without a preset, that
    of `SYNTHETIC_PRESETS` is taken on synthetic data which the model has, else its default.

    Args:
        registry: where names are looked up.
        given: the model.
        number: its number in the study, for the name of a recipe without one.
        preset: the preset of a model that is named without one.
        synthetic: whether the clips are synthetic.
        swaps: (slot, components) to exchange.
        settings: (slot.parameter, value) to set.

    Raises:
        ParameterError: where a slot is exchanged twice, a parameter set twice, or neither is there.
    """
    chosen = _make_variant(registry, given, number, preset=preset, synthetic=synthetic)
    (changed,) = change_variants(registry, [chosen], swaps, settings)
    return changed


def _make_variant(
    registry: Registry, given: str | Recipe, number: int, *, preset: str | None, synthetic: bool
) -> Variant:
    if isinstance(given, Recipe):
        return Variant(model=f"recipe{number}", recipe=given)
    if given.endswith((".toml", ".json")):
        return Variant(model=Path(given).stem, recipe=Recipe.load(Path(given)))
    if (Path(given) / "run.json").is_file():
        earlier = Run(Path(given))
        recipe = Recipe.from_json(earlier.identity["recipe"])
        about = earlier.variant
        if not about:
            return Variant(model=earlier.name, recipe=recipe)
        changes = tuple(map(tuple, about["changes"]))
        return Variant(model=about["model"], recipe=recipe, preset=about["preset"], changes=changes)
    name, _, named = given.partition(":")
    presets = registry.get("model", name).presets
    usual = [name for name in SYNTHETIC_PRESETS if synthetic and name in presets]
    wanted = named or preset or next(iter(usual), "")
    return Variant(model=name, recipe=registry.recipe(name, wanted or None), preset=wanted)


def change_variants(
    registry: Registry,
    variants: Sequence[Variant],
    swaps: Sequence[Swap] = (),
    settings: Sequence[Setting] = (),
    alone: Sequence[ChangeFor] = (),
) -> list[Variant]:
    """The variants, each with the swaps and settings that its recipe has a place for.

    Settings of `dataset.…` are left out. A model that is named twice is changed the first time, and
    is compared with itself as it was. What has a place in no recipe is done to the first, whose
    error says so. Then come the changes of one model `alone`.

    Raises:
        ParameterError: where a slot is exchanged twice, a parameter set twice, neither is there, or
            a model is none of these.
    """
    check_once("swap", [slot for slot, _ in swaps], "several fusion blocks are one swap, a+b")
    check_once("set", [path for path, _ in settings], "a sweep tries several values")
    found = list(variants)
    first = [at for at, one in enumerate(found) if one not in found[:at]]
    for slot, uses in swaps:
        places = [at for at in first if has_slot(found[at].recipe, slot)]
        for at in places or [0]:
            recipe = found[at].recipe.swap(slot, *uses)
            found[at] = found[at].changed(recipe, slot, ",".join(map(str, uses)))
    for path, value in settings:
        if not path.startswith(OF_DATASETS):
            places = [at for at in first if has_parameter(registry, found[at].recipe, path)]
            for at in places or [0]:
                recipe = found[at].recipe.set(path, value)
                found[at] = found[at].changed(recipe, path, str(value))
    for change in alone:
        places = [at for at in first if change.model in found[at].names]
        if not places:
            names = ", ".join(one.names[-1] for one in variants)
            raise ParameterError(f"--set-for {change.model}: the models are {names}")
        for at in places:
            recipe = change.apply(found[at].recipe)
            found[at] = found[at].changed(recipe, change.path, change.value)
    return found


@dataclass(frozen=True, slots=True)
class Sweep:
    """A path and its values: `extractor.patches=1,4,9` sets, `fusion.3=lstm_se,se` exchanges."""

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

    def changed(self, variant: Variant, value: str) -> Variant:
        """The variant with one of the values."""
        recipe = change_recipe(variant.recipe, self.path, value)
        return replace(
            variant,
            recipe=recipe,
            changes=(*variant.changes, (self.path, value)),
            swept=(*variant.swept, (self.path, value)),
        )


def parse_space(texts: Sequence[str]) -> dict[str, Any]:
    """By path the values to choose from, or a range: `classifier.C=0.1,1`, `…=0.1..10:log`."""
    found: dict[str, Any] = {}
    for text in texts:
        sweep = Sweep.parse(text)
        if "." not in sweep.path or sweep.path in found:
            problem = "is given twice" if sweep.path in found else "names no slot"
            raise ParameterError(f"'{text}': {problem}; write SLOT.PARAMETER=VALUE,VALUE once")
        span = _RANGE.fullmatch(sweep.values[0]) if len(sweep.values) == 1 else None
        if span:
            ends = {"low": parse_value(span["low"]), "high": parse_value(span["high"])}
            found[sweep.path] = {**ends, "log": bool(span["log"])}
        else:
            found[sweep.path] = list(map(parse_value, sweep.values))
    return found


def sweep_groups(
    registry: Registry,
    variant: Variant,
    sweeps: Sequence[str | Sequence[str]],
    jitter: Sequence[int],
) -> list[Variant]:
    """The variants of sweeps as a study has them: of each list inside, all combinations.

    Texts that stand alone make one group. A variant of a later group that equals an earlier one is
    left out, also where a group names a value that is the default.
    """
    alone = [one for one in sweeps if isinstance(one, str)]
    groups = [[one] if isinstance(one, str) else one for one in sweeps]
    if len(alone) == len(sweeps):
        groups = [alone]
    found: list[Variant] = []
    known: list[Any] = []
    for group in groups:
        for one in sweep_variants(variant, list(map(Sweep.parse, group)), jitter):
            whole = (_complete(registry, one.recipe), one.jitter)
            if whole not in known:
                known.append(whole)
                found.append(one)
    return found


def _complete(registry: Registry, recipe: Recipe) -> Any:
    """A recipe with all parameters, those at their defaults too, as plain data."""
    found = {}
    for place, use in recipe.places().items():
        known = registry.get(place.partition(".")[0], use.name).parameters()
        defaults = {name: one.default for name, one in known.items()}
        found[place] = [use.name, {**defaults, **use.params}]
    return json.loads(json.dumps([found, recipe.to_json().get("tuning")], default=str))


def sweep_variants(
    variant: Variant, sweeps: Sequence[Sweep], jitter: Sequence[int]
) -> list[Variant]:
    """Every combination of the sweeps' values, each with every shift of the key frames."""
    found = [variant]
    for sweep in sweeps:
        found = [sweep.changed(one, value) for one, value in product(found, sweep.values)]
    if not jitter:
        return found
    jittered = []
    for one, count in product(found, jitter):
        swept = (*one.swept, ("jitter", str(count)))
        jittered.append(replace(one, jitter=count, swept=swept))
    return jittered
