"""What is checked: one registered component, and the material to check it with."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mertk.core.clips import TrainingSet
from mertk.core.errors import (
    MertkError,
    MissingPackageError,
    ParameterError,
    PluginError,
    UnknownNameError,
    describe_error,
)
from mertk.core.interfaces import Fittable
from mertk.core.reading import real_path
from mertk.core.recipe import Json, Use
from mertk.plugins.loader import Plugins, load_plugins
from mertk.plugins.registry import Entry, Registrar, Registry
from mertk.testing.comparison import Output, compute_arrays, thaw_arrays
from mertk.testing.inputs import (
    HELD_OUT,
    TRAINED,
    Stand,
    find_stands,
    make_measured_videos,
    make_runnable,
    make_training_set,
)
from mertk.testing.outcome import DoesNotRunError

Data = Path | str | Callable[[Path], object]
"""Where a data set lies, or what writes a small one into the empty folder that it is given."""


@dataclass(eq=False)
class ComponentUnderTest:
    """A component under check; `modules` are those of all that are checked with it.

    `data` are those of a data set; None: where it is known to lie.
    """

    entry: Entry
    registry: Registry
    module: ModuleType
    modules: Sequence[ModuleType]
    data: Data | None = None

    @property
    def kind(self) -> str:
        """The kind of the component."""
        return self.entry.kind

    @property
    def needs(self) -> frozenset[str]:
        """The optional packages that it needs; those of a model are those of its components."""
        if self.kind != "model":
            return frozenset(self.entry.needs)
        packages: set[str] = set()
        for place, use in self.entry.target.places().items():
            kind = place.partition(".")[0]
            if use.name in self.registry.names(kind):
                packages.update(self.registry.get(kind, use.name).needs)
        return frozenset(packages)

    @functools.cached_property
    def stand(self) -> Stand:
        """Where it runs; raises `DoesNotRunError`, with the reasons, where it runs nowhere.

        Raises `MissingPackageError` where it cannot be tried for want of a package.
        """
        reasons, errors = [], []
        for stand in find_stands(self.registry, self.kind, self.entry.name):
            try:
                self._try_stand(stand)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  whatever it is, the next stand is tried
                text = str(error) if isinstance(error, MertkError) else describe_error(error)
                reasons.append(f"{stand.name}: {text}")
                errors.append(error)
            else:
                return stand
        if errors and all(isinstance(error, MissingPackageError) for error in errors):
            raise errors[0]
        raise DoesNotRunError(
            f"does not run on any of {len(reasons)} inputs; register a model that shows what comes "
            f"before it. {' | '.join(dict.fromkeys(reasons))}"
        )

    def _try_stand(self, stand: Stand) -> None:
        given = stand.given("plain")
        component = self._build_component(stand.params)
        if isinstance(component, Fittable):
            inputs = list(map(thaw_arrays, given[:-HELD_OUT]))
            train = self._make_training_part(component, inputs)
            component.fit(train, np.random.default_rng(0))
        compute_arrays(self.kind, component, given[-1])

    def _build_component(self, params: Any) -> Any:
        return make_runnable(
            self.kind, self.registry.build(self.kind, Use(self.entry.name, **params))
        )

    def build(self, **params: Json) -> Any:
        """A new component with the parameters of its stand, and these."""
        return self._build_component({**self.stand.params, **params})

    @property
    def needs_many_clips(self) -> bool:
        """Whether it runs only where it is trained on more clips than the usual six."""
        return len(self.given()) > TRAINED + HELD_OUT

    @functools.cached_property
    def learns(self) -> bool:
        """Whether it has `fit`."""
        return isinstance(self.build(), Fittable)

    @functools.lru_cache(maxsize=3)  # noqa: B019  subjects are few and go together
    def given(self, look: str = "plain") -> Sequence[Any]:
        """What it is handed for each of the nine clips, read-only; 'grey' and 'odd' as well."""
        return self.stand.given(look)

    @property
    def test_inputs(self) -> Sequence[Any]:
        """The three clips that are not trained on."""
        return self.given()[-HELD_OUT:]

    def _make_training_part(self, component: Any, inputs: Sequence[Any]) -> Any:
        if self.kind == "spotter":
            return make_measured_videos(component, inputs)
        return make_training_set(self.registry, inputs)

    def train(self, look: str = "plain", **other: Any) -> TrainingSet[Any]:
        """The training part, as arrays that may be written to; `other` are fields to replace."""
        inputs = list(map(thaw_arrays, self.given(look)[:-HELD_OUT]))
        return make_training_set(self.registry, other.pop("inputs", inputs), **other)

    def ready(self, look: str = "plain", /, **params: Json) -> Any:
        """A new component, fitted if it learns, always with the same random seed."""
        component = self.build(**params)
        if self.learns:
            inputs = list(map(thaw_arrays, self.given(look)[:-HELD_OUT]))
            component.fit(self._make_training_part(component, inputs), np.random.default_rng(0))
        return component

    def compute(self, component: Any, given: Any = None) -> Output:
        """What a component gives for one clip, as arrays; the default is the last clip."""
        return compute_arrays(
            self.kind, component, self.test_inputs[-1] if given is None else given
        )

    @functools.cached_property
    def usual(self) -> Output:
        """What a new component gives for the last clip, without any other before it."""
        return self.compute(self.ready())


Check = Callable[[ComponentUnderTest], None]
"""One check: its name says what is required, its docstring in full.

