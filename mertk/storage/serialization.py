"""What fitted components have learnt, as plain data: JSON and numeric arrays, and no pickle.

A component is not stored: the recipe builds it anew, and only what its attributes hold beyond that
is written down. `mertk.storage.trusted` says which few classes such an attribute may be of.
"""

import dataclasses
import enum
import functools
import itertools
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import StorageError
from mertk.core.stored import MARK
from mertk.storage.trusted import (
    MOST_KEYS,
    Trust,
    check_attribute,
    is_estimator,
    is_network,
    name_of,
    report_damage,
)

Arrays = Mapping[str, NDArray[Any]]

_SEQUENCES = (list, tuple, set)


@dataclass(eq=False)
class Frozen:
    """What components have learnt: `state` is JSON, `arrays` are by name.

    `weights` is how many numbers training by gradient may change, and `names` are those of classes
    that the state names: modules of networks, and types that skops does not trust by itself.
    """

    state: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    weights: int = 0
    names: set[str] = field(default_factory=set)

    def unknown(self, trust: Trust) -> set[str]:
        """Those of the names that `trust` does not know."""
        return set(itertools.filterfalse(trust.knows, self.names))


def freeze_components(fitted: Mapping[str, Any], new: Mapping[str, Any]) -> Frozen:
    """What components have learnt since they were as their `new` likes, by their places.

    Raises `StorageError` for what cannot be stored.
    """
    freezer = _Freezer()
    for place, component in fitted.items():
        freezer.found.state[place] = freezer.encode_changes(component, new[place])
    return freezer.found


def thaw_state(state: Any, arrays: Arrays, new: Mapping[str, Any], trust: Trust) -> None:
    """Give `new` components, by their places, what `freeze_components` found.

    Raises `StorageError` where the data name what `trust` does not know, or are damaged.
    """
    thawer = _Thawer(arrays, trust)
    try:
        if set(state) != set(new):
            held = ", ".join(sorted(state))[:200] or "nothing"
            report_damage(f"it holds {held}, and the recipe learns at {', '.join(sorted(new))}")
        for place, component in new.items():
            thawer.restore_changes(component, state[place])
        if thawer.unused:
            report_damage(f"nothing holds the array '{min(thawer.unused)}'")
    except StorageError:
        raise
    except Exception as error:
        found = f"{type(error).__name__}: {str(error)[:200]}"
        raise StorageError(f"the stored state is damaged: {found}") from error


