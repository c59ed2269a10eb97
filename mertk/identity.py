"""What a result depends on.

Identity (recipe, protocol, clips, data, source of the components) names a run; releases and
machines are provenance, which is only written down. Editing a component's file makes another
run, editing its comments does not.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import inspect
import json
import platform
import pydoc
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mertk

if TYPE_CHECKING:
    from mertk.clips import Clip
    from mertk.recipe import Recipe, Use
    from mertk.registry import Registry

_RELEASES = ("mertk", "numpy", "scikit-learn", "opencv-python", "torch", "timm", "dlib-bin")


def digest(data: Any) -> str:
    """A SHA-256 of JSON data, in hex."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def component_identity(registry: Registry, kind: str, use: Use) -> dict[str, Any]:
    """Name, all parameters (defaults too) and source hash of one component.

    One that runs other people's code by its import `path` has that code's identity as well.
    """
    entry = registry.get(kind, use.name)
    defaults = {name: p.default for name, p in entry.parameters().items()}
    params = {**defaults, **use.params}
    foreign = {"code": _code_behind(str(params["path"]))} if entry.open and "path" in params else {}
    return {
        "kind": kind,
        "name": use.name,
        "params": params,
        "source": source_hash(entry.load()),
        **foreign,
    }


def _code_behind(path: str) -> str:
    """The release of an installed package, or a hash of source that somebody may be editing."""
    target = pydoc.locate(path)
    module = inspect.getmodule(target)
    file = str(getattr(module, "__file__", ""))
    if module is None or not {"site-packages", "dist-packages"} & set(Path(file).parts):
        return source_hash(target)  # type: ignore[arg-type]
    package = module.__name__.partition(".")[0]
    return " ".join(
        f"{name} {_release(name)}" for name in packages_distributions().get(package, [package])
    )


def recipe_identity(registry: Registry, recipe: Recipe) -> dict[str, Any]:
    """The identity of every component of a recipe, by place."""
    return {
        place: component_identity(registry, place.partition(".")[0], use)
        for place, use in recipe.places().items()
    }


def clips_identity(clips: Sequence[Clip], labels: Sequence[str]) -> dict[str, str]:
    """Hashes of the clip list with its labels, and of the data behind it."""
    lines = sorted(f"{clip.uid},{label}\n" for clip, label in zip(clips, labels, strict=True))
    prints = sorted(f"{clip.uid},{clip.fingerprint}\n" for clip in clips)
    return {
        "clip_list": hashlib.sha256("".join(lines).encode()).hexdigest(),
        "data": hashlib.sha256("".join(prints).encode()).hexdigest(),
    }


def provenance(device: str) -> dict[str, Any]:
    """What was merely true when a run was made: releases, machine, time, device."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": device,
        "releases": {name: found for name in _RELEASES if (found := _release(name))},
    }


def _release(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def source_hash(target: type | Callable[..., Any]) -> str:
    """A hash of the code behind a class or function: its module and the modules that it imports.

    Followed are imports inside the class's own package and inside mertk (also those written as
    `mertk.flow`), wherever in the file they stand. Comments, layout and docstrings do not count.
    """
    module = inspect.getmodule(target)
    if module is None or not getattr(module, "__file__", None):
        return ""
    return _hash_of(module.__name__, str(module.__file__))


def modules_behind(target: type | Callable[..., Any]) -> dict[str, str]:
    """The modules whose code `source_hash` follows, with their files; none without a file."""
    module = inspect.getmodule(target)
    if module is None or not getattr(module, "__file__", None):
        return {}
    return _followed(module.__name__, str(module.__file__))


def _followed(name: str, file: str) -> dict[str, str]:
    todo, seen = [(name, file)], {name: file}
    while todo:
        at, path = todo.pop()
        for found, where in _imports(at, path):
            if found not in seen:
                seen[found] = where
                todo.append((found, where))
    return seen


@functools.lru_cache(maxsize=256)
def _hash_of(name: str, file: str) -> str:
    seen = _followed(name, file)
    total = hashlib.sha256()
    for found in sorted(seen):
        total.update(_normalised(seen[found]).encode())
    return total.hexdigest()[:16]


@functools.lru_cache(maxsize=256)
def _tree(path: str) -> ast.Module:
    return ast.parse(Path(path).read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=256)
def _normalised(path: str) -> str:
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(name: str, path: str) -> Iterable[tuple[str, str]]:
    """The modules of the own package and of mertk that a file imports, with their files."""
    roots = {name.partition(".")[0], "mertk"}
    package = name.rpartition(".")[0]
    for node in ast.walk(_tree(path)):
        for wanted in _named(node, package):
            if wanted.partition(".")[0] in roots and (found := _locate(wanted)):
                yield found


def _named(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, base]).strip(".")
        return [base, *(f"{base}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return [f"mertk.{node.attr}"] if node.value.id == "mertk" else []
    return []


@functools.lru_cache(maxsize=1024)
def _locate(name: str) -> tuple[str, str] | None:
    """A module's name and file; packages themselves and names that are no modules do not count."""
    parent, _, last = name.rpartition(".")
    if parent == "mertk" and last in mertk.HOMES:
        name = mertk.HOMES[last]
    if name in sys.modules:
        file = getattr(sys.modules[name], "__file__", None)
        return (name, file) if file and not file.endswith("__init__.py") else None
    try:
        spec = importlib.util.find_spec(name)
    except (ModuleNotFoundError, ValueError):
        return None
    if spec is None or spec.origin is None or spec.submodule_search_locations is not None:
        return None
    return name, spec.origin
