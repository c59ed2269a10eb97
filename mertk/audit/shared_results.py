"""The audit's cheap probe for shared results: where the code that was run is at hand."""

from collections.abc import Mapping
from typing import Any

from mertk.audit.case import case_of
from mertk.audit.probes import audit
from mertk.core.errors import MertkError
from mertk.core.recipe import Recipe
from mertk.evaluation.pseudonyms import LEFT_OUT
from mertk.plugins.loader import Plugins
from mertk.plugins.registry import Registry
from mertk.storage.identity import changed_components, hash_json

CHEAP = ("perturbation",)
"""It finds a leak in any stage, and needs a few seconds for a model that is not a network."""


def audit_shared(identity: Mapping[str, Any], plugins: Plugins) -> tuple[str, str]:
    """Audit the recipe of a shared result on a small synthetic set.

    Returns:
        The leak that is found, empty where none is, and in a sentence what was done. Nothing is
        run where the code at hand is not the code that was run, or where a parameter of the result
        names the code or the weights to run.
    """
    try:
        recipe = Recipe.from_json(identity["recipe"])
        why = _explain_refusal(plugins.registry, recipe, identity["components"])
        if why:
            return "", f"not audited again: {why}"
        found = audit(case_of(plugins, recipe, quick=True), probes=CHEAP, folds=1)
    except MertkError as error:
        return "", f"not audited again: {' '.join(str(error).split())}"
    for verdict in found.verdicts:
        if verdict.leak:
            return f"{verdict.probe}: leak in {verdict.leak} ({verdict.how})", ""
    return "", f"no leak found by {', '.join(CHEAP)} on {found.clips} synthetic clips"


def name_recipe(identity: Mapping[str, Any]) -> str:
    """A key of what is audited: equal recipes with equal code are audited once."""
    return hash_json([identity["recipe"], identity["components"]])


def _explain_refusal(
    registry: Registry, recipe: Recipe, recorded: Mapping[str, Mapping[str, Any]]
) -> str:
    """Why a recipe is not run; empty where it can be."""
    for place, use in recipe.places().items():
        kind = place.partition(".")[0]
        if use.name not in registry.names(kind):
            return f"{kind} {use.name} is not installed"
        named = {"path", "weights"}.intersection(use.params)
        if registry.get(kind, use.name).open or named or LEFT_OUT in str(use.params):
            return f"the parameters of {place} {use.name} name code or files"
    changed = changed_components(registry, recipe, recorded)
    return f"the code at hand is another one ({', '.join(changed)})" if changed else ""