class _Freezer:
    def __init__(self) -> None:
        self.found = Frozen()
        self._seen: dict[int, tuple[str, Any]] = {}  # an id names an object while it lives

    def encode_changes(self, thing: Any, new: Any) -> dict[str, Any]:
        """The attributes that `new` lacks or has otherwise, as nodes."""
        found = {}
        known = _get_attributes(new)
        for name, value in _get_attributes(thing).items():
            before = known.get(name)
            if name in known and _are_equal(value, before):
                continue
            check_attribute(type(thing), name)
            if _is_part(value, thing) and type(value) is type(before):
                found[name] = {"part": self.encode_changes(value, before)}
            else:
                found[name] = self.encode(value, f"{type(thing).__name__}.{name}")
        return found

    def encode(self, thing: Any, where: str) -> Any:
        """An object as JSON; raises `StorageError`, which begins with `where`, if it cannot be."""
        finite = type(thing) is float and math.isfinite(thing)
        if thing is None or finite or type(thing) in (bool, int, str):
            return thing
        found = (
            self._encode_data(thing, where)
            or self._encode_torch(thing)
            or self._encode_object(thing, where)
        )
        if found is None:
            raise StorageError(
                f"{where} holds a {type(thing).__module__}.{type(thing).__qualname__}, which "
                "cannot be stored: plain data can, arrays of numbers, networks, estimators of "
                "scikit-learn, and dataclasses that are marked with @mertk.stored"
            )
        return found

    def _encode_data(self, thing: Any, where: str) -> dict[str, Any] | None:
        if type(thing) is float:
            return {"float": repr(thing)}
        if type(thing) in _SEQUENCES:
            return {type(thing).__name__: [self.encode(one, where) for one in thing]}
        if isinstance(thing, dict):
            encode = functools.partial(self.encode, where=where)
            keys, values = map(encode, thing.keys()), map(encode, thing.values())
            return {"dict": list(map(list, zip(keys, values, strict=True)))}
        if isinstance(thing, np.ndarray | np.generic) and thing.dtype.kind in "biuf":
            array = np.asarray(thing)
            order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
            kept = self._put_array(thing, array)
            return {"array": kept, "order": order, "scalar": isinstance(thing, np.generic)}
        return None

    def _encode_object(self, thing: Any, where: str) -> dict[str, Any] | None:
        if MARK in vars(type(thing)):
            own = {one.name: getattr(thing, one.name) for one in dataclasses.fields(thing)}
            return {
                "stored": name_of(type(thing)),
                "fields": self._encode_all(own, type(thing).__name__),
            }
        if is_estimator(thing):
            return {"estimator": self._encode_estimator(thing, where)}
        if isinstance(thing, enum.Enum):
            return {"member": self._note_class(type(thing)), "of": thing.name}
        return None

    def _encode_torch(self, thing: Any) -> dict[str, Any] | None:
        torch: Any = sys.modules.get("torch")
        if torch is None:
            return None
        if isinstance(thing, torch.Tensor):
            return self._encode_tensor(thing)
        if is_network(type(thing)):
            return self._encode_network(thing)
        if is_network(thing):
            return {"class": self._note_class(thing)}
        name = getattr(thing, "__name__", None)
        return {"function": name} if vars(torch.nn.functional).get(name) is thing else None

    def _encode_all(self, values: Mapping[str, Any], where: str) -> dict[str, Any]:
        return {name: self.encode(value, f"{where}.{name}") for name, value in values.items()}

    def _encode_tensor(self, tensor: Any) -> dict[str, Any]:
        import torch

        new = id(tensor) not in self._seen
        kept = self._put_array(tensor, tensor.detach().cpu().numpy())
        parameter = isinstance(tensor, torch.nn.Parameter)
        if new and parameter and tensor.requires_grad:
            self.found.weights += tensor.numel()
        last = tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
        return {
            "tensor": kept,
            "parameter": parameter,
            "grad": tensor.requires_grad,
            "last": bool(last and not tensor.is_contiguous()),
        }

    def _encode_network(self, module: Any) -> dict[str, Any]:
        import torch

        where = type(module).__name__
        empty = vars(torch.nn.Module())
        state = dict(module.__getstate__())
        found: dict[str, Any] = {"network": self._note_class(type(module))}
        for part in ("parameters", "buffers", "modules"):
            found[part] = self._encode_all(state.pop(f"_{part}"), where)
        found["training"] = state.pop("training")
        for name in empty:
            if "hook" in name and state.get(name):
                raise StorageError(f"{where} has hooks ({name}), which cannot be stored")
            state.pop(name, None)
        for name in state:
            check_attribute(type(module), name)
        found["attributes"] = self._encode_all(state, where)
        return found

    def _encode_estimator(self, thing: Any, where: str) -> str:
        from skops import io

        try:
            data = io.dumps(thing)
            foreign = io.get_untrusted_types(data=data)
        except Exception as error:
            raise StorageError(
                f"{where} holds a {type(thing).__name__}, which skops cannot store: {error}"
            ) from error
        self.found.names |= set(foreign)
        return self._put_array(thing, np.frombuffer(data, np.uint8))

    def _note_class(self, kind: type) -> str:
        self.found.names.add(kind.__module__)
        return name_of(kind)

    def _put_array(self, thing: Any, values: NDArray[Any]) -> str:
        """The name of an array, which is stored once for all that hold the same object."""
        if id(thing) not in self._seen:
            name = str(len(self._seen))
            self._seen[id(thing)] = name, thing
            self.found.arrays[name] = np.ascontiguousarray(values).reshape(values.shape)
        return self._seen[id(thing)][0]


