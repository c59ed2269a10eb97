"""Folds at once: what learns first in a line may share work between the folds of a unit."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mertk.core.clips import TrainingSet
from mertk.core.errors import ComponentError
from mertk.core.interfaces import FitsFolds
from mertk.pipeline.fold import FoldFit, name_fold_errors, read_rng_state
from mertk.pipeline.pipeline import Clock, Fitted, Pipeline, Stage

if TYPE_CHECKING:
    from mertk.core.splits import Split
    from mertk.pipeline.fold import ClipStates, LabelledClips


def can_fit_folds_together(line: Pipeline) -> bool:
    """Whether what learns first can be fitted for several folds; not with blocks before it."""
    return isinstance(line.head.component, FitsFolds) and not line.blocks


def fitted_lines(
    build: Callable[[], Pipeline],
    parcels: ClipStates,
    sample: LabelledClips,
    splits: Sequence[Split],
    seed: int,
) -> Iterator[Pipeline]:
    """A new pipeline for each fold; what learns first in it is fitted already if it can be.

    It is fitted when its line is asked for, so that the folds before it can be saved by then.
    Nothing before it learns, so all clips are there at once, those that a fold holds out too: that
    they leave no trace is the component's duty, and `mertk audit` looks.
    """
    line = build()
    if not can_fit_folds_together(line):
        yield from (build() for _ in splits)
        return
    for head in _fit_heads(line, parcels, sample, splits, seed):
        new = build()
        at = new.inside.index(new.head)
        yield replace(new, inside=(*new.inside[:at], head, *new.inside[at + 1 :]))


def _fit_heads(
    line: Pipeline, parcels: ClipStates, sample: LabelledClips, splits: Sequence[Split], seed: int
) -> Iterator[Stage]:
    """The first learning step, fitted for one fold after the other."""
    head = line.head
    clips = TrainingSet(
        inputs=[head.takes(parcels[at]) for at in range(len(sample.uids))],
        labels=sample.labels.copy(),  # whatever is done to them, the truth is kept
        people=sample.people.copy(),
        classes=sample.classes,
    )
    number = len(line.inside) if head is line.classifier else line.inside.index(head)
    rngs = [FoldFit(sample, split, seed, Clock()).rng(number) for split in splits]
    before = [read_rng_state(rng) for rng in rngs]
    folds = [split.train for split in splits]
    fit = functools.partial(head.component.fit_folds, clips, folds, rngs)
    found, given = _called_late(fit), list[Any]()
    for split, rng, old in zip(splits, rngs, before, strict=True):
        start = time.perf_counter()
        fold = f"fold '{split.name}' of {len(splits)} at once"
        with name_fold_errors(fold, head, multilabel=sample.multilabel):
            component = next(found, None)
            _check_component(component, given, len(splits))
        given.append(component)
        yield Stage(
            head.place, component, Fitted(time.perf_counter() - start, read_rng_state(rng) != old)
        )
    with name_fold_errors(f"{len(splits)} folds at once", head, multilabel=sample.multilabel):
        if next(found, None) is not None:
            raise ComponentError("fit_folds gave more components than there are folds")


def _called_late(fit: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """What `fit` gives, and `fit` not called before the first of it is asked for."""
    yield from fit()


def _check_component(component: Any, given: Sequence[Any], folds: int) -> None:
    """Raise `ComponentError` unless this is one more new component."""
    if component is None or any(component is other for other in given):
        raise ComponentError(
            f"fit_folds gave {len(given)} different components for {folds} folds; give one new "
            "fitted component per fold"
        )
