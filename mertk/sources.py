"""The code behind a component: its own source, that of every module it uses, and its files.

Followed are the modules that are not installed, wherever they are imported, those of the
component's own package and those of mertk that compute. Of an installed library the release
counts. Registration, documentation and the text of errors do not count (`mertk.source_text`).
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import mertk
from mertk.errors import ComponentError
from mertk.source_text import Parsed, Reference, parse_module

_OWN = ("mertk", "mertk_plugins")

_NO_COMPUTING = re.compile(
    r"mertk(\.(audit|cards|cli|components|errors|harness|hooks|identity|ledger|manifest|plugins"
    r"|recipe|registry|report|scaffold|testing)(\..*)?)?"
)
"""The parts of mertk that describe, register and report, and the pipeline, which has a version."""

_DISTRIBUTIONS = {
    "PIL": ("pillow",),
    "cv2": (
        "opencv-python", "opencv-python-headless", "opencv-contrib-python",
        "opencv-contrib-python-headless",
    ),
    "dlib": ("dlib", "dlib-bin"),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
}  # fmt: skip

_COMPUTING = frozenset({
    "numpy", "opencv-python", "pillow", "scikit-image", "scikit-learn", "scipy", "torch",
    "torchvision",
})  # fmt: skip
"""Libraries that compute numbers for others, so that their releases count where those are used."""

_DOCUMENTS = frozenset({".md", ".pyc", ".pyi", ".py", ".rst", ".typed"})
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Code:
    """What a component computes with: a hash of source and files, and releases of libraries."""

    source: str
    libraries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Module:
    """A module whose source counts; `package` where it is a package's `__init__.py`."""

    name: str
    file: Path
    package: bool = False


def read_code(target: Any, *, package_files: bool = True) -> Code:
    """The code behind a class or function, and the data files of its package.

    Raises `ComponentError` where it has no source, or a file that it declares is missing.
    """
    found = _trace(target)
    parts = {hashlib.sha256(code.encode()).hexdigest() for code in found.codes.values()}
    files = {*found.files, *_declared(target)}
    if package_files:
        files.update(_of_package(target))
    hashes = {f"{file.name} {_hash_file(file)}" for file in files}
    total = hashlib.sha256("\n".join([*sorted(parts), *sorted(hashes)]).encode())
    libraries = {name: one for top in found.libraries for name, one in releases_of(top).items()}
    return Code(total.hexdigest()[:16], dict(sorted(libraries.items())))


@dataclass(slots=True)
class Trace:
    """What has been found behind a component so far.

    `codes` by the name of what they are the code of. `seen` are the modules, each with what tells
    whether it is still the same.
    """

    own: str
    codes: dict[str, str] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    seen: dict[Module, Any] = field(default_factory=dict)
    lasting: bool = True

    def add_name(self, name: str) -> None:
        """Follow a module by its dotted name, as an import of it would."""
        for module in self._resolve(name, None):
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
        return top not in {self.own, *_OWN} and _is_installed(module.file)

    def add_module(self, module: Module) -> None:
        """Follow a module and, from there, all that it imports."""
        todo = [module]
        while todo:
            at = todo.pop()
            if at in self.seen:
                continue
            self.seen[at] = _state(at)
            if at.file.suffix != ".py":
                self.files.add(at.file)
                continue
            parsed = _parsed(at)
            self.codes[at.name] = parsed.code
            todo += self.add_parsed(parsed, at)

    def add_parsed(self, parsed: Parsed, at: Module | None) -> list[Module]:
        """Note the libraries and files that code names; gives the modules to follow."""
        found: list[Module] = []
        for reference in parsed.references:
            found += self._resolve(_absolute(reference, at), at and at.file.parent)
        if at is not None and at.name.partition(".")[0] != "mertk":
            for file in _named_files(parsed.strings, at.file.parent):
                if file.suffix == ".py":
                    found.append(Module(f"{file}", file))
                else:
                    self.files.add(file)
        return found

    def _resolve(self, name: str, beside: Path | None) -> list[Module]:
        """The modules that an absolute dotted name leads through, as far as it names modules."""
        top, *rest = name.split(".")
        if top == "mertk" and rest and rest[0] in mertk.HOMES:
            top, *rest = mertk.HOMES[rest[0]].split(".")
        if top in sys.stdlib_module_names or top == "__main__" or not top:
            return []
        file, folders = _located(top, str(beside) if beside else None)
        place = file or (folders[0] if folders else None)
        if place is None:
            return []
        if top not in {self.own, *_OWN} and _is_installed(place):
            self.libraries.add(top)
            return []
        found = [Module(top, file, package=bool(folders))] if file else []
        at = top
        for part in rest:
            at = f"{at}.{part}"
            file, folders = _inside(folders, part)
            if file:
                found.append(Module(at, file, package=bool(folders)))
            if not folders:
                break
        if top == "mertk":  # its packages only gather names
            return [one for one in found if not one.package and not _NO_COMPUTING.fullmatch(one.name)]
        return found


_TRACES: dict[int, tuple[Any, Trace]] = {}
"""By id of a target the target and what was found behind it."""


