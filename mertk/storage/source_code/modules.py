"""From module to module: the source that a component uses, and the libraries.

Followed are the modules that are not installed, wherever they are imported, those of the
component's own package and those of mertk that compute.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import mertk
from mertk.core.errors import ComponentError
from mertk.storage.source_code.text import Parsed, Reference, parse_module

SHIPPED = ("mertk", "mertk_plugins")
"""The packages whose modules count by their source, also where they are installed."""

_NO_COMPUTING = re.compile(
    r"mertk(\.(audit|cli|evaluation(?!\.statistics)|experiment|export|pipeline|plugins|report"
    r"|storage|testing|core\.(clip_lists|errors|escaping|imports|interfaces|model_card|offers"
    r"|options|printing|progress|reading|recipe|stored))(\..*)?)?"
)
"""The parts of mertk that describe, register and report, and the pipeline, which has a version."""

_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Module:
    """A module whose source counts; `package` where it is a package's `__init__.py`."""

    name: str
    file: Path
    package: bool = False

    @property
    def is_installed(self) -> bool:
        """Whether its release identifies its code."""
        return self.name.partition(".")[0] not in SHIPPED and _is_installed(self.file)


@dataclass(slots=True)
class Trace:
    """What has been found behind a component so far.

    `own` is the component's top-level package, `aside` a module of mertk that does not count.
    `codes` are by the name of what they are the code of. `seen` are the modules, each with what
    tells whether it is still the same.
    """

    own: str
    aside: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    seen: dict[Module, Any] = field(default_factory=dict)
    lasting: bool = True

    def add_name(self, name: str) -> None:
        """Follow a module by its dotted name, as an import of it would."""
        for module in self._resolve_name(name, None):
            self.add_module(module)
        loaded = sys.modules.get(name)
        if loaded is not None and name.partition(".")[0] not in sys.stdlib_module_names:
            self.add_loaded(loaded)

    def add_loaded(self, loaded: ModuleType) -> None:
        """Follow a module that is loaded, also where no import would find it."""
        module, top = module_of(loaded), loaded.__name__.partition(".")[0]
        if module is None or top == "mertk" or top in sys.stdlib_module_names:
            return
        if self.is_library(loaded):
            self.libraries.add(top)
        else:
            self.add_module(module)

    def is_library(self, loaded: ModuleType) -> bool:
        """Whether a module is installed, and not of the component's own package."""
        module, top = module_of(loaded), loaded.__name__.partition(".")[0]
        if top in sys.stdlib_module_names or module is None:
            return top in sys.stdlib_module_names
        return top not in {self.own, *SHIPPED} and _is_installed(module.file)

    def add_module(self, module: Module) -> None:
        """Follow a module and, from there, all that it imports."""
        todo = [module]
        while todo:
            at = todo.pop()
            if at in self.seen:
                continue
            self.seen[at] = state_of(at)
            if at.file.suffix != ".py":
                self.files.add(at.file)
                continue
            try:
                parsed = parse_module(read_module(at))
            except (SyntaxError, ValueError) as error:
                raise ComponentError(f"{at.file} cannot be read as Python: {error}") from error
            self.codes[at.name] = parsed.code
            todo += self.add_parsed(parsed, at)

    def add_parsed(self, parsed: Parsed, at: Module | None) -> list[Module]:
        """Note the libraries and files that code names; gives the modules to follow."""
        found: list[Module] = []
        for reference in parsed.references:
            found += self._resolve_name(
                _make_absolute(reference, at), at.file.parent if at else None
            )
        if at is not None and at.name.partition(".")[0] != "mertk":
            for file in _find_named_files(parsed.strings, at.file.parent):
                if file.suffix == ".py":
                    found.append(Module(file.stem, file))
                else:
                    self.files.add(file)
        return found

    def _resolve_name(self, name: str, beside: Path | None) -> list[Module]:
        """The modules that an absolute dotted name leads through, as far as it names modules."""
        top, *rest = name.split(".")
        if top == "mertk" and rest and rest[0] in mertk.HOMES:
            top, *rest = mertk.HOMES[rest[0]].split(".")
        if top in sys.stdlib_module_names or top == "__main__" or not top:
            return []
        file, folders = _locate_top_module(top, str(beside) if beside else None)
        place = file or (folders[0] if folders else None)
        if place is None:
            return []
        if top not in {self.own, *SHIPPED} and _is_installed(place):
            self.libraries.add(top)
            return []
        found = [Module(top, file, package=bool(folders))] if file else []
        at = top
        for part in rest:
            at = f"{at}.{part}"
            file, folders = _locate_in_folders(folders, part)
            if file:
                found.append(Module(at, file, package=bool(folders)))
            if not folders:
                break
        return list(filter(self._computes, found)) if top == "mertk" else found

    def _computes(self, module: Module) -> bool:
        """Whether a module of mertk counts; its packages only gather names."""
        apart = module.package or module.name == self.aside
        return not apart and _NO_COMPUTING.fullmatch(module.name) is None


