"""The code behind a component, as a hash: its source, that of every module it uses, and its files.

Of an installed library the release counts. Registration, documentation and the text of errors do
not count (`mertk.storage.source_code.text`).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mertk.core.errors import ComponentError
from mertk.storage.source_code.live import add_object
from mertk.storage.source_code.modules import SHIPPED, Trace, state_of
from mertk.storage.source_code.releases import releases_of

_DOCUMENTS = frozenset({".md", ".pyc", ".pyi", ".py", ".rst", ".typed"})


@dataclass(frozen=True, slots=True)
class Code:
    """What a component computes with: a hash of source and files, and releases of libraries."""

    source: str
    libraries: Mapping[str, str]


def read_code(target: Any, *, whole: bool = True, aside: str = "") -> Code:
    """The code behind a class or function.

    With `whole`, its own package counts by its source and data files even where it is installed,
    else by its release alone. `aside` is a module of mertk that does not count. Raises
    `ComponentError` where there is no source, or where a file that it declares is missing.
    """
    found = _trace_target(target, whole=whole, aside=aside)
    parts = {hashlib.sha256(code.encode()).hexdigest() for code in found.codes.values()}
    files = {*filter(Path.is_file, found.files), *_list_declared_files(target)}  # some may be gone
    if whole:
        files.update(_list_package_files(target))
    hashes = {f"{file.name} {hash_file(file)}" for file in files}
    total = hashlib.sha256("\n".join([*sorted(parts), *sorted(hashes)]).encode())
    libraries: dict[str, str] = {}
    for top in found.libraries:
        libraries |= releases_of(top)
    return Code(total.hexdigest()[:16], dict(sorted(libraries.items())))


_TRACES: dict[tuple[int, bool, str], tuple[Any, Trace]] = {}
"""By id of a target the target and what was found behind it."""


def _trace_target(target: Any, *, whole: bool, aside: str) -> Trace:
    """What is behind a target, as long as nothing of it has been loaded anew or changed on disk."""
    known = _TRACES.get((id(target), whole, aside))
    if known and known[0] is target and all(state_of(m) == s for m, s in known[1].seen.items()):
        return known[1]
    top = str(getattr(target, "__module__", "")).partition(".")[0]
    found = Trace(top if whole else "", aside)
    add_object(found, target)
    found.add_name("mertk.core.clips")  # what a component is handed and gives
    if any(module.is_installed for module in found.seen):
        found.libraries.add(top)
    if found.lasting:
        _TRACES[id(target), whole, aside] = target, found
    return found


def modules_behind(target: Any) -> frozenset[str]:
    """The names of the modules whose source counts for a class or function."""
    seen = _trace_target(target, whole=True, aside="").seen
    return frozenset(module.name for module in seen)


def _list_declared_files(target: Any) -> Iterator[Path]:
    """The files that a class, or one that it inherits from, declares in `files`."""
    for owner in _list_classes(target):
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


def _list_package_files(target: Any) -> Iterator[Path]:
    """The data files of the package that a component of a third party lies in.

    One that declares its files has no others.
    """
    name = str(getattr(target, "__module__", ""))
    top = name.partition(".")[0]
    loaded = sys.modules.get(top)
    file = getattr(loaded, "__file__", None)
    if top in SHIPPED or "." not in name or not file or not hasattr(loaded, "__path__"):
        return
    if any("files" in vars(owner) for owner in _list_classes(target)):
        return
    for found in Path(file).parent.rglob("*"):
        parts = found.relative_to(Path(file).parent).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if not hidden and found.suffix not in _DOCUMENTS and found.is_file():
            yield found


def _list_classes(target: Any) -> list[type]:
    """A class and those that it inherits from, without `object`."""
    return list(target.__mro__[:-1]) if isinstance(target, type) else []


_HASHES: dict[Path, tuple[Any, str]] = {}


def hash_file(file: Path) -> str:
    """A hash of a file's content, read again where its size or time of change differs."""
    found = file.stat()
    state = found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
    known = _HASHES.get(file)
    if known is None or known[0] != state:
        with file.open("rb") as opened:
            known = _HASHES[file] = state, hashlib.file_digest(opened, "sha256").hexdigest()
    return known[1]