class _Thawer:
    def __init__(self, arrays: Arrays, trust: Trust) -> None:
        self._arrays = arrays
        self._trust = trust
        self._made: dict[str, Any] = {}

        def read_estimator(values: NDArray[Any]) -> Any:
            return trust.estimator(values.tobytes())

        readers: Mapping[str, Callable[[dict[str, Any]], Any]] = {
            "float": self._thaw_float,
            "list": lambda node: list(map(self.thaw, node["list"])),
            "tuple": lambda node: tuple(map(self.thaw, node["tuple"])),
            "set": lambda node: set(map(self.thaw, _limit_size(node["set"]))),
            "dict": lambda node: {self.thaw(k): self.thaw(v) for k, v in _limit_size(node["dict"])},
            "array order scalar": self._thaw_array,
            "stored fields": self._thaw_stored,
            "estimator": lambda node: self._make_once(node["estimator"], read_estimator),
            "network parameters buffers modules training attributes": self._thaw_network,
            "tensor parameter grad last": lambda node: self._make_once(
                node["tensor"], functools.partial(_make_tensor, node)
            ),
            "member of": lambda node: self._trust.enumeration(node["member"])[node["of"]],
            "class": lambda node: self._trust.network(node["class"]),
            "function": lambda node: self._trust.function(node["function"]),
        }
        self._readers = {frozenset(keys.split()): read for keys, read in readers.items()}

    @property
    def unused(self) -> set[str]:
        """The arrays that no node has named."""
        return set(self._arrays) - set(self._made)

    def restore_changes(self, thing: Any, attributes: Mapping[str, Any]) -> None:
        """Set what `encode_changes` has found on an object that its constructor has made."""
        for name, node in attributes.items():
            check_attribute(type(thing), name)
            if isinstance(node, dict) and set(node) == {"part"}:
                part = _get_attributes(thing)[name]
                if not _is_part(part, thing):
                    report_damage(f"{name} has no parts")
                self.restore_changes(part, node["part"])
            else:
                object.__setattr__(thing, name, self.thaw(node))

    def thaw(self, node: Any) -> Any:
        """What a node is; raises `StorageError` for one of no known form."""
        if node is None or isinstance(node, bool | int | float | str):
            return node
        read = self._readers.get(frozenset(node)) if isinstance(node, dict) else None
        if read is None:
            report_damage(f"{str(node)[:80]!r} is nothing known")
        return read(node)

    def _thaw_float(self, node: dict[str, Any]) -> float:
        if node["float"] not in ("inf", "-inf", "nan"):
            report_damage(f"{str(node)[:80]} is no number")
        return float(node["float"])

    def _thaw_array(self, node: dict[str, Any]) -> Any:
        made = self._make_once(node["array"], lambda values: np.array(values, order=node["order"]))
        return made[()] if node["scalar"] else made

    def _make_once(self, name: str, make: Callable[[NDArray[Any]], Any]) -> Any:
        """What is made of an array; the same object wherever the array is named."""
        if name not in self._made:
            self._made[name] = make(self._arrays[name])
        return self._made[name]

    def _thaw_stored(self, node: dict[str, Any]) -> Any:
        kind, fields = self._trust.stored(node["stored"]), node["fields"]
        known = {one.name for one in dataclasses.fields(kind)}
        if set(fields) != known:
            report_damage(
                f"{kind.__name__} has the fields {', '.join(sorted(known))}, not "
                f"{', '.join(sorted(fields))[:200]}"
            )
        made: Any = object.__new__(kind)
        for name, field_ in fields.items():
            object.__setattr__(made, name, self.thaw(field_))
        return made

    def _thaw_network(self, node: dict[str, Any]) -> Any:
        import torch

        held: Mapping[str, tuple[type, ...]] = {
            "parameters": (torch.nn.Parameter, type(None)),
            "buffers": (torch.Tensor, type(None)),
            "modules": (torch.nn.Module, type(None)),
            "attributes": (object,),
        }
        kind: Any = self._trust.network(node["network"])
        made = kind.__new__(kind)
        torch.nn.Module.__init__(made)
        state = {**vars(made), "training": bool(node["training"])}
        taken = set(state)
        for part, kinds in held.items():
            found = {name: self.thaw(one) for name, one in node[part].items()}
            for name, value in found.items():
                if part != "modules" or not name.isdecimal():  # as a list numbers its own
                    check_attribute(kind, name)
                if name in taken or not isinstance(value, kinds):
                    report_damage(f"{kind.__name__} cannot hold what is stored as its {name}")
            taken |= set(found)
            state |= found if part == "attributes" else {f"_{part}": found}
        if not isinstance(state.get("_all_weights", [[""]])[0][0], str):
            # torch would count layers
            report_damage(f"{kind.__name__} has weights without names")
        made.__setstate__(state)
        return made


def _limit_size(entries: list[Any]) -> list[Any]:
    if len(entries) > MOST_KEYS:
        report_damage(f"it has a mapping or set of {len(entries):,} entries")
    return entries


def _make_tensor(node: Mapping[str, Any], values: NDArray[Any]) -> Any:
    import torch

    tensor = torch.from_numpy(np.array(values))
    if node["last"]:
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    if node["parameter"]:
        return torch.nn.Parameter(tensor, requires_grad=bool(node["grad"]))
    return tensor.requires_grad_(bool(node["grad"]))


def _get_attributes(thing: Any) -> Mapping[str, Any]:
    """What an object holds; nothing where it has no attributes of its own."""
    return getattr(thing, "__dict__", {})


def _is_part(value: Any, owner: Any) -> bool:
    """Whether it is a plain object of its owner's package, such as one component in another."""
    plain = type(value).__class__ is type and not isinstance(value, enum.Enum)
    package = type(value).__module__.partition(".")[0]
    own = package == type(owner).__module__.partition(".")[0]
    marked = MARK in vars(type(value)) or is_network(type(value)) or is_estimator(value)
    return plain and own and not marked and hasattr(value, "__dict__")


def _are_equal(one: Any, other: Any) -> bool:
    """Whether two values are the same, down to what they hold."""
    import joblib

    if one is other or type(one) is not type(other):
        return one is other
    try:
        return bool(joblib.hash(one) == joblib.hash(other))
    except Exception:  # noqa: BLE001  what cannot be hashed is not known to be the same
        return False
