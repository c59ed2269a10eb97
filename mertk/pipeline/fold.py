"""The fold pass: build new, fit on the training clips, ask about one test clip at a time, drop."""

from __future__ import annotations

import contextlib
import functools
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mertk.core.clips import TrainingSet
from mertk.core.errors import ComponentError, MertkError, describe_error
from mertk.pipeline.pipeline import (
    ClipState,
    Clock,
    Pipeline,
    Stage,
    call_explain,
    call_predict,
    check_probabilities,
)
from mertk.storage.ledger import Fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.splits import Split


class ClipStates(Protocol):
    """Gives the parcel of clip i."""

    def __getitem__(self, at: int, /) -> ClipState:
        """What crossed the frontier for this clip."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LabelledClips:
    """The clips of a run as the fold pass knows them: ids, people, labels, all `[clips]`.

    Labels are `[clips, classes]` of 0 and 1 under a multi-label protocol.
    """

    uids: Sequence[str]
    people: NDArray[np.str_]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    @property
    def multilabel(self) -> bool:
        """Whether a clip may have any number of the classes at once."""
        return self.labels.ndim == 2


Tap = Callable[[str, Sequence[ClipState], Sequence[ClipState]], None]
"""Is shown the training and the test parcels after each step, by the step's place."""


Watch = Callable[[Sequence[ClipState]], AbstractContextManager[Any]]
"""Is entered with the test parcels while the classifier is fitted."""


def run_fold(
    line: Pipeline,
    parcels: ClipStates,
    sample: LabelledClips,
    split: Split,
    seed: int,
    *,
    tap: Tap = lambda _place, _known, _asked: None,
    watch: Watch = contextlib.nullcontext,
) -> Fold:
    """Fit and predict one fold. `line` must be new: what it learns stays in its components.

    A step of it that is `fitted` is not fitted again; its share of the time counts as the fold's.
    """
    start = time.perf_counter()
    work = FoldFit(sample, split, seed, Clock())
    clock = work.clock
    known: Sequence[ClipState] = [
        clock.time("load", parcels.__getitem__, int(i)) for i in split.train
    ]
    asked: Sequence[ClipState] = [
        clock.time("load", parcels.__getitem__, int(i)) for i in split.test
    ]
    known, asked = fit_stages(line, work, known, asked, tap=tap, watch=watch)
    rows, said = work.predict(line, asked)
    tap(line.classifier.place, known, asked)
    shared = sum(step.fitted.seconds for step in line.inside if step.fitted)
    clock.seconds["total"] = time.perf_counter() - start + shared
    return Fold(
        name=split.name,
        seed=seed,
        uids=[sample.uids[at] for at in split.test],
        people=[str(sample.people[at]) for at in split.test],
        truth=sample.labels[split.test].tolist(),
        probabilities=rows,
        seconds={name: round(spent, 6) for name, spent in clock.seconds.items()},
        explained=said,
        drew=work.drew,
    )


def fit_stages(
    line: Pipeline,
    work: FoldFit,
    known: Sequence[ClipState],
    asked: Sequence[ClipState],
    *,
    tap: Tap = lambda _place, _known, _asked: None,
    watch: Watch = contextlib.nullcontext,
) -> tuple[Sequence[ClipState], Sequence[ClipState]]:
    """Fit what learns on the known parcels: these, and those to be asked about, as it sees them."""
    for number, step in enumerate(line.inside[:-1]):
        if step.joint:
            continue
        if step.learns:
            work.fit(step, known, number)
        known = [work.clock.time(step.place, step.apply, parcel) for parcel in known]
        asked = [work.clock.time(step.place, step.apply, parcel) for parcel in asked]
        tap(step.place, known, asked)
    with watch(asked):
        work.fit(line.classifier, known, len(line.inside), line.blocks)
    return known, asked


@dataclass(frozen=True, slots=True, eq=False)
class FoldFit:
    """One fold at work; `drew` fills with the slots whose `fit` is stochastic."""

    sample: LabelledClips
    split: Split
    seed: int
    clock: Clock
    drew: list[str] = field(default_factory=list)

    def fit(
        self, step: Stage, known: Sequence[ClipState], number: int, blocks: Sequence[Any] = ()
    ) -> None:
        """Fit a component on the training clips; its mistakes name the fold and the place."""
        if step.fitted:
            self.clock.seconds[f"{step.place}.fit"] = step.fitted.seconds
            if step.fitted.drew:
                self.drew.append(step.place)
            return
        train = TrainingSet(
            inputs=[step.takes(parcel) for parcel in known],
            labels=self.sample.labels[self.split.train],
            people=self.sample.people[self.split.train],
            classes=self.sample.classes,
        )
        rng = self.rng(number)
        before = read_rng_state(rng)
        through = {"through": blocks} if blocks else {}
        fit = functools.partial(step.component.fit, train, rng, **through)
        with name_fold_errors(f"fold '{self.split.name}'", step, multilabel=train.multilabel):
            self.clock.time(f"{step.place}.fit", fit)
        if read_rng_state(rng) != before:
            self.drew.append(step.place)

    def predict(
        self, line: Pipeline, asked: Sequence[ClipState]
    ) -> tuple[list[list[float]], dict[str, Mapping[str, Any]]]:
        """Ask about one test clip at a time: probabilities, and what they rest on."""
        rows, known = [], {}
        step = line.classifier
        what = f"fold '{self.split.name}', classifier {type(step.component).__name__}"
        classes, multilabel = len(self.sample.classes), self.sample.multilabel
        for at, parcel in zip(self.split.test, asked, strict=True):
            found = self.clock.time(step.place, call_predict, step, parcel)
            rows.append(check_probabilities(found, classes, what, multilabel=multilabel).tolist())
            said: dict[str, Any] = {}
            for part in line.explaining:
                said |= self.clock.time(part.place, call_explain, part, parcel)
            known[self.sample.uids[at]] = {name: array.tolist() for name, array in said.items()}
        return rows, {uid: said for uid, said in known.items() if said}

    def rng(self, step: int) -> np.random.Generator:
        """Chance from (seed, fold, step) alone: the same in any order, on any number of workers."""
        return np.random.default_rng([self.seed, zlib.crc32(self.split.name.encode()), step])


@contextlib.contextmanager
def name_fold_errors(fold: str, step: Stage, *, multilabel: bool) -> Iterator[None]:
    """Whatever goes wrong in a step's fit becomes a `ComponentError` that names fold and place."""
    where = f"{fold}, {step.place}"
    try:
        yield
    except MertkError as error:
        raise ComponentError(f"{where}: {error}") from error
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        many = "; labels are [clips, classes] here, as the protocol is multi-label"
        raise ComponentError(
            f"{where} ({type(step.component).__name__}): {describe_error(error)}"
            f"{many if multilabel else ''}"
        ) from error


def read_rng_state(rng: np.random.Generator) -> tuple[Any, ...]:
    """What changes when chance is drawn, or handed on by `spawn`."""
    source: Any = rng.bit_generator
    return source.state, source.seed_seq.n_children_spawned
