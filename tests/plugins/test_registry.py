"""Parameters are checked by name and type before anything is built."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pytest

from mertk.core.errors import MissingPackageError, ParameterError
from mertk.core.recipe import Use
from mertk.plugins.registry import Registrar, Registry


class Thing:
    """Takes one parameter of every kind."""

    def __init__(
        self,
        *,
        count: int = 1,
        share: float = 0.5,
        flag: bool = False,
        name: str | None = None,
        how: Literal["a", "b"] = "a",
        sizes: Sequence[int] = (1, 2),
        table: Mapping[str, Sequence[str]] | Literal["auto"] = "auto",
    ) -> None:
        if count < 0:
            raise ValueError("count is below 0")


@pytest.fixture
def registry():
    found = Registry()
    Registrar(found, "test").roi("thing", Thing)
    return found


@pytest.mark.parametrize(
    "params",
    [
        {"count": 3}, {"share": 1}, {"share": 0.1}, {"flag": True}, {"name": "x"}, {"name": None},
        {"how": "b"}, {"sizes": [3]}, {"table": "auto"}, {"table": {"nose": ["a"]}},
    ],
)  # fmt: skip
def test_values_of_the_right_type_are_taken(registry, params):
    assert isinstance(registry.build("roi", Use("thing", **params)), Thing)


@pytest.mark.parametrize(
    "params",
    [
        {"count": 3.5}, {"count": True}, {"count": "3"}, {"share": "half"}, {"share": True},
        {"flag": 1}, {"name": 3}, {"how": "c"}, {"sizes": 3}, {"sizes": "12"}, {"table": "manual"},
        {"count": None},
    ],
)  # fmt: skip
def test_values_of_another_type_are_named(registry, params):
    name = next(iter(params))
    with pytest.raises(ParameterError, match=rf"roi 'thing': {name}=.* is not of type"):
        registry.build("roi", Use("thing", **params))


def test_what_the_component_refuses_is_passed_on(registry):
    with pytest.raises(ParameterError, match="roi 'thing': count is below 0"):
        registry.build("roi", Use("thing", count=-1))


def test_a_missing_package_says_what_to_install():
    found = Registry()
    Registrar(found, "test").roi("thing", Thing, needs=("no_such_package",))
    with pytest.raises(
        MissingPackageError, match="needs the package 'no_such_package'.*pip install"
    ):
        found.build("roi", Use("thing"))


def test_a_lazy_target_is_imported_when_it_is_built():
    found = Registry()
    Registrar(found, "test").roi("thing", "fractions:Fraction", summary="A number.")
    assert found.get("roi", "thing").load().__name__ == "Fraction"
