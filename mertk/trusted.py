"""Which classes and functions a stored model may name, so that reading one runs nothing else.

A file from a stranger chooses names and arguments. What could do harm with them is not found: no
function but those that compute, no constructor that is handed what the file says, but for compiled
classes of scikit-learn and members of enumerations.
"""

from __future__ import annotations

import enum
import importlib
import sys
import types
from dataclasses import dataclass
from typing import Any

import numpy as np

from mertk.errors import StorageError

OURS = frozenset({"mertk", "mertk_plugins"})
LIBRARIES = frozenset({"numpy", "scipy", "sklearn", "torch", "timm", "torchvision"})

_PURE = ("torch.nn.functional", "torch._C._nn")
"""Modules whose functions compute, and do nothing else."""

_BUILT_IN = frozenset(
    f"builtins:{kind.__name__}" for kind in (bool, int, float, str, list, tuple, dict, set, object)
)
_ON_HEAP = 1 << 9  # a type's flag: its class statement ran, it was not compiled


@dataclass(frozen=True, slots=True)
class Trust:
    """Looks names up, `module:name`; `packages` are those of the model's own components.

    Everything raises `StorageError` for a name that may not stand where it stands.
    """

    packages: frozenset[str] = frozenset()

    def value(self, name: str) -> Any:
        """A class or function that is stored as a value, for others to call."""
        found = self._found(name)
        home = _home(found)
        if isinstance(found, type):
            fits = name in _BUILT_IN or self._plain(found) or issubclass(found, np.generic)
        else:
            fits = isinstance(found, np.ufunc) or home in _PURE
            fits = fits or home.partition(".")[0] in self.packages - OURS
        return _if(fits, found, name, "as a value")

    def made(self, name: str) -> Any:
        """A class whose object is made without its constructor, and then given what it holds."""
        found = self._found(name)
        return _if(isinstance(found, type) and self._plain(found), found, name, "as an object")

    def called(self, name: str) -> Any:
        """A class that is called with what is stored."""
        found = self._found(name)
        compiled = isinstance(found, type) and not found.__flags__ & _ON_HEAP
        fits = compiled and _home(found).startswith("sklearn.")
        fits = fits or (isinstance(found, type) and issubclass(found, enum.Enum))
        return _if(fits, found, name, "as a call")

    def partly(self, function: Any) -> Any:
        """What may be stored with a part of its arguments: a network's part, or what computes."""
        pure = isinstance(function, np.ufunc) or _home(function) in _PURE
        name = f"{_home(function)}:{getattr(function, '__qualname__', function)}"
        return _if(pure or _is_module(function), function, name, "with arguments")

    def method(self, holder: Any, name: str) -> Any:
        """A method of a component or of what it holds, such as a hook of a network."""
        home = _home(type(holder))
        fits = home.partition(".")[0] in {*self.packages, "mertk_plugins"}
        fits = fits and isinstance(getattr(type(holder), name, None), types.FunctionType)
        where = f"{home}:{type(holder).__qualname__}.{name}"
        return getattr(_if(fits, holder, where, "as a method"), name)

    def _plain(self, kind: type) -> bool:
        """Whether a class is of the components, of scikit-learn, or a part of a network."""
        package = _home(kind).partition(".")[0]
        own = package in {*OURS, *self.packages, "sklearn"}
        return own or _is_module(kind) or issubclass(kind, enum.Enum)

    def _found(self, name: str) -> Any:
        """What a module has under a name, if both are of a package that a model may come from."""
        module, _, path = name.partition(":")
        known = {*OURS, *LIBRARIES, *self.packages}
        package = module.partition(".")[0]
        if (package not in known or "__main__" in module) and name not in _BUILT_IN:
            raise StorageError(
                f"the stored state names {name}, which is of none of the packages that a model may "
                f"come from: {', '.join(sorted(known))}"
            )
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        # a trusted module imports others: their names are not its own
        home = _home(found)
        of_numpy = isinstance(found, np.ufunc)  # which tells no module
        if not of_numpy and home.partition(".")[0] not in known and name not in _BUILT_IN:
            raise StorageError(
                f"the stored state names {name}, which is of {home or 'no module'} and of none of "
                "the packages that a model may come from"
            )
        return found


def _home(thing: Any) -> str:
    return str(getattr(thing, "__module__", None) or "")


def _is_module(thing: Any) -> bool:
    """Whether it is a class of networks; without torch there is none."""
    torch: Any = sys.modules.get("torch.nn")
    return torch is not None and isinstance(thing, type) and issubclass(thing, torch.Module)


def _if(fits: bool, found: Any, name: str, where: str) -> Any:
    if not fits:
        raise StorageError(
            f"the stored state names {name} {where}: a model may hold objects of its own "
            "components, of scikit-learn and of networks, and functions that only compute"
        )
    return found
