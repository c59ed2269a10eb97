"""The registry of components. Plug-ins write through a `Registrar`; all others only read."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import re
import types
import typing
from collections import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Literal

from mertk.core.errors import (
    MissingPackageError,
    ParameterError,
    PluginError,
    UnknownNameError,
    name_component,
)
from mertk.core.interfaces import (
    Aligner,
    Classifier,
    Dataset,
    Differentiable,
    EvaluationProtocol,
    Extractor,
    FusionBlock,
    OpenExecutor,
    RoiScheme,
    Spotter,
)
from mertk.core.model_card import Card
from mertk.core.recipe import Json, Recipe, Replay, Use
from mertk.core.showing import Shown
from mertk.plugins import descriptions

KINDS = (
    "aligner",
    "roi",
    "extractor",
    "fusion",
    "classifier",
    "spotter",
    "dataset",
    "protocol",
    "model",
)
EXECUTOR = "executor"
"""Registered like a component, and none: no recipe names it, `list` and `check` leave it out."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One registered component: what it is, where it comes from, what it needs."""

    kind: str
    name: str
    target: Any
    summary: str
    paper: str = ""
    needs: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()
    origin: str = ""
    presets: Mapping[str, Recipe] = field(default_factory=dict)
    replays: Mapping[str, Replay] = field(default_factory=dict)
    card: Card | None = None

    def load(self) -> Any:
        """The class itself; imports a `"module:attr"` target.

        Raises `MissingPackageError`, and `ComponentError` where the import fails.
        """
        for package in self.needs:
            if find_spec(package) is None:
                raise MissingPackageError(
                    f"{self.kind} '{self.name}' needs the package '{package}', which is not "
                    "installed. pip install 'mertk[all]' brings every optional package."
                )
        if not isinstance(self.target, str):
            return self.target
        module, _, attr = self.target.partition(":")
        with name_component(f"{self.kind} '{self.name}': importing {self.target}"):
            return getattr(importlib.import_module(module), attr)

    def parameters(self) -> dict[str, inspect.Parameter]:
        """The constructor's keyword-only parameters by name."""
        if self.kind == "model":
            return {}
        found = inspect.signature(self.load()).parameters
        return {n: p for n, p in found.items() if p.kind is p.KEYWORD_ONLY}

    def describe_parameters(self) -> dict[str, str]:
        """The description of each of `parameters` in the class docstring; '' without one."""
        known = descriptions.describe_parameters(self.load())
        return {name: known.get(name, "") for name in self.parameters()}

    @property
    def open(self) -> bool:
        """Whether it takes any keyword beyond its parameters, and checks them itself."""
        return self.kind != "model" and _takes_any(inspect.signature(self.load()))


