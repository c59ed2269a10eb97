"""Damages a row of a spreadsheet at random, for the readers of SAMM and CASME II."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mertk

T = TypeVar("T")

_TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=8)
CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "-1", "0.5", "3.x", "1e999", "9" * 400 + ".5", "L12 or", "#REF!"]),
    _TEXT.filter(lambda text: not text.startswith("=")),
)


def fuzzed(width: int, fields: Sequence[str], rows: int = 5) -> Callable[[Callable], Callable]:
    """Calls a test with the position of a row, changes of its fields, and an order of columns."""

    def wrap(test: Callable) -> Callable:
        known = given(
            at=st.integers(0, rows - 1),
            changes=st.dictionaries(st.sampled_from(list(fields)), CELL, max_size=3),
            order=st.permutations(range(width)),
        )(test)
        quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
        return settings(max_examples=30, deadline=None, suppress_health_check=quiet)(known)

    return wrap


def named(file: str, read: Callable[[], T]) -> T | None:
    """What is read, or None after a `DataError`, which has to name the file."""
    try:
        return read()
    except mertk.DataError as error:
        if file not in str(error):
            pytest.fail(f"the file is not named: {error}")
        return None
