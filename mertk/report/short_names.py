"""Long names of models, shown without what all of them have in common."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mertk.evaluation.comparison import Comparison
from mertk.evaluation.outcomes import Outcome
from mertk.evaluation.results import Results

LONGEST = 24  # names of more characters are shortened by the model that all of them share


@dataclass(frozen=True, slots=True)
class ShortNames:
    """Names without their `common` part, by full name; `common` is empty if nothing is left out."""

    common: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.names.get(name, name)


def shorten_results(results: Results) -> Results:
    """The same results with short names, and `common_name`, what is left out of them.

    They are for tables and figures: names in files and JSON stay whole.
    """
    short = shorten_names([*results.outcomes, *results.leaked])
    if not short.common:
        return results
    shown = copy.copy(results)
    for cached in ("_rows", "_epochs"):
        shown.__dict__.pop(cached, None)
    by_name = {}
    for outcome in [*results.outcomes, *results.leaked]:
        by_name[outcome.name] = replace(outcome, name=short[outcome.name])
    shown.common_name = short.common
    shown.outcomes = [by_name[outcome.name] for outcome in results.outcomes]
    shown.models = [by_name[outcome.name] for outcome in results.models]
    shown.leaked = [by_name[outcome.name] for outcome in results.leaked]
    shown.swept = {short[name]: values for name, values in results.swept.items()}
    return shown


def shorten_comparison(comparison: Comparison) -> Comparison:
    """The same comparison with short names; its title says what is left out of them."""
    results = shorten_results(comparison.results)
    if results is comparison.results:
        return comparison
    short = shorten_names([*comparison.results.outcomes, *comparison.results.leaked])
    ranks = {short[name]: rank for name, rank in comparison.ranks.items()}
    tests = {(short[a], short[b]): test for (a, b), test in comparison.tests.items()}
    title = f"{comparison.title} · all models: {results.common_name}"
    return replace(comparison, title=title, results=results, ranks=ranks, tests=tests)


def shorten_names(outcomes: Sequence[Outcome]) -> ShortNames:
    """The models' names without what all of them have in common, to be shown.

    Left out are the changes that every model has, and where names are long and all are of one
    model and preset, that model: `…` stands for it. Floors keep their names.
    """
    models = [outcome for outcome in outcomes if not outcome.is_floor]
    variants = [outcome.run.variant for outcome in models]
    if len(models) < 2 or not all(variants):
        return ShortNames()
    shared = [change for change in _list_changes(variants[0]) if _is_shared(change, variants)]
    common = "".join(shared)
    bases = {_name_base(variant) for variant in variants}
    base = bases.pop() if len(bases) == 1 else ""
    if not base or max(len(outcome.name) for outcome in models) <= LONGEST:
        base = ""
    names = {}
    for outcome, variant in zip(models, variants, strict=True):
        own = [change for change in _list_changes(variant) if change not in shared]
        before = _name_base(variant)
        whole = before + "".join(_list_changes(variant))
        if not outcome.name.startswith(whole):  # another release named it
            return ShortNames()
        rest = "".join(own) + outcome.name.removeprefix(whole)
        names[outcome.name] = f"… {rest.lstrip()}" if base and rest else f"{before}{rest}"
    if not (common or base) or len(set(names.values())) < len(names):
        return ShortNames()
    return ShortNames(base + common, names)


def _name_base(variant: Mapping[str, Any]) -> str:
    """The model, with its preset."""
    return ":".join(filter(None, (variant["model"], variant.get("preset"))))


def _list_changes(variant: Mapping[str, Any]) -> list[str]:
    """The changes of a model as they stand in its name."""
    changes = [f"+{path}={value}" for path, value in variant.get("changes", ())]
    if variant.get("replay"):
        changes.append(f"+replay={variant['replay']}")
    if variant.get("keyframes", "given") != "given":
        changes.append(f"+keyframes={variant['keyframes']}")
    if variant.get("jitter"):
        changes.append(f"+jitter={variant['jitter']}")
    return changes


def _is_shared(change: str, variants: Sequence[Mapping[str, Any]]) -> bool:
    return all(change in _list_changes(variant) for variant in variants)
