"""One fold: build the stages anew, fit them on the training clips, predict each test clip alone.

The first stage that learns may be fitted for several folds at once, where they share work.
"""

from __future__ import annotations

import contextlib
import functools
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mertk.core.clips import TrainingSet
from mertk.core.errors import ComponentError, MertkError, describe_error
from mertk.core.interfaces import Chooses, FitsFolds, Searches
from mertk.core.offers import get_offer
from mertk.core.recipe import SLOTS
from mertk.pipeline.pipeline import (
    ClipState,
    Clock,
    Fitted,
    Pipeline,
    Stage,
    call_predict,
    check_probabilities,
    explain_clip,
)
from mertk.storage.ledger import Fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.splits import Split


class ClipStates(Protocol):
    """The state of every clip at the frontier, by its position."""

    def __getitem__(self, at: int, /) -> ClipState:
        """The state of one clip."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledClips:
    """The clips of a run as the fold pass knows them: ids, people, labels, all `[clips]`.

    Labels are `[clips, classes]` of 0 and 1 under a multi-label protocol. `aus` are the action
    units of each clip, None where it is not coded; empty where no clip is.
    """

    uids: Sequence[str]
    people: NDArray[np.str_]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    aus: Sequence[frozenset[int] | None] = ()

    @property
    def multilabel(self) -> bool:
        """Whether a clip may have any number of the classes at once."""
        return self.labels.ndim == 2

    def select(self, rows: NDArray[np.integer[Any]]) -> LabelledClips:
        """A copy of some of the clips."""
        uids, people, labels = [self.uids[at] for at in rows], self.people[rows], self.labels[rows]
        return LabelledClips(uids, people, labels, self.classes, self.select_aus(rows))

    def select_aus(self, rows: NDArray[np.integer[Any]]) -> list[frozenset[int] | None]:
        """The action units of some of the clips; empty where no clip of the run is coded."""
        return [self.aus[at] for at in rows] if self.aus else []


Tap = Callable[[str, Sequence[ClipState], Sequence[ClipState]], None]
"""Called after each stage with its place and the states of training and test clips."""


Tracing = Callable[[Sequence[ClipState]], AbstractContextManager[Any]]
"""Entered with the states of the test clips while the classifier is fitted."""


def run_fold(
    pipeline: Pipeline,
    states: ClipStates,
    sample: LabelledClips,
    split: Split,
    seed: int,
    *,
    tap: Tap | None = None,
    tracing: Tracing = contextlib.nullcontext,
) -> Fold:
    """Fit and predict one fold. `pipeline` must be new: what it learns stays in its components.

    A stage of it that is `fitted` is not fitted again; its share of the time counts as the fold's.
    """
    start, cpu = time.perf_counter(), time.process_time()
    work = FoldFit(sample, split, seed)
    clock = work.clock
    load = functools.partial(clock.time, "load", states.__getitem__)
    train: Sequence[ClipState] = list(map(load, split.train.tolist()))
    test: Sequence[ClipState] = list(map(load, split.test.tolist()))
    train, test = fit_stages(pipeline, work, train, test, tap=tap, tracing=tracing)
    rows, explained = work.predict(pipeline, test)
    if tap:
        tap(pipeline.classifier.place, train, test)
    fitted = pipeline.head.fitted
    clock.seconds["total"] = time.perf_counter() - start + (fitted.seconds if fitted else 0.0)
    spent = time.process_time() - cpu + (fitted.cpu if fitted else 0.0)
    return Fold(
        name=split.name,
        seed=seed,
        uids=[sample.uids[at] for at in split.test],
        people=sample.people[split.test].tolist(),
        truth=sample.labels[split.test].tolist(),
        probabilities=rows,
        seconds={name: round(passed, 6) for name, passed in clock.seconds.items()},
        explained=explained,
        drew=work.stochastic,
        cpu=round(spent, 6),
        choices=work.choices,
        trials=work.trials,
    )


def fit_stages(
    pipeline: Pipeline,
    work: FoldFit,
    train: Sequence[ClipState],
    test: Sequence[ClipState],
    *,
    tap: Tap | None = None,
    tracing: Tracing = contextlib.nullcontext,
) -> tuple[Sequence[ClipState], Sequence[ClipState]]:
    """Fit the stages that learn; gives training and test clips as the classifier is handed them."""
    for number, stage in enumerate(pipeline.inside[:-1]):
        if stage.joint:
            continue
        if stage.learns:
            work.fit(stage, train, number)
        apply = functools.partial(work.clock.time, stage.place, stage.apply)
        explain = functools.partial(work.clock.time, stage.place, explain_clip, stage)
        train = work.clock.time(stage.place, stage.apply_many, train)
        test = list(map(apply, map(explain, test)))
        if tap:
            tap(stage.place, train, test)
    with tracing(test):
        work.fit(pipeline.classifier, train, len(pipeline.inside), pipeline.blocks)
    return train, test


@dataclass(frozen=True, slots=True, eq=False)
class FoldFit:
    """One fold at work; `stochastic` fills with the places whose `fit` draws random numbers.

    `choices` fills with what components have chosen in `fit`, by place and name, and `trials` with
    the combinations of parameters that were tried for it.
    """

    sample: LabelledClips
    split: Split
    seed: int
    clock: Clock = field(default_factory=Clock)
    stochastic: list[str] = field(default_factory=list)
    choices: dict[str, Any] = field(default_factory=dict)
    trials: list[Mapping[str, Any]] = field(default_factory=list)

    def fit(
        self, stage: Stage, train: Sequence[ClipState], number: int, blocks: Sequence[Any] = ()
    ) -> None:
        """Fit a component on the training clips; its mistakes name the fold and the place."""
        if stage.fitted:
            self.clock.seconds[f"{stage.place}.fit"] = stage.fitted.seconds
            if stage.fitted.stochastic:
                self.stochastic.append(stage.place)
            self._note_choices(stage)
            return
        given = TrainingSet(
            inputs=list(map(stage.select_input, train)),
            labels=self.sample.labels[self.split.train],
            people=self.sample.people[self.split.train],
            classes=self.sample.classes,
            aus=self.sample.select_aus(self.split.train),
        )
        rng = self.rng(number)
        before = read_rng_state(rng)
        through = {"through": blocks} if blocks else {}
        fit = functools.partial(stage.component.fit, given, rng, **through)
        with name_fold_errors(f"fold '{self.split.name}'", stage, multilabel=given.multilabel):
            self.clock.time(f"{stage.place}.fit", fit)
        if read_rng_state(rng) != before:
            self.stochastic.append(stage.place)
        self._note_choices(stage)

    def _note_choices(self, stage: Stage) -> None:
        if isinstance(stage.component, Chooses):
            for name, value in stage.call("list_choices").items():
                is_path = name.partition(".")[0] in SLOTS
                self.choices[name if is_path else f"{stage.place}.{name}"] = value
        if isinstance(stage.component, Searches):
            self.trials.extend(stage.component.list_trials())

    def predict(
        self, pipeline: Pipeline, test: Sequence[ClipState]
    ) -> tuple[list[list[float]], dict[str, Mapping[str, Any]]]:
        """Probabilities of one test clip at a time, and by clip id what explains them."""
        rows: list[list[float]] = []
        explained: dict[str, Mapping[str, Any]] = {}
        stage = pipeline.classifier
        what = f"fold '{self.split.name}', classifier {type(stage.component).__name__}"
        classes, multilabel = len(self.sample.classes), self.sample.multilabel
        for at, state in zip(self.split.test, test, strict=True):
            found = self.clock.time(stage.place, call_predict, stage, state)
            rows.append(check_probabilities(found, classes, what, multilabel=multilabel).tolist())
            arrays = self.clock.time(stage.place, explain_clip, stage, state).explained
            if arrays:
                explained[self.sample.uids[at]] = {name: a.tolist() for name, a in arrays.items()}
        return rows, explained

    def rng(self, number: int) -> np.random.Generator:
        """A generator of (seed, fold, stage) alone, in any order and on any number of workers."""
        return np.random.default_rng([self.seed, zlib.crc32(self.split.name.encode()), number])


@contextlib.contextmanager
def name_fold_errors(fold: str, stage: Stage, *, multilabel: bool) -> Iterator[None]:
    """Whatever goes wrong in a stage's fit becomes a `ComponentError` that names fold and place."""
    where = f"{fold}, {stage.place}"
    try:
        yield
    except MertkError as error:
        raise ComponentError(f"{where}: {error}") from error
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        many = "; labels are [clips, classes] here, as the protocol is multi-label"
        raise ComponentError(
            f"{where} ({type(stage.component).__name__}): {describe_error(error)}"
            f"{many if multilabel else ''}"
        ) from error