class Registry(Shown):
    """Everything that is registered, by kind and name.

    Examples:
        >>> registry = mertk.load_plugins().registry
        >>> registry.get("model", "lbptop").presets.keys()
        dict_keys(['megc2019', 'hellinger', 'casme2', 'meb'])
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def _list_facts(self) -> dict[str, object]:
        return {kind: len(names) for kind in KINDS if (names := self.names(kind))}

    def __iter__(self) -> Iterator[Entry]:
        """All but the executors."""
        for kind in KINDS:
            for name in self.names(kind):
                yield self._entries[kind, name]

    def names(self, kind: str) -> list[str]:
        """The names of one kind, sorted."""
        return sorted(name for known, name in self._entries if known == kind)

    def get(self, kind: str, name: str) -> Entry:
        """The entry of a name; raises `UnknownNameError` with the nearest one."""
        if kind not in (*KINDS, EXECUTOR):
            raise UnknownNameError("kind of component", kind, KINDS)
        try:
            return self._entries[kind, name]
        except KeyError:
            raise UnknownNameError(kind, name, self.names(kind)) from None

    def build(self, kind: str, use: Use) -> Any:
        """A new component.

        Examples:
            >>> registry = mertk.load_plugins().registry
            >>> protocol = registry.build("protocol", mertk.Use("synthetic3"))
            >>> protocol.label(mertk.load_dataset("synthetic:subjects=2")[0])
            'positive'

        Raises `ParameterError` for a parameter that it does not take, and `ComponentError` where
        its constructor fails in another way.
        """
        entry = self.get(kind, use.name)
        target = entry.load()
        check_parameters(f"{kind} '{use.name}'", target, use.params)
        with name_component(f"{kind} '{use.name}': its constructor"):
            try:
                built = target(**use.params)
            except (TypeError, ValueError) as error:
                raise ParameterError(f"{kind} '{use.name}': {error}") from error
        return built

    def recipe(self, name: str, preset: str | None = None) -> Recipe:
        """The recipe of a model, in its default or a named preset.

        Examples:
            >>> mertk.load_plugins().registry.recipe("hoof_ridge").classifier
            Use('ridge', scale=True)
        """
        entry = self.get("model", name)
        if preset is None:
            return typing.cast(Recipe, entry.target)
        if preset not in entry.presets:
            raise UnknownNameError(f"preset of model '{name}'", preset, entry.presets)
        return entry.presets[preset]

    def replay(self, name: str, replay: str) -> Replay:
        """A model's replay by its name."""
        known = self.get("model", name).replays
        if replay not in known:
            raise UnknownNameError(f"replay of model '{name}'", replay, known)
        return known[replay]

    def merge(self, staged: Registry) -> None:
        """Add all entries of another registry, or none if one of the names is taken."""
        for key, entry in staged._entries.items():
            if key in self._entries:
                raise PluginError(
                    f"{entry.kind} '{entry.name}' of {entry.origin} is already registered by "
                    f"{self._entries[key].origin}; give it another name"
                )
        self._entries.update(staged._entries)

    def add(self, entry: Entry) -> None:
        """Register one entry."""
        if not _NAME.fullmatch(entry.name):
            raise PluginError(f"'{entry.name}' is not a name: use [a-z][a-z0-9_]*")
        staged = Registry()
        staged._entries[entry.kind, entry.name] = entry
        self.merge(staged)


class Registrar:
    """The write side that a plug-in is handed: one method per kind.

    `target` is the class, or `"module:Class"` to be imported when it is first built. `summary`
    defaults to the first line of its docstring, `needs` are optional packages by import name,
    `trained_on` the data sets whose clips went into its frozen weights.
    """

    def __init__(self, registry: Registry, origin: str) -> None:
        self._registry = registry
        self._origin = origin

    def aligner(self, name: str, target: type[Aligner] | str, /, **about: Any) -> None:
        """Register an aligner."""
        self._add_entry("aligner", name, target, **about)

    def roi(self, name: str, target: type[RoiScheme] | str, /, **about: Any) -> None:
        """Register a ROI scheme."""
        self._add_entry("roi", name, target, **about)

    def extractor(self, name: str, target: type[Extractor] | str, /, **about: Any) -> None:
        """Register a feature extractor."""
        self._add_entry("extractor", name, target, **about)

    def fusion(
        self, name: str, target: type[FusionBlock | Differentiable] | str, /, **about: Any
    ) -> None:
        """Register a fusion block."""
        self._add_entry("fusion", name, target, **about)

    def classifier(self, name: str, target: type[Classifier] | str, /, **about: Any) -> None:
        """Register a classifier."""
        self._add_entry("classifier", name, target, **about)

    def spotter(self, name: str, target: type[Spotter] | str, /, **about: Any) -> None:
        """Register a spotter of expressions in long videos."""
        self._add_entry("spotter", name, target, **about)

    def dataset(self, name: str, target: type[Dataset] | str, /, **about: Any) -> None:
        """Register a data set reader."""
        self._add_entry("dataset", name, target, **about)

    def protocol(self, name: str, target: type[EvaluationProtocol] | str, /, **about: Any) -> None:
        """Register an evaluation protocol."""
        self._add_entry("protocol", name, target, **about)

    def executor(self, name: str, target: OpenExecutor | str, /, **about: Any) -> None:
        """Register a function that opens an executor (`mertk.Executor`)."""
        self._add_entry(EXECUTOR, name, target, **about)

    def model(
        self,
        name: str,
        recipe: Recipe,
        /,
        *,
        summary: str,
        paper: str = "",
        presets: Mapping[str, Recipe] | None = None,
        replays: Mapping[str, Replay] | None = None,
        card: Card | None = None,
    ) -> None:
        """Register a recipe as a model, with its presets, leaky replays and card."""
        self._add_entry(
            "model",
            name,
            recipe,
            summary=summary,
            paper=paper,
            presets=dict(presets or {}),
            replays=dict(replays or {}),
            card=card,
        )

    def _add_entry(
        self,
        kind: str,
        name: str,
        target: Any,
        *,
        summary: str | None = None,
        needs: Sequence[str] = (),
        trained_on: Sequence[str] = (),
        **about: Any,
    ) -> None:
        summary = summary or (inspect.getdoc(target) or "").partition("\n")[0]
        if not summary:
            raise PluginError(f"{kind} '{name}' has no summary: give its class a docstring")
        entry = Entry(
            kind=kind,
            name=name,
            target=target,
            summary=summary,
            needs=tuple(needs),
            trained_on=tuple(trained_on),
            origin=self._origin,
            **about,
        )
        self._registry.add(entry)