_TEXTS: dict[str, tuple[Any, str]] = {}
"""By file the text of a module that is loaded, as it was when it was first read."""


def state_of(module: Module) -> Any:
    """What changes when a module is loaded again or, where it is not loaded, written again."""
    loaded = sys.modules.get(module.name)
    if loaded is not None:
        held = loaded.__spec__ or loaded
        return id(held), held  # held, so that its id stays its own
    try:
        found = module.file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_module(module: Module) -> str:
    """The text of a module; of a loaded one as it was loaded, whatever its file holds by now.

    Raises `ComponentError` where it cannot be read.
    """
    state, known = state_of(module), _TEXTS.get(str(module.file))
    if known and known[0] == state:
        return known[1]
    text = _read_source(module.file)
    _TEXTS[str(module.file)] = state, text
    return text


def _read_source(file: Path) -> str:
    """The text of a Python file; raises `ComponentError` where it cannot be read."""
    try:
        return importlib.util.decode_source(file.read_bytes())
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise ComponentError(
            f"the source {file} cannot be read ({error}); without it nobody could tell results of "
            "one version of the code from those of another"
        ) from error


def _make_absolute(reference: Reference, at: Module | None) -> str:
    if not reference.level or at is None:
        return reference.name
    package = at.name if at.package else at.name.rpartition(".")[0]
    above = package.split(".")
    kept = above[: len(above) - reference.level + 1]
    return ".".join([*kept, reference.name]).strip(".")


def module_of(loaded: ModuleType) -> Module | None:
    """A module that is loaded, if it has a file."""
    file = getattr(loaded, "__file__", None)
    if not file:
        return None
    return Module(loaded.__name__, Path(file), package=hasattr(loaded, "__path__"))


def _locate_top_module(top: str, beside: str | None) -> tuple[Path | None, list[Path]]:
    """The file of a top-level module and the folders of a package's modules."""
    loaded = sys.modules.get(top)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return (Path(file) if file else None), [Path(p) for p in getattr(loaded, "__path__", ())]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return _locate_in_folders([Path(beside)], top) if beside else (None, [])
    file = spec.origin if spec.has_location else None
    folders = [Path(path) for path in spec.submodule_search_locations or ()]
    return (Path(file) if file else None), folders


def _locate_in_folders(folders: Sequence[Path], name: str) -> tuple[Path | None, list[Path]]:
    """The file and the folders of a module, looked for in these folders; nothing is imported."""
    for folder in folders:
        within = folder / name
        if (within / "__init__.py").is_file():
            return within / "__init__.py", [within]
        if within.with_name(f"{name}.py").is_file():
            return within.with_name(f"{name}.py"), []
        for ending in importlib.machinery.EXTENSION_SUFFIXES:
            if within.with_name(name + ending).is_file():
                return within.with_name(name + ending), []
        if within.is_dir():
            return None, [within]
    return None, []


@functools.lru_cache(maxsize=1024)
def _is_installed(file: Path) -> bool:
    """Whether a file is of Python itself or of what a package manager has put beside it."""
    if {"site-packages", "dist-packages"} & set(file.parts):
        return True
    return file.is_relative_to(sysconfig.get_path("stdlib"))


def _find_named_files(strings: Iterable[str], folder: Path) -> Iterator[Path]:
    """The files that texts name relative to the folder of the code."""
    for text in strings:
        named = text and len(text) <= _LONGEST_NAME and "\0" not in text
        if named and not Path(text).is_absolute():
            file = folder / text
            try:
                if file.is_file():
                    yield file
            except OSError:
                continue


def functions_of(owner: type) -> list[FunctionType]:
    """The functions that a class itself holds, out of their wrappers."""
    found: list[Any] = []
    for value in vars(owner).values():
        if isinstance(value, staticmethod | classmethod):
            found.append(value.__func__)
        elif isinstance(value, property):
            found += [value.fget, value.fset, value.fdel]
        elif isinstance(value, functools.cached_property):
            found.append(value.func)
        else:
            found.append(value)
    plain: list[Callable[..., Any]] = [inspect.unwrap(one) for one in found if callable(one)]
    return [one for one in plain if isinstance(one, FunctionType)]
