"""Fitted components as plain data: JSON and numeric arrays, and no pickle in either direction.

An object is stored as the name of its class and what it holds. `mertk.trusted` says which names are
looked up when it is read back; nothing else that a file names is ever imported or called.
"""

from __future__ import annotations

import collections
import copyreg
import functools
import math
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.errors import StorageError
from mertk.trusted import Trust

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

_NEW: Any = vars(copyreg)["__newobj__"]
"""What `__reduce_ex__` gives for an object that is made without its constructor."""

_PLAIN = (bool, int, str, types.NoneType)
_SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_MAPPINGS = {"dict": dict, "OrderedDict": collections.OrderedDict}


def frozen(thing: Any) -> tuple[Any, dict[str, NDArray[Any]]]:
    """An object as JSON and arrays by name; raises `StorageError` for what cannot be stored."""
    freezer = _Freezer()
    return freezer.node(thing), freezer.arrays


def weights(node: Any) -> int:
    """How many numbers training by gradient may change, in the JSON that `frozen` gave."""
    if isinstance(node, list):
        return sum(map(weights, node))
    if not isinstance(node, dict) or "fields" in node:  # a table's columns have any name
        return 0
    if "parameter" in node:
        return math.prod(node["shape"]) if node["grad"] else 0
    return sum(map(weights, node.values()))


def thawed(node: Any, arrays: Arrays, packages: Iterable[str] = ()) -> Any:
    """What `frozen` was given; `packages` are those of the components.

    Raises `StorageError` where the data name what `mertk.trusted` does not allow, or are damaged.
    """
    try:
        return _Thawer(arrays, Trust(frozenset(packages))).thing(node)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StorageError(
            f"the stored state is damaged: {type(error).__name__}: {error}"
        ) from error


class _Freezer:
    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []  # an id names an object only for as long as it lives

    def node(self, thing: Any) -> Any:
        if type(thing) in _PLAIN:
            return thing
        if type(thing) is float:
            return thing if math.isfinite(thing) else {"float": repr(thing)}
        for name, kind in _SEQUENCES.items():
            if type(thing) is kind:
                return {name: [self.node(one) for one in thing]}
        if isinstance(thing, type | types.FunctionType) or _is_named(thing):
            return {"name": _name_of(thing)}
        return self._shared(thing)

    def _shared(self, thing: Any) -> Any:
        """What two others may hold: stored once, and named where it is met again."""
        if id(thing) in self._seen:
            return {"again": self._seen[id(thing)]}
        number = self._seen[id(thing)] = len(self._seen)
        self._kept.append(thing)
        return {"id": number, **self._whole(thing)}

    def _whole(self, thing: Any) -> dict[str, Any]:
        for name, kind in _MAPPINGS.items():
            if type(thing) is kind:
                return {name: [[self.node(key), self.node(value)] for key, value in thing.items()]}
        if isinstance(thing, np.ndarray | np.generic):
            return self._array(thing)
        if type(thing).__module__.partition(".")[0] == "torch":
            found = self._torch(thing)
            if found is not None:
                return found
        if type(thing) is functools.partial:
            parts = (thing.func, thing.args, thing.keywords)
            return {"partial": [self.node(part) for part in parts]}
        if isinstance(thing, types.MethodType):
            return {"method": [self.node(thing.__self__), thing.__name__]}
        return self._object(thing)

    def _array(self, array: NDArray[Any] | np.generic) -> dict[str, Any]:
        values = np.asarray(array)
        scalar = isinstance(array, np.generic)
        if values.dtype.kind in "OU":
            items = [self.node(one) for one in values.ravel().tolist()]
            return {"items": items, "dtype": values.dtype.str, "shape": list(values.shape)}
        if values.dtype.names:  # columns of several kinds, such as a decision tree's nodes
            fields = {
                name: self._put(np.ascontiguousarray(values[name])) for name in values.dtype.names
            }
            return {"fields": fields, "dtype": _columns(values.dtype), "shape": list(values.shape)}
        return {
            "array": self._put(values), "scalar": scalar, "order": _order(values),
            "shape": list(values.shape),
        }  # fmt: skip

    def _put(self, values: NDArray[Any]) -> str:
        name = str(len(self.arrays))
        self.arrays[name] = np.ascontiguousarray(values)
        return name

    def _torch(self, thing: Any) -> dict[str, Any] | None:
        import torch

        if isinstance(thing, torch.Tensor):
            kind = "parameter" if isinstance(thing, torch.nn.Parameter) else "tensor"
            layout = "last" if _channels_last(thing) else "first"
            return {
                kind: self._put(thing.detach().cpu().numpy()), "shape": list(thing.shape),
                "layout": layout, "grad": thing.requires_grad,
            }  # fmt: skip
        if isinstance(thing, torch.dtype | torch.device):
            return {"torch": str(thing).removeprefix("torch."), "kind": type(thing).__name__}
        return None

    def _object(self, thing: Any) -> dict[str, Any]:
        try:
            made, given, *rest = thing.__reduce_ex__(4)
        except TypeError as error:
            raise StorageError(f"{type(thing).__name__} cannot be stored: {error}") from error
        state, extra = (rest[0] if rest else None), any(part is not None for part in rest[1:])
        if made is _NEW and len(given) == 1:
            made, given, how = given[0], (), "new"
        elif isinstance(made, type):
            how = "call"
        else:
            raise StorageError(f"{type(thing).__name__} cannot be stored: no plain class makes it")
        if extra:
            raise StorageError(f"{type(thing).__name__} cannot be stored: it is a container")
        state_of = {how: _name_of(made), "state": self.node(state)}
        return state_of if how == "new" else {**state_of, "given": self.node(tuple(given))}


