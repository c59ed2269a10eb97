"""Loops over pixels as machine code, where the optional extra `fast` (numba) is installed."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

_COMPILER = "numba"
"""Not imported by name: a result is equal with it and without, so no identity may depend on it."""


@functools.cache
def compile_loop(loop: Callable[..., Any], *, fastmath: bool = False) -> Callable[..., Any] | None:
    """The same loop as machine code, kept on disk for the next process; None without numba.

    A loop that is compiled must give equal numbers to the code that runs without numba: with
    `fastmath`, which adds floats in any order, equal but for rounding.
    """
    if find_spec(_COMPILER) is None:
        return None
    compiler = importlib.import_module(_COMPILER)
    try:
        compiled: Callable[..., Any] = compiler.njit(loop, cache=True, fastmath=fastmath)
    except RuntimeError:  # no folder for the machine code is writable: it is made in each process
        compiled = compiler.njit(loop, fastmath=fastmath)
    return compiled
