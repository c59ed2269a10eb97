"""Medians and ratios of calls that are timed in turn."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def medians(calls: Mapping[str, Callable[[], Any]], repeats: int = 15) -> dict[str, float]:
    """Seconds per call. The calls take turns, so that a slow spell of the machine hits all."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:  # the first turn warms caches and imports
                spent[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in spent.items()}


def show(title: str, seconds: Mapping[str, float]) -> None:
    """A table; ratios are against the first row."""
    first = next(iter(seconds.values()))
    print(f"\n{title}")
    for name, value in seconds.items():
        print(f"  {name:<52} {value * 1000:10.3f} ms  {value / first:9.2f} x")