class _Thawer:
    def __init__(self, arrays: Arrays, trust: Trust) -> None:
        self._arrays = arrays
        self._trust = trust
        self._made: dict[int, Any] = {}

    def thing(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        if "again" in node:
            return self._made[node["again"]]
        for name, kind in _SEQUENCES.items():
            if name in node:
                return kind(self.thing(one) for one in node[name])
        if "float" in node:
            return float(node["float"])
        if "name" in node:
            return self._trust.value(node["name"])
        made = self._whole(node)
        self._made[node["id"]] = made
        return made

    def _whole(self, node: dict[str, Any]) -> Any:
        for name, kind in _MAPPINGS.items():
            if name in node:
                made = self._made[node["id"]] = kind()
                for key, value in node[name]:
                    made[self.thing(key)] = self.thing(value)
                return made
        if {"array", "items", "fields"} & set(node):
            return self._array(node)
        if "partial" in node:
            func, args, keywords = (self.thing(part) for part in node["partial"])
            return functools.partial(self._trust.partly(func), *args, **keywords)
        if "method" in node:
            return self._trust.method(self.thing(node["method"][0]), node["method"][1])
        return self._object(node) if {"new", "call"} & set(node) else self._torch(node)

    def _array(self, node: dict[str, Any]) -> Any:
        if "array" in node:
            stored = self._arrays[node["array"]].reshape(node["shape"])
            values = np.array(stored, order=node["order"])
            return values[()] if node["scalar"] else values
        if "items" in node:
            values = np.empty(len(node["items"]), node["dtype"])
            values[:] = [self.thing(one) for one in node["items"]]
            return values.reshape(node["shape"])
        values = np.empty(node["shape"], np.dtype(node["dtype"]))
        for name, key in node["fields"].items():
            values[name] = self._arrays[key]
        return values

    def _torch(self, node: dict[str, Any]) -> Any:
        import torch

        if "torch" in node:
            named = node["torch"]
            known = {str(kind).removeprefix("torch."): kind for kind in _dtypes(torch)}
            return torch.device(named) if node["kind"] == "device" else known[named]
        kind = "parameter" if "parameter" in node else "tensor"
        tensor = torch.from_numpy(np.array(self._arrays[node[kind]])).reshape(node["shape"])
        if node["layout"] == "last":
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        if kind == "parameter":
            return torch.nn.Parameter(tensor, requires_grad=node["grad"])
        return tensor.requires_grad_(node["grad"])

    def _object(self, node: dict[str, Any]) -> Any:
        if "new" in node:
            kind = self._trust.made(node["new"])
            made = kind.__new__(kind)
        else:
            made = self._trust.called(node["call"])(*self.thing(node["given"]))
        self._made[node["id"]] = made
        state = self.thing(node["state"])
        if hasattr(made, "__setstate__"):
            if state is not None:
                made.__setstate__(state)
            return made
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        for name, value in {**(attributes or {}), **(slots or {})}.items():
            object.__setattr__(made, name, value)
        return made


def _name_of(thing: type | Callable[..., Any]) -> str:
    """`module:name`; raises `StorageError` for what cannot be found under its name again."""
    if isinstance(thing, np.ufunc):
        return f"numpy:{thing.__name__}"
    name = f"{thing.__module__}:{thing.__qualname__}"
    if "<" in name:
        raise StorageError(f"{name} cannot be stored: it has no name of its own in its module")
    return name


def _is_named(thing: Any) -> bool:
    """Whether it is a function of whatever kind, such as numpy's, that its module has by name."""
    if isinstance(thing, np.ufunc):
        return getattr(np, thing.__name__, None) is thing
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not callable(thing) or not isinstance(module, str) or not isinstance(name, str):
        return False
    return getattr(sys.modules.get(module), name, None) is thing


def _columns(dtype: np.dtype[Any]) -> dict[str, Any]:
    """A type of several columns with their places, which need not be next to each other."""
    known: Mapping[str, Any] = dtype.fields or {}
    fields = [(name, *known[name][:2]) for name in dtype.names or ()]
    return {
        "names": [name for name, _, _ in fields],
        "formats": [kind.str for _, kind, _ in fields],
        "offsets": [offset for _, _, offset in fields],
        "itemsize": dtype.itemsize,
    }


def _order(values: NDArray[Any]) -> str:
    return "F" if values.flags.f_contiguous and not values.flags.c_contiguous else "C"


def _dtypes(torch: Any) -> list[Any]:
    return [kind for kind in vars(torch).values() if isinstance(kind, torch.dtype)]


def _channels_last(tensor: Any) -> bool:
    import torch

    last = tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    return bool(last and not tensor.is_contiguous())
