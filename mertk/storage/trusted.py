"""Which classes a stored model may name, so that reading one runs nothing else.

A file from a stranger chooses names. Each is looked up in a short list, and nothing is imported for
it: dataclasses that are marked as stored, networks of torch and of the recipe's own components,
estimators that skops knows; and what the user trusts by name.
"""

import enum
import importlib
import io
import json
import sys
import types
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mertk.core.errors import StorageError
from mertk.core.stored import MARK

MOST_KEYS = 10_000
"""Entries of a mapping or set: numbers can be chosen so that finding each takes all the others."""

_TORCH = "torch.nn.modules"
_SCHEMA = 2**25  # bytes of the text that says what an estimator holds
_VISITS = 1_000_000  # parts of an estimator that skops visits; a forest of 1,000 trees has 60,000


@dataclass(frozen=True, slots=True)
class Trust:
    """What a model's state may name.

    `modules` are the exact names of those of its own components, `packages` the installed ones
    that these are made with, `named` the modules and packages that the user trusts. Everything
    raises `StorageError` for a name that is not among them.
    """

    modules: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()

    def knows(self, module: str) -> bool:
        """Whether networks of a module may be named."""
        return module in self.modules or is_within(module, {_TORCH, *self.packages, *self.named})

    def stored(self, name: str) -> type:
        """A dataclass that is marked with `mertk.core.stored.stored`."""
        kind = _find_class(name)
        if kind is None or MARK not in vars(kind):
            _refuse(name, "as stored data, and no loaded component has marked such a class")
        return kind

    def network(self, name: str) -> type:
        """A class of networks: of torch, of the components or of what they are made with."""
        kind = self._find_known_class(name)
        if not is_network(kind):
            _refuse(name, "as a network, which it is not")
        return kind

    def enumeration(self, name: str) -> Mapping[str, Any]:
        """The members of an enumeration that networks are set up with."""
        kind = self._find_known_class(name)
        if not issubclass(kind, enum.Enum):
            _refuse(name, "as an enumeration, which it is not")
        return kind.__members__

    def function(self, name: str) -> Any:
        """A function of `torch.nn.functional`."""
        from torch.nn import functional

        found = vars(functional).get(name)
        home = getattr(found, "__module__", "")
        if not callable(found) or home not in ("torch.nn.functional", "torch._C._nn"):
            _refuse(f"torch.nn.functional:{name}", "as a function, which it is not")
        return found

    def estimator(self, data: bytes) -> Any:
        """An estimator as skops has written it, of types that it or the user trusts."""
        try:
            return _load_estimator(data, self.named)
        except StorageError:
            raise
        except Exception as error:  # skops says what it finds in many ways
            found = f"{type(error).__name__}: {str(error)[:200]}"
            raise StorageError(
                f"the stored state is damaged: an estimator cannot be read ({found})"
            ) from error

    def _find_known_class(self, name: str) -> type:
        module = name.partition(":")[0]
        if not self.knows(module):
            _refuse(name, "as a part of a network")
        # what a package brings is there when it is imported; it is not the file that says what to
        roots = {_TORCH, *(package for package in self.packages if is_within(module, [package]))}
        exact = module in self.modules or is_within(module, self.named)
        for found in {module} if exact else roots:
            importlib.import_module(found)
        kind = _find_class(name)
        if kind is None:
            _refuse(name, "as a part of a network, and there is no such class")
        return kind


def name_of(kind: type) -> str:
    """`module:Class`; raises `StorageError` for a class that cannot be found under its name."""
    name = f"{kind.__module__}:{kind.__qualname__}"
    if _find_class(name) is not kind:
        raise StorageError(f"{name} cannot be stored: its module has no class of that name")
    return name


def _find_class(name: str) -> type | None:
    """The class of a module that is loaded, if that is where it is at home."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    at_home = isinstance(found, type) and (found.__module__, found.__qualname__) == (module, path)
    return found if at_home else None


def is_within(name: str, packages: Iterable[str]) -> bool:
    """Whether a dotted name is one of these, or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def is_network(kind: Any) -> bool:
    """Whether it is a class of networks; without torch there is none."""
    torch: Any = sys.modules.get("torch.nn")
    return torch is not None and isinstance(kind, type) and issubclass(kind, torch.Module)


def is_estimator(thing: Any) -> bool:
    """Whether it is an estimator of scikit-learn; none where that is not loaded."""
    base: Any = sys.modules.get("sklearn.base")
    return base is not None and isinstance(thing, base.BaseEstimator)