Returns if the check passes, and raises `BrokenPromise` or `DoesNotApply` otherwise. Whatever
else it raises counts as broken.
"""


def find_components(
    what: str | Path, plugins: Plugins | None = None, *, data: Data | None = None
) -> list[ComponentUnderTest]:
    """The components of a plug-in file, or those of a name, whatever their kind.

    `data` is where the data set lies that is among them, or what writes a small one. Raises
    `PluginError` for a file that cannot be loaded or registers nothing, `UnknownNameError` for a
    name that nobody registered, and `ParameterError` for data where there is no data set.
    """
    if isinstance(what, Path) or what.endswith(".py"):
        found = _load_file(Path(what), plugins)
    else:
        everything = list_components(plugins or load_plugins())
        found = [one for one in everything if one.entry.name == what]
        if not found:
            raise UnknownNameError("component", what, {one.entry.name for one in everything})
    modules = list(dict.fromkeys(one.module for one in found))
    for subject in found:
        subject.modules = modules
    if data is not None:
        sets = [subject for subject in found if subject.kind == "dataset"]
        if not sets:
            kinds = ", ".join(sorted({f"{one.kind} '{one.entry.name}'" for one in found}))
            raise ParameterError(f"data are given, but {what} is no data set: {kinds}")
        for subject in sets:
            subject.data = data
    return found


def list_components(plugins: Plugins) -> list[ComponentUnderTest]:
    """Everything that is registered."""
    homes: dict[tuple[str, str], ModuleType] = {}
    for module in plugins.manager.get_plugins():
        staged = Registry()
        if hasattr(module, "mertk_register"):
            module.mertk_register(register=Registrar(staged, ""))
        homes |= {(entry.kind, entry.name): module for entry in staged}
    found, modules = [], list(dict.fromkeys(homes.values()))
    for entry in plugins.registry:
        home = homes[entry.kind, entry.name]
        found.append(ComponentUnderTest(entry, plugins.registry, home, modules))
    return found


def _load_file(file: Path, plugins: Plugins | None) -> list[ComponentUnderTest]:
    path = str(real_path(file))
    files = dict.fromkeys([*(plugins.files if plugins else ()), path])
    loaded = load_plugins(tuple(files))
    if path in loaded.broken:
        raise PluginError(f"plug-in {file} cannot be loaded: {loaded.broken[path]}")
    found = [one for one in list_components(loaded) if getattr(one.module, "__file__", "") == path]
    if not found:
        raise PluginError(f"plug-in {file} registers nothing to check; see the hook mertk_register")
    return found
