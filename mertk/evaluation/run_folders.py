"""Run folders as they are found on disk, and which of their runs can be compared."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.core.errors import StorageError
from mertk.core.recipe import Recipe, Use
from mertk.plugins.registry import Registry
from mertk.storage.identity import hash_json
from mertk.storage.ledger import Run

TASK = ("protocol", "clip_list", "classes")
"""What of their identity runs must share to be compared with each other, beside the folds."""


def find_runs(*paths: Path | str) -> tuple[list[Run], list[str]]:
    """The runs of these folders, each once; a folder that holds several stands for all of them.

    Returns:
        The runs, and a line on each that cannot be read.

    Raises:
        StorageError: where a path is no run folder and holds none.
    """
    runs: dict[Path, Run] = {}
    faults: list[str] = []
    for path in map(Path, paths):
        folders = [path] if _is_run(path) else sorted(filter(_is_run, path.glob("*")))
        if not folders:
            raise StorageError(f"{path} is not a run folder; give a folder that holds run.json")
        for folder in folders:
            try:
                runs.setdefault(folder.resolve(), Run(folder))
            except StorageError as error:
                faults.append(f"{error}; the run is left out")
    return list(runs.values()), list(dict.fromkeys(faults))


def group_runs(runs: Sequence[Run]) -> tuple[list[list[Run]], list[str]]:
    """Runs on the same clips, in the same folds, under the same protocol, and a line on others.

    A run of which there are several folders counts once.
    """
    groups: dict[str, list[Run]] = {}
    first: dict[str, Run] = {}
    faults: list[str] = []
    for run in runs:
        try:
            task = _hash_task(run)
        except StorageError as error:
            faults.append(f"{error}; the run is left out until the same bench is run again")
            continue
        one = first.setdefault(run.key, run)
        if one is run:
            groups.setdefault(task, []).append(run)
        else:
            faults.append(f"{run.path} is left out: it is the same run as {one.path}")
    return list(groups.values()), faults


def restore_protocol(registry: Registry, stored: Mapping[str, Any]) -> Use:
    """The protocol of a run, with the parameters that differ from their defaults."""
    known = registry.get("protocol", stored["name"]).parameters()
    params = stored["params"].items()
    changed = {n: v for n, v in params if n not in known or known[n].default != v}
    return Use(stored["name"], **changed)


def count_recipes(first: Run) -> int:
    """How many recipes the folder of this run holds for its protocol and clip list."""
    found = set()
    task = (first.identity["protocol"], first.identity["clip_list"])
    for file in first.path.parent.glob("*/run.json"):
        with contextlib.suppress(StorageError):  # a run of another release does not count
            other = Run(file.parent).identity
            same = (other["protocol"], other["clip_list"]) == task
            recipe = Recipe.from_json(other["recipe"])
            if same and recipe.extractors and "replay" not in other:
                found.add(recipe)
    return len(found)


def check_comparable(runs: Sequence[Run]) -> None:
    """Raise `StorageError` unless all runs are of the same clips, folds and protocol."""
    for run in runs[1:]:
        for part in TASK:
            if run.identity[part] != runs[0].identity[part]:
                raise _make_difference_error(run, runs[0], part.replace("_", " "))
        if _hash_task(run) != _hash_task(runs[0]):
            raise _make_difference_error(run, runs[0], "folds")


def _make_difference_error(run: Run, first: Run, part: str) -> StorageError:
    return StorageError(
        f"{run.path} and {first.path} differ in their {part}; only runs on the same clips under "
        "the same protocol can be compared"
    )


def _hash_task(run: Run) -> str:
    """A hash of the protocol, and of the clips with their people, classes and folds."""
    clips = {}
    for uid, facts in run.clips.items():
        clips[uid] = [facts["fold"], facts["person"], facts["truth"]]
    return hash_json([[run.identity[part] for part in TASK], clips])


def _is_run(folder: Path) -> bool:
    """Whether a run was begun here; one that has lost its run.json is one too."""
    return any(os.path.lexists(folder / name) for name in ("run.json", "clips.json", "folds"))
