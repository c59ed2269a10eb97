"""Read the files of a model folder, which may come from anybody: their form is checked first."""

import json
import math
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mertk.core.errors import StorageError
from mertk.core.recipe import Use
from mertk.plugins.registry import Registry
from mertk.storage.source_code.component import modules_behind
from mertk.storage.trusted import Trust, is_within

FORMAT = 2
LIMITS = {"model.json": 2**24, "arrays.safetensors": 2**31}
"""The largest size of a file in bytes: far more than a network of mertk needs."""

_TEXT = 1_000  # characters in a text of model.json; names and recipes are shorter by far

_FORM: Mapping[str, Any] = {
    "name": str,
    "multilabel": bool,
    "seed": int,
    "clips": int,
    "subjects": int,
    "weights": int,
    "synthetic": bool,
    "state": dict,
    "trust": [str],
    "identity": {
        "recipe": dict,
        "classes": [str],
        "datasets": list,
        "clip_list": str,
        "protocol": {"name": str},
    },
    "provenance": {"origins": [str]},
}


def read_about(folder: Path) -> dict[str, Any]:
    """The data of `model.json`; raises `StorageError` where it is not as `mertk train` writes it.

    This includes a part that is missing, has another type, or cannot be printed.
    """
    path = folder / "model.json"
    try:
        about: dict[str, Any] = json.loads(
            _read_bytes(path).decode(),
            object_pairs_hook=_make_unique_dict,
            parse_constant=_refuse_constant,
        )
        _check_form(about, "model.json", {"format": int})
        if about["format"] == FORMAT:
            _check_form(about, "model.json", _FORM)
            _check_texts({name: part for name, part in about.items() if name != "state"})
            _check_scores(about["measured"])
            _check_classes(about["identity"]["classes"])
    except _MALFORMED as error:
        raise _make_damage_error(path, error) from error
    if about["format"] != FORMAT:
        raise StorageError(
            f"{folder} has format {str(about['format'])[:20]}; this release reads {FORMAT}: "
            "train the model again"
        )
    return about


_MALFORMED = (KeyError, TypeError, ValueError, OverflowError, RecursionError, MemoryError)


def _check_scores(found: Any) -> None:
    if found is None:
        return
    _check_form(found, "measured", {"run": str, "seeds": int, "scores": list})
    for name, *numbers in found["scores"]:
        _check_form(name, "scores", str)
        if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
            raise ValueError("scores are a name and three numbers")


def _check_classes(names: Sequence[str]) -> None:
    if not names or len(set(names)) < len(names):
        raise ValueError("it knows no class, or one twice")


def read_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """The arrays by name; raises `StorageError` for what is no file of arrays."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = folder / "arrays.safetensors"
    try:
        return load(_read_bytes(path))
    except (SafetensorError, *_MALFORMED) as error:
        raise _make_damage_error(path, error) from error


def trust_of(registry: Registry, uses: Mapping[str, Use], named: Iterable[str] = ()) -> Trust:
    """The modules and packages that the state of a recipe's components may name.

    `uses` are the components by their places, `named` what the user trusts beyond.
    """
    modules: set[str] = set()
    packages: set[str] = set()
    for place, use in uses.items():
        entry = registry.get(place.partition(".")[0], use.name)
        modules |= set(modules_behind(entry.load()))
        packages |= set(entry.needs) - {"torch"}  # of torch, its networks are known
    return Trust(frozenset(modules), frozenset(packages), frozenset(named))


def foreign_names(registry: Registry, uses: Mapping[str, Use]) -> dict[str, str]:
    """The names in parameters that components would import or fetch, with the components' places.

    These are the parameters that a component lists in `imports`, and all texts that are an address,
    a repository or a path.
    """
    found = {}
    for place, use in uses.items():
        entry = registry.get(place.partition(".")[0], use.name)
        for name in getattr(entry.load(), "imports", ()):
            found[str(use.params.get(name, entry.parameters()[name].default))] = place
        addresses = [text for text in _collect_texts(use.params) if set(text) & set(":/\\")]
        found |= dict.fromkeys(addresses, place)
    return found


def check_foreign(registry: Registry, uses: Mapping[str, Use], named: Iterable[str]) -> None:
    """Raise `StorageError` where a recipe names foreign code that the user does not trust."""
    for name, place in foreign_names(registry, uses).items():
        if not is_within(name, named):
            raise StorageError(
                f"the model's recipe names foreign code or data: {name[:200]} ({place}), and "
                f"importing it runs it; if you trust it, say --trust {top_of(name)[:200]}"
            )


def top_of(name: str) -> str:
    """The package that a dotted name lies in; an address stays whole."""
    return name if set(name) & set(":/\\") else name.partition(".")[0]


def _read_bytes(path: Path) -> bytes:
    """Read a plain file; raises `StorageError` for anything else, and never blocks."""
    try:
        return _read_plain(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StorageError(
            f"{path.parent} holds no trained model ({path.name}: {reason}); `mertk train --out` "
            "writes one"
        ) from error


def _read_plain(path: Path) -> bytes:
    if path.is_symlink():
        raise OSError("it is a link")
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError("it is no plain file")
        if facts.st_size > LIMITS[path.name]:
            raise OSError(f"it has {facts.st_size:,} bytes, more than any model")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(facts.st_size)
    finally:
        os.close(handle)


def _make_damage_error(path: Path, error: Exception) -> StorageError:
    reason = f"{type(error).__name__}: {str(error)[:200]}"
    return StorageError(f"{path} is damaged ({reason}); train the model again")


def _check_form(given: Any, where: str, form: Any) -> None:
    """Raise `TypeError` or `KeyError` where something is not of a form."""
    if isinstance(form, dict):
        _check_form(given, where, dict)
        for name, part in form.items():
            _check_form(given[name], name, part)
    elif isinstance(form, list):
        _check_form(given, where, list)
        for one in given:
            _check_form(one, where, form[0])
    elif type(given) is not form or (form is int and not 0 <= given < 2**63):
        raise TypeError(f"{where} is {str(given)[:60]!r}")


def _collect_texts(data: Any) -> list[str]:
    """All texts in JSON data, also those that name its parts."""
    if isinstance(data, str):
        return [data]
    parts = [*data, *data.values()] if isinstance(data, Mapping) else data
    if not isinstance(parts, list):
        return []
    found: list[str] = []
    for part in parts:
        found += _collect_texts(part)
    return found


def _check_texts(data: Any) -> None:
    for text in _collect_texts(data):
        if len(text) > _TEXT or not text.isprintable():
            raise ValueError(f"{text[:60]!r} is too long, or cannot be printed")


def _make_unique_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")
