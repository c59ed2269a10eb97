"""Calling a component on one clip, and comparing its results bit by bit."""

import copy
import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Faces, Footage, Frames, Regions
from mertk.core.interfaces import VERBS
from mertk.testing.outcome import BrokenPromise

Output = Mapping[str, "NDArray[Any]"]
"""What a component gives, as arrays by name."""


def call_verb(kind: str, component: Any, given: Any) -> Any:
    """What the verb of a kind gives for one clip."""
    verb = getattr(component, VERBS[kind])
    return verb(*given) if kind == "extractor" else verb(given)


def compute_arrays(kind: str, component: Any, given: Any) -> Output:
    """The same as arrays, to compare; the clip is copied first, so that it may be changed."""
    return arrays_of(call_verb(kind, component, thaw_arrays(given)))


def arrays_of(value: Any) -> dict[str, NDArray[Any]]:
    """Every array and number in something that flows between stages, by its path."""
    if isinstance(value, Frames):
        return {"": np.asarray(value[:])}
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, tuple | list):
        value = {str(at): part for at, part in enumerate(value)}
    if not isinstance(value, Mapping):
        return {} if value is None else {"": np.array(value)}
    found = {}
    for name, part in value.items():
        for path, array in arrays_of(part).items():
            found[f"{name}.{path}".rstrip(".")] = array
    return found


def check_same(one: Output, other: Output, claim: str) -> None:
    """Raise `BrokenPromise` with the claim and the difference, if two outputs differ in any bit."""
    if one.keys() != other.keys():
        raise BrokenPromise(f"{claim}: {sorted(one)} or {sorted(other)}")
    for name, array in one.items():
        again, what = other[name], name or "the array"
        if (array.shape, array.dtype) != (again.shape, again.dtype):
            difference = f"{what}: {_format_array(array)} or {_format_array(again)}"
        elif array.tobytes() != again.tobytes():
            off = int((array != again).sum())
            difference = f"{what} {_format_array(array)}: {off} of {array.size} values"
        else:
            continue
        raise BrokenPromise(f"{claim}: {difference}")


def freeze_arrays(value: Any) -> Any:
    """A copy of what flows between stages, with all its arrays read-only."""
    return _copy_value(value, writable=False)


def thaw_arrays(value: Any) -> Any:
    """A copy of what flows between stages, with arrays that may be written to."""
    return _copy_value(value, writable=True)


def _copy_value(value: Any, *, writable: bool) -> Any:
    if isinstance(value, np.ndarray):
        array = value.copy()
        array.flags.writeable = writable
        return array
    copied = functools.partial(_copy_value, writable=writable)
    if isinstance(value, Frames):
        return Frames.of(copied(np.asarray(value[:]))) if len(value) else value
    if isinstance(value, Footage | Faces | Regions):
        return replace(value, **{f.name: copied(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, Mapping):
        return dict(zip(value, map(copied, value.values()), strict=True))
    if isinstance(value, tuple):
        return tuple(map(copied, value))
    return copy.copy(value)


def _format_array(array: NDArray[Any]) -> str:
    return f"{array.dtype} {list(array.shape)}"
