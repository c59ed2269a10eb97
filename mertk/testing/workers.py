"""Checking many components in several processes at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from mertk.experiment.executors.workers import hold_interrupts
from mertk.plugins.loader import load_plugins
from mertk.testing.component import list_components
from mertk.testing.outcome import Result
from mertk.testing.suite import check_component

if TYPE_CHECKING:
    from mertk.plugins.loader import Plugins


def list_names(plugins: Plugins, *, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Kind and name of all that is registered and needs none of the packages `without`."""
    found = [one for one in list_components(plugins) if one.needs.isdisjoint(without)]
    return [(one.kind, one.entry.name) for one in found]


def check_all(
    plugins: Plugins, names: Sequence[tuple[str, str]], *, jobs: int
) -> Iterator[list[Result]]:
    """The results of components by kind and name, one after the other, in their order."""
    fresh = multiprocessing.get_context("spawn")  # a fork would inherit threads
    pool = ProcessPoolExecutor(jobs, mp_context=fresh)
    with hold_interrupts():
        results = pool.map(_check_by_name, [plugins.files] * len(names), names)
    try:
        yield from results
    except BaseException:
        for process in pool._processes.values():  # noqa: SLF001  there is no public way before 3.14
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _check_by_name(files: Sequence[str], name: tuple[str, str]) -> list[Result]:
    everything = list_components(load_plugins(tuple(files)))
    return check_component(next(one for one in everything if (one.kind, one.entry.name) == name))