def check_attribute(kind: type, name: Any) -> None:
    """Raise `StorageError` where an object's own attribute would hide something of its class."""
    fits = isinstance(name, str) and name.isidentifier()
    fits = fits and not (name.startswith("__") and name.endswith("__"))
    for home in kind.__mro__ if fits else ():
        own = vars(home)
        fits &= name not in own or isinstance(own[name], types.MemberDescriptorType)
    if not fits:
        raise StorageError(
            f"{kind.__name__} cannot have a stored attribute {str(name)[:80]!r}: its class has "
            "something of that name, or it is no name"
        )


def report_damage(reason: str) -> NoReturn:
    """Raise `StorageError` for a stored state that cannot be what mertk wrote."""
    raise StorageError(f"the stored state is damaged: {reason}")


def _refuse(name: str, where: str) -> NoReturn:
    package = name.partition(":")[0].partition(".")[0]
    raise StorageError(
        f"the stored state names {name[:200]} {where}: a model may hold what its own components, "
        "torch.nn and scikit-learn make, and nothing else; if you know who made it and what that "
        f"is, say --trust {package[:80]}"
    )


def _load_estimator(data: bytes, named: Iterable[str]) -> Any:
    from skops import io as skops

    _check_archive(data)
    foreign = skops.get_untrusted_types(data=data)
    unknown = [name for name in foreign if not is_within(name, named)]
    if unknown:
        _refuse(unknown[0], "in an estimator")
    found = skops.loads(data, trusted=foreign)
    _check_objects(found)
    return found


def _check_archive(data: bytes) -> None:
    """Raise `StorageError` for an archive that unpacks to more than it is, or goes in circles."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        packed = any(part.compress_type != zipfile.ZIP_STORED for part in parts)
        if packed or sum(part.file_size for part in parts) > len(data):
            report_damage("an estimator is packed")
        for part in parts:
            with archive.open(part) as file:
                if file.read(2) == b"PK":
                    raise StorageError("an estimator holds a sparse matrix, which is not stored")
        if archive.getinfo("schema.json").file_size > _SCHEMA:
            report_damage("an estimator has too many parts")
        schema = json.loads(archive.read("schema.json"))
    if _count_visits(schema, {}) > _VISITS:
        report_damage("an estimator has too many parts")


def _count_visits(node: Any, known: dict[Any, int]) -> int:
    """How many parts skops visits; what is named again is visited again."""
    if isinstance(node, list):
        return sum(_count_visits(one, known) for one in node)
    if not isinstance(node, dict):
        return 0
    if len(node) > MOST_KEYS or node.get("__loader__") == "RandomGeneratorNode":
        return _VISITS + 1  # a generator's seed can be made to be stirred for years
    own = node.get("__id__")
    if own in known:
        return known[own]
    if own is not None:
        known[own] = 1
    count = 1 + sum(_count_visits(one, known) for one in node.values())
    if own is not None:
        known[own] = count
    return count


def _check_objects(whole: Any) -> None:
    """Raise `StorageError` where something in an estimator hides its class's own, or misfits."""
    todo, seen = [whole], {}
    while todo:
        thing = todo.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if isinstance(thing, dict):
            todo += [*thing.keys(), *thing.values()]
        elif isinstance(thing, list | tuple | set):
            todo += thing
        elif getattr(getattr(thing, "dtype", None), "kind", "") == "O":
            todo += thing.ravel().tolist()
        elif is_estimator(thing):
            _check_machine(thing)
        if hasattr(thing, "__dict__") and not callable(thing):
            for name, value in vars(thing).items():
                check_attribute(type(thing), name)
                todo.append(value)


def _check_machine(thing: Any) -> None:
    """Raise `StorageError` where a libsvm machine's arrays do not fit: libsvm does not look."""
    svm: Any = sys.modules.get("sklearn.svm._base")
    if svm is None or not isinstance(thing, svm.BaseLibSVM) or not hasattr(thing, "support_"):
        return
    vectors, each = len(thing.support_), thing._n_support  # noqa: SLF001
    classes = len(thing.classes_) if hasattr(thing, "classes_") else 2
    rows = len(thing.support_vectors_)
    if thing.kernel == "precomputed":
        rows = vectors if (thing.support_ < thing.shape_fit_[0]).all() else -1
    fits = (
        not thing._sparse  # noqa: SLF001
        and thing.support_.ndim == each.ndim == 1
        and rows == vectors
        and len(thing._probA) == len(thing._probB) == 0  # noqa: SLF001
        and (not hasattr(thing, "classes_") or (len(each), each.sum()) == (classes, vectors))
        and min(thing.support_.min(initial=0), each.min(initial=0)) >= 0
        and thing._dual_coef_.shape == (classes - 1, vectors)
        and thing._intercept_.shape == (classes * (classes - 1) // 2,)
    )
    if not fits:
        report_damage("the parts of a machine do not fit")
