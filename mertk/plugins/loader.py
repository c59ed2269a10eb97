"""Find, load and isolate plug-ins.

A plug-in is a module that implements `mertk_register(register)`. It is found by an entry point of
the group `mertk`, as a file or by its dotted name; where an entry point names a package, every
public module in it is a plug-in. A plug-in that fails is reported in `Plugins.broken` and skipped:
each one writes into its own registry first, which is merged whole or not at all.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

import pluggy

from mertk.core.errors import PluginError, describe_error
from mertk.core.imports import PLUGIN_FILE, add_import_folder
from mertk.core.reading import real_path
from mertk.plugins import hooks
from mertk.plugins.registry import Registrar, Registry

_MODULE = re.compile(r"[^\W\d]\w*(\.(?!py$)[^\W\d]\w*)+")  # a dotted name; `mine.py` is a file

_Load = Callable[[], ModuleType]


@dataclass(frozen=True, slots=True)
class Plugins:
    """The loaded plug-ins: the registry, the plug-ins that failed, and the hooks to call."""

    registry: Registry
    broken: Mapping[str, str]
    manager: pluggy.PluginManager
    files: tuple[str, ...] = ()


def load_plugins(files: Sequence[Path | str] = ()) -> Plugins:
    """Load every installed plug-in and the given ones; the same ones give the same object.

    What is given is a file, or the dotted name of a module such as `mertk_observers.mlflow`.
    Raises `PluginError` where a file does not exist; all other failures are kept in
    `broken`. The environment variable `MERTK_HIDE` (entry-point names, comma-separated) leaves
    plug-ins out.

    Examples:
        >>> plugins = mertk.load_plugins()
        >>> "cnn_lstm_se" in plugins.registry.names("model")
        True
    """
    paths = []
    for file in files:
        path = real_path(file)
        if _MODULE.fullmatch(str(file)) and not path.is_file():
            paths.append(str(file))
            continue
        if not path.is_file():
            raise PluginError(
                f"plug-in file {file} does not exist; give the path of a .py file, or the dotted "
                "name of a module"
            )
        paths.append(str(path))
    return _load_all(tuple(paths), os.environ.get("MERTK_HIDE", ""))


@functools.lru_cache(maxsize=8)
def _load_all(files: tuple[str, ...], hidden: str) -> Plugins:
    manager = pluggy.PluginManager("mertk")
    manager.add_hookspecs(hooks)
    registry = Registry()
    broken: dict[str, str] = {}
    for name, origin, load in _find_sources(files, set(hidden.split(","))):
        try:
            module = load()
            _register_module(manager, registry, module, name, origin)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a plug-in may fail in any way, sys.exit() too, and must not stop the others
            broken[name] = describe_error(error)
    return Plugins(registry, broken, manager, files)


def _register_module(
    manager: pluggy.PluginManager, registry: Registry, module: ModuleType, name: str, origin: str
) -> None:
    """Register the module's hooks and its components, or neither."""
    manager.register(module, name)
    try:
        _check_hooks(manager, module)
        staged = Registry()
        register = manager.subset_hook_caller(
            "mertk_register", [other for other in manager.get_plugins() if other is not module]
        )
        register(register=Registrar(staged, origin))
        registry.merge(staged)
    except BaseException:
        manager.unregister(module)
        raise


def _check_hooks(manager: pluggy.PluginManager, module: ModuleType) -> None:
    for hook in manager.get_hookcallers(module) or ():
        if not hook.has_spec():
            raise PluginError(f"'{hook.name}' is not a hook of mertk")


def _find_sources(files: tuple[str, ...], hidden: set[str]) -> Iterator[tuple[str, str, _Load]]:
    """The name, the origin and the loading function of each plug-in."""
    for point in sorted(entry_points(group="mertk"), key=lambda p: p.name):
        if point.name in hidden:
            continue
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        yield from _of_entry_point(point, origin)
    for file in files:
        if Path(file).is_absolute():
            yield file, Path(file).name, functools.partial(_import_file, Path(file))
        else:
            yield file, file, functools.partial(importlib.import_module, file)


def _of_entry_point(point: EntryPoint, origin: str) -> Iterator[tuple[str, str, _Load]]:
    try:
        spec = importlib.util.find_spec(point.module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        yield point.value, origin, functools.partial(importlib.import_module, point.module)
        return
    for path in spec.submodule_search_locations:
        for name in _public_modules(path, point.module):
            yield name, origin, functools.partial(importlib.import_module, name)


def _public_modules(path: str, package: str) -> Iterator[str]:
    for found in pkgutil.iter_modules([path]):
        if found.name.startswith("_"):
            continue
        name = f"{package}.{found.name}"
        if found.ispkg:
            yield from _public_modules(f"{path}/{found.name}", name)
        else:
            yield name


def _import_file(path: Path) -> ModuleType:
    # The module must be in sys.modules, or pickling and inspect.getsource fail.
    name = f"{PLUGIN_FILE}{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    add_import_folder(path.parent)  # what a plug-in imports may lie beside it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
