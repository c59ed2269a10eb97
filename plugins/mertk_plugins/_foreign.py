"""Other people's classes by their import path, such as `sklearn.svm.SVC`."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from mertk.core.imports import import_own_module


def import_target(path: str) -> Any:
    """What an import path names.

    Raises `ValueError` where there is no such module, or no such name in it.
    """
    module_name, _, name = path.rpartition(".")
    try:
        module = import_own_module(module_name)
    except ValueError as error:  # an empty name
        raise ValueError(f"path={path} is no import path such as package.module.Name") from error
    except ModuleNotFoundError as error:
        raise ValueError(
            f"path={path} cannot be imported: {error}. A module of your own is found in the "
            "current folder and beside a plug-in file (mertk --plugin FILE)"
        ) from error
    if not hasattr(module, name):
        near = difflib.get_close_matches(name, dir(module), n=1)
        hint = f"; did you mean {module_name}.{near[0]}?" if near else ""
        raise ValueError(f"path={path}: {module_name} has no '{name}'{hint}")
    return getattr(module, name)


def read_parameters(path: str, target: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class or function; raises `ValueError` where it has no signature."""
    try:
        return inspect.signature(target).parameters
    except (TypeError, ValueError) as error:
        raise ValueError(f"path={path} is nothing that can be called with parameters") from error


def check_parameters(path: str, target: Any, given: Mapping[str, Any]) -> None:
    """Raise `ValueError` where `target` takes no such parameter."""
    known = read_parameters(path, target)
    if any(p.kind is p.VAR_KEYWORD for p in known.values()):
        return
    for name in given:
        if name not in known:
            raise ValueError(f"{path} takes no parameter '{name}'. It takes: {', '.join(known)}.")


def draw_random_state(known: Mapping[str, inspect.Parameter], rng: Any) -> dict[str, int]:
    """A `random_state` from the fold's chance, for what takes one."""
    return {"random_state": int(rng.integers(2**31))} if "random_state" in known else {}
