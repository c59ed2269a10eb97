"""Checking many components in several processes at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from mertk.plugins import load_plugins
from mertk.testing.subject import subjects
from mertk.testing.suite import check
from mertk.testing.verdicts import Result

if TYPE_CHECKING:
    from mertk.plugins import Plugins


def check_all(plugins: Plugins, *, jobs: int) -> Iterator[list[Result]]:
    """The results of everything that is registered, component by component, in their order."""
    names = [(subject.kind, subject.entry.name) for subject in subjects(plugins)]
    fresh = multiprocessing.get_context("spawn")  # a fork would inherit threads
    with ProcessPoolExecutor(jobs, mp_context=fresh) as pool:
        yield from pool.map(_check, [plugins.files] * len(names), names)


def _check(files: Sequence[str], name: tuple[str, str]) -> list[Result]:
    everything = subjects(load_plugins(tuple(files)))
    return check(next(one for one in everything if (one.kind, one.entry.name) == name))