def check_parameters(what: str, target: Callable[..., Any], params: Mapping[str, Json]) -> None:
    """Raise `ParameterError` where a parameter is unknown or its value has another type.

    A constructor that takes any keyword (`**params`) checks those that it does not name itself.
    """
    signature = inspect.signature(target)
    known = {n: p for n, p in signature.parameters.items() if p.kind is p.KEYWORD_ONLY}
    hints = read_hints(target)
    for name, value in params.items():
        if name not in known and _takes_any(signature):
            continue
        if name not in known:
            shown = ", ".join(f"{n}={p.default!r}" for n, p in known.items()) or "no parameters"
            near = [one for one in known if one.casefold() == name.casefold()]
            near = near or difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            raise ParameterError(f"{what} takes no parameter '{name}'. {hint}It takes: {shown}.")
        wanted = hints.get(name, Any)
        if not _matches_hint(value, wanted):
            raise ParameterError(
                f"{what}: {name}={value!r} is not of type {_format_hint(wanted)} "
                f"(default: {known[name].default!r})"
            )


def _takes_any(signature: inspect.Signature) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())


def read_hints(target: Callable[..., Any]) -> dict[str, Any]:
    """The parameters' types; none where a name is imported for type checkers alone.

    A class may set `__signature__`, as networks do for the parameters of training: its annotations
    that are types already count as well.
    """
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(target).parameters.items():
        if parameter.annotation is not parameter.empty and not isinstance(
            parameter.annotation, str
        ):
            found[name] = parameter.annotation
    called: Any = target.__init__ if inspect.isclass(target) else target
    with contextlib.suppress(NameError):
        found |= typing.get_type_hints(called, localns=dict(vars(abc)))
    return found


_JSON_TYPES: dict[Any, tuple[type, ...]] = {
    bool: (bool,),
    int: (int,),
    float: (int, float),
    str: (str,),
    None: (type(None),),
    type(None): (type(None),),
}


def _matches_hint(value: Any, hint: Any) -> bool:
    """Whether a JSON value is of an annotated type; unknown annotations let anything pass."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return value in args
    if origin in (typing.Union, types.UnionType):
        return any(_matches_hint(value, arg) for arg in args)
    if hint in _JSON_TYPES:
        is_bool = isinstance(value, bool)
        return isinstance(value, _JSON_TYPES[hint]) and (hint is bool or not is_bool)
    container = origin or hint
    if isinstance(container, type) and issubclass(container, Mapping):
        return isinstance(value, dict)
    if isinstance(container, type) and issubclass(container, Sequence):
        return isinstance(value, list | tuple)
    return True


def _format_hint(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(repr(arg) for arg in typing.get_args(hint))
    return getattr(hint, "__name__", None) or str(hint).replace("typing.", "")
