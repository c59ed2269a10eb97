"""Checks of components of all kinds."""

from __future__ import annotations

import contextlib
import inspect
import json
import pickle
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ParameterError, StorageError
from mertk.core.offers import find_misspelt_offers
from mertk.core.recipe import Use
from mertk.experiment import trained_model_files
from mertk.storage import serialization
from mertk.testing.comparison import arrays_of, call_verb, check_same, thaw_arrays
from mertk.testing.fresh_process import heavy_imports
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from mertk.testing.component import ComponentUnderTest


def documented(subject: ComponentUnderTest) -> None:
    """The class has a docstring, and the summary is one line."""
    entry = subject.entry
    if subject.kind != "model" and not (entry.load().__doc__ or "").strip():
        raise BrokenPromise("the class has no docstring: say what it computes and from which paper")
    if "\n" in entry.summary:
        raise BrokenPromise("the summary is longer than a line")


def keyword_only(subject: ComponentUnderTest) -> None:
    """Constructor parameters are keyword-only and have defaults; `**` may take others' ones."""
    for name, parameter in inspect.signature(subject.entry.load()).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is not parameter.KEYWORD_ONLY:
            raise BrokenPromise(f"parameter '{name}' is not keyword-only: write * before it")
        if parameter.default is parameter.empty:
            raise BrokenPromise(f"parameter '{name}' has no default")


def parameters_documented(subject: ComponentUnderTest) -> None:
    """The class docstring explains every parameter in its section `Args:`."""
    for name, text in subject.entry.describe_parameters().items():
        if not text:
            raise BrokenPromise(
                f"parameter '{name}' is not explained: write what it is, its unit and its range "
                f"into the class docstring, as '{name}: …' in a section 'Args:'"
            )


def json_defaults(subject: ComponentUnderTest) -> None:
    """Defaults are JSON values, and of the types that they are annotated with."""
    for name, value in _get_defaults(subject).items():
        try:
            use = Use(subject.entry.name, **{name: value})
        except ParameterError as error:
            raise BrokenPromise(f"default {name}={value!r} is not JSON") from error
        try:
            subject.registry.build(subject.kind, use)
        except ParameterError as error:
            raise BrokenPromise(f"default {name}={value!r} is refused: {error}") from error


def survives_the_recipe(subject: ComponentUnderTest) -> None:
    """Defaults that have been through a recipe's JSON give the same result as no parameters."""
    given = {**_get_defaults(subject), **subject.stand.params}
    if not given:
        raise DoesNotApply("it takes no parameter")
    use = Use(subject.entry.name, **given)
    back = Use.from_json(json.loads(json.dumps(use.to_json())))
    found = subject.compute(subject.ready(**back.params))
    check_same(subject.usual, found, "the same parameters as JSON give another result")


def imports_light(subject: ComponentUnderTest) -> None:
    """Loading the plug-in imports no heavy package: mertk would be slow for everybody."""
    heavy = heavy_imports(subject.module, subject.modules)
    if heavy:
        raise BrokenPromise(
            f"loading {subject.module.__name__} imports {', '.join(heavy)}: import inside functions"
        )


def runs(subject: ComponentUnderTest) -> None:
    """It runs on small arrays or synthetic clips, alone or in a registered model that uses it."""
    _ = subject.stand


def repeats(subject: ComponentUnderTest) -> None:
    """Built anew, and fitted with the same random seed, it gives the same bits."""
    check_same(subject.usual, subject.compute(subject.ready()), "the same clip gives two results")


def no_memory(subject: ComponentUnderTest) -> None:
    """What it gives for a clip does not depend on the clips that it was given before."""
    component = subject.ready()
    for given in subject.test_inputs[:2]:
        subject.compute(component, given)
    for _ in range(2):
        found = subject.compute(component)
        check_same(subject.usual, found, "a clip's result depends on the clips before it")


def leaves_inputs_alone(subject: ComponentUnderTest) -> None:
    """It neither changes what it is handed nor needs to: arrays may be read-only."""
    component, given = subject.ready(), subject.test_inputs[-1]
    copied = thaw_arrays(given)
    call_verb(subject.kind, component, copied)
    check_same(arrays_of(given), arrays_of(copied), "it changes what it is handed")
    try:
        arrays_of(call_verb(subject.kind, component, given))
    except Exception as error:
        raise BrokenPromise(
            f"it cannot do with read-only arrays: {type(error).__name__}: {error}"
        ) from error


def pickles(subject: ComponentUnderTest) -> None:
    """It can be sent to another process, after `fit` too, and gives the same there."""
    component = subject.ready()
    with _make_findable(subject.module):
        try:
            copy = pickle.loads(pickle.dumps(component))  # noqa: S301  our own bytes
        except Exception as error:
            raise BrokenPromise(f"it cannot be pickled: {error}") from error
    check_same(subject.usual, subject.compute(copy), "its pickled copy gives another result")


def stores(subject: ComponentUnderTest) -> None:
    """It can be written to disk without pickle, after `fit` too, and gives the same again."""
    use = Use(subject.entry.name, **subject.stand.params)
    with _make_findable(subject.module):
        try:
            copy = subject.build()
            found = serialization.freeze_components(
                {subject.kind: subject.ready()}, {subject.kind: copy}
            )
            known = trained_model_files.trust_of(subject.registry, {subject.kind: use})
            known = replace(known, named=frozenset(found.unknown(known)))
            state = json.loads(json.dumps(found.state, allow_nan=False))
            serialization.thaw_state(state, found.arrays, {subject.kind: copy}, known)
        except StorageError as error:
            raise BrokenPromise(f"`mertk train` cannot write it: {error}") from error
    check_same(subject.usual, subject.compute(copy), "what is read back gives another result")


@contextlib.contextmanager
def _make_findable(module: ModuleType) -> Iterator[None]:
    """With the module under its name, where pickle looks: the file may have been loaded again."""
    now = sys.modules.get(module.__name__, module)
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        sys.modules[module.__name__] = now


def _get_defaults(subject: ComponentUnderTest) -> dict[str, Any]:
    return {name: p.default for name, p in subject.entry.parameters().items()}


def spells_offers(subject: ComponentUnderTest) -> None:
    """No attribute is spelt almost like one that the interface knows, and would be overlooked."""
    kind, target = subject.kind, subject.entry.load()
    wrong = find_misspelt_offers(kind, target)
    if wrong:
        found, meant = wrong[0]
        raise BrokenPromise(f"its attribute '{found}' is not used; is '{meant}' meant?")


DECLARED = (documented, keyword_only, parameters_documented, json_defaults, imports_light)
"""What can be seen without running it."""

RUN = (runs, repeats, no_memory, leaves_inputs_alone, pickles, stores, survives_the_recipe)
"""What can be seen when a component of any slot runs on one clip."""


def takes_odd_sizes(subject: ComponentUnderTest) -> None:
    """Frames may be neither square nor of even size."""
    _check_look(subject, "odd")


def takes_grey(subject: ComponentUnderTest) -> None:
    """Grey frames, which have three equal channels, do as well as colour."""
    _check_look(subject, "grey")


def _check_look(subject: ComponentUnderTest, look: str) -> None:
    component = subject.ready(look)
    for name, array in subject.compute(component, subject.given(look)[-1]).items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BrokenPromise(
                f"of {look} frames it gives {name or 'numbers'} that are not finite"
            )


LOOKS = (takes_odd_sizes, takes_grey)
"""Frames of any size, grey or colour, for components that use footage or faces."""