def _trace(target: Any) -> Trace:
    """What is behind a target, as long as nothing of it has been loaded anew or changed on disk."""
    known = _TRACES.get(id(target))
    if known and known[0] is target and all(_state(m) == s for m, s in known[1].seen.items()):
        return known[1]
    from mertk.live_code import add_object

    found = Trace(str(getattr(target, "__module__", "")).partition(".")[0])
    add_object(found, target)
    if found.lasting:
        _TRACES[id(target)] = target, found
    return found


_TEXTS: dict[str, tuple[Any, str]] = {}
"""By file the text of a module that is loaded, as it was when it was first asked for."""


def _state(module: Module) -> Any:
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


def _parsed(module: Module) -> Parsed:
    try:
        return parse_module(read_module(module))
    except (SyntaxError, ValueError) as error:
        raise ComponentError(f"{module.file} cannot be read as Python: {error}") from error


def read_module(module: Module) -> str:
    """The text of a module; of a loaded one as it was loaded, whatever its file holds by now.

    Raises `ComponentError` where it cannot be read.
    """
    state, known = _state(module), _TEXTS.get(str(module.file))
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


def _absolute(reference: Reference, at: Module | None) -> str:
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


def _located(top: str, beside: str | None) -> tuple[Path | None, list[Path]]:
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
        return _inside([Path(beside)], top) if beside else (None, [])
    file = spec.origin if spec.has_location else None
    folders = [Path(path) for path in spec.submodule_search_locations or ()]
    return (Path(file) if file else None), folders


def _inside(folders: Sequence[Path], name: str) -> tuple[Path | None, list[Path]]:
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


def _named_files(strings: Iterable[str], folder: Path) -> Iterator[Path]:
    """The files that texts name, as seen from the folder of the code."""
    for text in strings:
        if text and len(text) <= _LONGEST_NAME and "\0" not in text and "\n" not in text:
            file = folder / text
            try:
                if file.is_file():
                    yield file
            except OSError:
                continue


def _declared(target: Any) -> Iterator[Path]:
    """The files that a class, or one that it inherits from, declares in `files`."""
    for owner in _classes(target):
        names = vars(owner).get("files", ())
        if not isinstance(names, str | tuple | list):
            continue
        folder = Path(str(getattr(sys.modules.get(owner.__module__), "__file__", ""))).parent
        for name in [names] if isinstance(names, str) else names:
            file = folder / str(name)
            if not file.is_file():
                raise ComponentError(
                    f"{owner.__qualname__} declares the file {name}, which is not in {folder}"
                )
            yield file


def _of_package(target: Any) -> Iterator[Path]:
    """The data files of the package that a component of a third party lies in.

    One that declares its files has no others.
    """
    name = str(getattr(target, "__module__", ""))
    top = name.partition(".")[0]
    loaded = sys.modules.get(top)
    file = getattr(loaded, "__file__", None)
    if top in _OWN or "." not in name or not file or not hasattr(loaded, "__path__"):
        return
    if any("files" in vars(owner) for owner in _classes(target)):
        return
    for found in Path(file).parent.rglob("*"):
        parts = found.relative_to(Path(file).parent).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if not hidden and found.suffix not in _DOCUMENTS and found.is_file():
            yield found


def _classes(target: Any) -> list[type]:
    """A class and those that it inherits from, without `object`."""
    return list(target.__mro__[:-1]) if isinstance(target, type) else []


_HASHES: dict[Path, tuple[Any, str]] = {}


def _hash_file(file: Path) -> str:
    """A hash of a file's content, read again where its size or time of change differs."""
    found = file.stat()
    state = found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
    known = _HASHES.get(file)
    if known is None or known[0] != state:
        with file.open("rb") as opened:
            known = _HASHES[file] = state, hashlib.file_digest(opened, "sha256").hexdigest()
    return known[1]


@functools.lru_cache(maxsize=256)
def releases_of(top: str) -> Mapping[str, str]:
    """The releases behind a library, by distribution: its own, and of those that compute for it."""
    found = _installed(_DISTRIBUTIONS.get(top, (top,)))
    if not found:  # this reads the file list of everything that is installed
        found = _installed(packages_distributions().get(top, ()))
    todo = list(found)
    while todo:
        for text in _metadata(todo.pop())[1]:
            wanted = re.split(r"[^\w.-]", text, maxsplit=1)[0].lower().replace("_", "-")
            if wanted in _COMPUTING and wanted not in found and "extra ==" not in text:
                found |= _installed([wanted])
                todo.append(wanted)
    return found


def _installed(names: Iterable[str]) -> dict[str, str]:
    """The distributions of these that are installed, with their releases."""
    known = {name: release_of(name) for name in names}
    return {name: release for name, release in known.items() if release}


def release_of(name: str) -> str | None:
    """The release of an installed distribution; None where it is not installed."""
    return _metadata(name)[0]


@functools.lru_cache(maxsize=256)
def _metadata(name: str) -> tuple[str | None, Sequence[str]]:
    """The release of a distribution, and what it requires."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None, ()
    return found.version, found.requires or ()


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
