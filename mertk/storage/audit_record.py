"""What `mertk audit` found, kept beside the runs for their reports.

A record is of a recipe with all its parameters and source hashes: code that has changed since has
none. It says what was audited, and is no proof that there is no leak.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.core.errors import StorageError
from mertk.core.printing import count_noun
from mertk.storage import identity
from mertk.storage.atomic_files import json_text, write_file
from mertk.storage.run_files import load_object

if TYPE_CHECKING:
    from mertk.core.recipe import Recipe
    from mertk.plugins.registry import Registry
    from mertk.storage.ledger import Run


def file_of(runs: Path, registry: Registry, recipe: Recipe) -> Path:
    """Where the audit of a recipe is kept, for the reports of runs."""
    return _locate_record(runs, identity.recipe_identity(registry, recipe))


def write_record(runs: Path, registry: Registry, recipe: Recipe, found: Mapping[str, Any]) -> Path:
    """Keep an audit of a recipe, as its `to_json` gives it, and give the file's path.

    Raises `StorageError` as `write_file` does.
    """
    file = file_of(runs, registry, recipe)
    write_file(file, json_text({"made": identity.collect_provenance("cpu")["made"], **found}))
    return file


def read_record(run: Run) -> dict[str, Any] | None:
    """The latest audit of what a run ran; None where there is none, empty if it is damaged."""
    file = _locate_record(run.path.parent, run.identity["components"])
    if not os.path.lexists(file):
        return None
    try:
        return load_object(file)
    except StorageError:
        return {}


def describe_record(record: Mapping[str, Any] | None) -> str:
    """The result of an audit, in one line."""
    if record is None:
        return "this recipe was not audited; `mertk audit` tests it for leaks"
    try:
        return _describe_findings(record)
    except (KeyError, TypeError):
        return "what the audit found is damaged: run `mertk audit` again"


def _describe_findings(record: Mapping[str, Any]) -> str:
    on = f"{record['protocol']}, {count_noun(record['clips'], 'clip')}, {record['made'][:10]}"
    leaks: list[str] = []
    tested: list[str] = []
    untested: list[str] = []
    for one in record["verdicts"]:
        if one["leak"]:
            leaks.append(f"{one['probe']}: leak in {one['leak']}")
        (tested if one.get("tested", True) else untested).append(one["probe"])
    if leaks:
        return f"AUDIT FAILED ({on}): {'; '.join(leaks)}"
    probes, silent = ", ".join(tested), ", ".join(untested)
    if not probes:
        return f"AUDIT INCONCLUSIVE: no probe could test anything ({silent}; {on})"
    rest = f"; not tested: {silent}" if silent else ""
    return f"no probe finds a leak ({probes}{rest}; {on})"


def _locate_record(runs: Path, components: Mapping[str, Any]) -> Path:
    return runs / "audits" / f"{identity.hash_json(components)[:16]}.json"
