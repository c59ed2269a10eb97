"""Asking a component about one clip, and comparing what it answers bit by bit."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Faces, Footage, Frames, Regions
from mertk.core.interfaces import VERBS
from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answer = Mapping[str, "NDArray[Any]"]
"""What a component gave, as arrays by name."""


def call_verb(kind: str, component: Any, given: Any) -> Any:
    """What the verb of a kind gives for one clip."""
    verb = getattr(component, VERBS[kind])
    return verb(*given) if kind == "extractor" else verb(given)


def compute_arrays(kind: str, component: Any, given: Any) -> Answer:
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
    if isinstance(value, Mapping):
        return {
            f"{name}.{path}".rstrip("."): array
            for name, part in value.items()
            for path, array in arrays_of(part).items()
        }
    return {} if value is None else {"": np.array(value)}


def describe_difference(one: Answer, other: Answer) -> str:
    """Where two answers differ, in any bit; empty where they do not."""
    if one.keys() != other.keys():
        return f"{sorted(one)} or {sorted(other)}"
    for name, array in one.items():
        again, what = other[name], name or "the array"
        if array.shape != again.shape or array.dtype != again.dtype:
            return f"{what}: {_format_array(array)} or {_format_array(again)}"
        if array.tobytes() != again.tobytes():
            off = int((array != again).sum())
            return f"{what} {_format_array(array)}: {off} of {array.size} values"
    return ""


def check_same(one: Answer, other: Answer, claim: str) -> None:
    """Raise `BrokenPromise` with the claim and the difference, if there is one."""
    found = describe_difference(one, other)
    if found:
        raise BrokenPromise(f"{claim}: {found}")


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
    if isinstance(value, Frames):
        return (
            Frames.of(_copy_value(np.asarray(value[:]), writable=writable)) if len(value) else value
        )
    if isinstance(value, Footage | Faces | Regions):
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
        return replace(value, **{n: _copy_value(p, writable=writable) for n, p in parts.items()})
    if isinstance(value, Mapping):
        return {name: _copy_value(part, writable=writable) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_copy_value(part, writable=writable) for part in value)
    return copy.copy(value)


def _format_array(array: NDArray[Any]) -> str:
    return f"{array.dtype} {list(array.shape)}"