def read_rng_state(rng: np.random.Generator) -> tuple[Any, ...]:
    """What changes when random numbers are drawn, or a generator is spawned."""
    source: Any = rng.bit_generator
    return source.state, source.seed_seq.n_children_spawned


def can_fit_folds_together(pipeline: Pipeline, device: str = "") -> bool:
    """Whether what learns first can be fitted for several folds; no classifier that trains blocks.

    With a device, whether it is to be done there.
    """
    component = pipeline.head.component
    where = get_offer("component", component, "together_on")
    here = not device or device.startswith((where, "auto"))
    apart = pipeline.head is not pipeline.classifier or not pipeline.blocks
    return isinstance(component, FitsFolds) and apart and here


def build_fold_pipelines(
    build: Callable[[], Pipeline],
    states: ClipStates,
    sample: LabelledClips,
    splits: Sequence[Split],
    seed: int,
) -> Iterator[Pipeline]:
    """A new pipeline for each fold; what learns first in it is fitted already if it can be.

    It is fitted when its pipeline is requested, so that the folds before it can be saved by then.
    Nothing before it learns, so all clips are there at once, those that a fold holds out too: that
    they leave no trace is the component's duty, and `mertk audit` looks.
    """
    pipeline = build()
    if not can_fit_folds_together(pipeline):
        for _ in splits:
            yield build()
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
        inputs=list(map(head.select_input, map(states.__getitem__, range(len(sample.uids))))),
        labels=sample.labels.copy(),  # whatever is done to them, the truth is kept
        people=sample.people.copy(),
        classes=sample.classes,
        aus=list(sample.aus),
    )
    number = len(pipeline.inside) if head is pipeline.classifier else pipeline.inside.index(head)
    rngs, train = [], []
    for split in splits:
        rngs.append(FoldFit(sample, split, seed).rng(number))
        train.append(split.train)
    before = list(map(read_rng_state, rngs))
    fit = functools.partial(head.component.fit_folds, clips, train, rngs)
    found, given = _call_late(fit), list[Any]()
    for split, rng, old in zip(splits, rngs, before, strict=True):
        start, cpu = time.perf_counter(), time.process_time()
        fold = f"fold '{split.name}' of {len(splits)} at once"
        with name_fold_errors(fold, head, multilabel=sample.multilabel):
            component = next(found, None)
            if component is None or any(component is other for other in given):
                raise ComponentError(
                    f"fit_folds gave {len(given)} different components for {len(splits)} folds; "
                    "give one new fitted component per fold"
                )
        given.append(component)
        fitted = Fitted(
            seconds=time.perf_counter() - start,
            cpu=time.process_time() - cpu,
            stochastic=read_rng_state(rng) != old,
        )
        yield Stage(head.place, component, fitted)
    with name_fold_errors(f"{len(splits)} folds at once", head, multilabel=sample.multilabel):
        if next(found, None) is not None:
            raise ComponentError("fit_folds gave more components than there are folds")


def _call_late(fit: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Call `fit` when the first of what it yields is requested."""
    yield from fit()
