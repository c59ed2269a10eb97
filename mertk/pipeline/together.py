"""Several folds at once: the first stage that learns may share work between them."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mertk.core.clips import TrainingSet
from mertk.core.errors import ComponentError
from mertk.core.interfaces import FitsFolds
from mertk.pipeline.fold import FoldFit, name_fold_errors, read_rng_state
from mertk.pipeline.pipeline import Fitted, Pipeline, Stage

if TYPE_CHECKING:
    from mertk.core.splits import Split
    from mertk.pipeline.fold import ClipStates, LabelledClips


def can_fit_folds_together(pipeline: Pipeline) -> bool:
    """Whether what learns first can be fitted for several folds, with the blocks before it."""
    component = pipeline.head.component
    if not isinstance(component, FitsFolds):
        return False
    return not pipeline.blocks or "through" in inspect.signature(component.fit_folds).parameters


def build_fold_pipelines(
    build: Callable[[], Pipeline],
    states: ClipStates,
    sample: LabelledClips,
    splits: Sequence[Split],
    seed: int,
) -> Iterator[Pipeline]:
    """A new pipeline for each fold; what learns first in it is fitted already if it can be.

    It is fitted when its pipeline is asked for, so that the folds before it can be saved by then.
    Nothing before it learns, so all clips are there at once, those that a fold holds out too: that
    they leave no trace is the component's duty, and `mertk audit` looks.
    """
    pipeline = build()
    if not can_fit_folds_together(pipeline):
        yield from (build() for _ in splits)
        return
    for head in _fit_heads(pipeline, states, sample, splits, seed):
        new = build()
        at = new.inside.index(new.head)
        yield replace(new, inside=(*new.inside[:at], head, *new.inside[at + 1 :]))


def _fit_heads(
    pipeline: Pipeline,
    states: ClipStates,
    sample: LabelledClips,
    splits: Sequence[Split],
    seed: int,
) -> Iterator[Stage]:
    """The first learning stage, fitted for one fold after the other."""
    head = pipeline.head
    clips = TrainingSet(
        inputs=[head.select_input(states[at]) for at in range(len(sample.uids))],
        labels=sample.labels.copy(),  # whatever is done to them, the truth is kept
        people=sample.people.copy(),
        classes=sample.classes,
    )
    number = len(pipeline.inside) if head is pipeline.classifier else pipeline.inside.index(head)
    rngs = [FoldFit(sample, split, seed).rng(number) for split in splits]
    before = list(map(read_rng_state, rngs))
    through = {"through": pipeline.blocks} if pipeline.blocks else {}
    train = [split.train for split in splits]
    fit = functools.partial(head.component.fit_folds, clips, train, rngs, **through)
    found, given = _call_late(fit), list[Any]()
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


def _call_late(fit: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Call `fit` when the first of what it yields is asked for."""
    yield from fit()


def _check_component(component: Any, given: Sequence[Any], folds: int) -> None:
    """Raise `ComponentError` unless this is one more new component."""
    if component is None or any(component is other for other in given):
        raise ComponentError(
            f"fit_folds gave {len(given)} different components for {folds} folds; give one new "
            "fitted component per fold"
        )
