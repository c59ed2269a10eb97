"""All folds at once: what learns first in a line may be fitted for several folds by one call."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mertk.clips import Train
from mertk.components import FitsFolds
from mertk.errors import ComponentError
from mertk.harness.folds import Work, naming, state
from mertk.harness.line import Clock, Fitted, Line, Step

if TYPE_CHECKING:
    from mertk.harness.folds import Parcels, Sample
    from mertk.splits import Split


def offers(line: Line) -> bool:
    """Whether what learns first can be fitted for several folds, with the blocks before it."""
    component = line.head.component
    if not isinstance(component, FitsFolds):
        return False
    return not line.blocks or "through" in inspect.signature(component.fit_folds).parameters


def fitted_lines(
    build: Callable[[], Line],
    parcels: Parcels,
    sample: Sample,
    splits: Sequence[Split],
    seed: int,
) -> Iterator[Line]:
    """A new line for each fold; in each, what learns first is fitted already if it `offers` to be.

    Nothing before it learns, so all clips are there at once, those that a fold holds out too: that
    they leave no trace is the component's duty, and `mertk audit` looks.
    """
    line = build()
    if not offers(line):
        yield from (build() for _ in splits)
        return
    for head in _heads(line, parcels, sample, splits, seed):
        new = build()
        at = new.inside.index(new.head)
        yield replace(new, inside=(*new.inside[:at], head, *new.inside[at + 1 :]))


def _heads(
    line: Line, parcels: Parcels, sample: Sample, splits: Sequence[Split], seed: int
) -> list[Step]:
    """The first learning step, fitted for each fold."""
    head = line.head
    clips = Train(
        inputs=[head.takes(parcels[at]) for at in range(len(sample.uids))],
        labels=sample.labels.copy(),  # whatever is done to them, the truth is kept
        people=sample.people.copy(),
        classes=sample.classes,
    )
    number = len(line.inside) if head is line.classifier else line.inside.index(head)
    rngs = [Work(sample, split, seed, Clock()).rng(number) for split in splits]
    before = [state(rng) for rng in rngs]
    through = {"through": line.blocks} if line.blocks else {}
    fit = functools.partial(head.component.fit_folds, **through)
    start = time.perf_counter()
    with naming(f"{len(splits)} folds at once", head, multilabel=sample.multilabel):
        found = fit(clips, [split.train for split in splits], rngs)
        _check(found, splits)
    share = (time.perf_counter() - start) / len(splits)
    return [
        Step(head.place, component, Fitted(share, state(rng) != old))
        for component, rng, old in zip(found, rngs, before, strict=True)
    ]


def _check(found: Sequence[Any], splits: Sequence[Split]) -> None:
    different = len({id(component) for component in found})
    if not len(found) == different == len(splits):
        raise ComponentError(
            f"fit_folds gave {different} different components for {len(splits)} folds; give one "
            "new fitted component per fold"
        )
