"""The fold pass: build new, fit on the training clips, ask about one test clip at a time, drop."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.clips import Train
from mertk.components import Explains
from mertk.errors import ComponentError, MertkError
from mertk.harness.line import Clock, Line, Parcel, Step, check_probabilities
from mertk.ledger import Fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.splits import Split


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The clips of a run as the fold pass knows them: ids, people, labels, all `[clips]`."""

    uids: Sequence[str]
    people: NDArray[np.str_]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]


def run_fold(line: Line, parcels: Sequence[Parcel], sample: Sample, split: Split, seed: int) -> Fold:
    """Fit and predict one fold. `line` must be new: what it learns stays in its components."""
    start = time.perf_counter()
    clock = Clock()
    known = [clock.time("load", parcels.__getitem__, int(at)) for at in split.train]
    asked = [clock.time("load", parcels.__getitem__, int(at)) for at in split.test]
    for number, step in enumerate(line.inside[:-1]):
        if step.joint:
            continue
        if step.learns:
            _fit(step, known, sample, split, _rng(seed, split.name, number), clock)
        known = [clock.time(step.place, step.apply, parcel) for parcel in known]
        asked = [clock.time(step.place, step.apply, parcel) for parcel in asked]
    rng = _rng(seed, split.name, len(line.inside))
    _fit(line.classifier, known, sample, split, rng, clock, line.blocks)
    rows, explained = _predict(line.classifier, asked, sample, split, clock)
    clock.seconds["total"] = time.perf_counter() - start
    return Fold(
        name=split.name,
        seed=seed,
        uids=[sample.uids[at] for at in split.test],
        people=[str(sample.people[at]) for at in split.test],
        truth=[int(sample.labels[at]) for at in split.test],
        probabilities=rows,
        seconds={name: round(spent, 6) for name, spent in clock.seconds.items()},
        explained=explained,
    )


def _fit(
    step: Step,
    known: Sequence[Parcel],
    sample: Sample,
    split: Split,
    rng: np.random.Generator,
    clock: Clock,
    blocks: Sequence[Any] = (),
) -> None:
    train = Train(
        inputs=[step.takes(parcel) for parcel in known],
        labels=sample.labels[split.train],
        people=sample.people[split.train],
        classes=sample.classes,
    )
    fit = step.component.fit
    try:
        if blocks:
            clock.time(f"{step.place}.fit", lambda: fit(train, rng, through=blocks))
        else:
            clock.time(f"{step.place}.fit", fit, train, rng)
    except MertkError as error:
        raise type(error)(f"fold '{split.name}', {step.place}: {error}") from error
    except Exception as error:
        raise ComponentError(
            f"fold '{split.name}', {step.place} ({type(step.component).__name__}): "
            f"{type(error).__name__}: {error}"
        ) from error


def _predict(
    step: Step, asked: Sequence[Parcel], sample: Sample, split: Split, clock: Clock
) -> tuple[list[list[float]], dict[str, Mapping[str, Any]]]:
    rows, explained = [], {}
    what = f"fold '{split.name}', classifier {type(step.component).__name__}"
    for at, parcel in zip(split.test, asked, strict=True):
        found = clock.time(step.place, step.component.predict, parcel.streams)
        rows.append(check_probabilities(found, len(sample.classes), what).tolist())
        if isinstance(step.component, Explains):
            said = clock.time(step.place, step.component.explain, parcel.streams)
            explained[sample.uids[at]] = {n: np.asarray(a).tolist() for n, a in said.items()}
    return rows, {uid: said for uid, said in explained.items() if said}


def _rng(seed: int, fold: str, step: int) -> np.random.Generator:
    """Chance from (seed, fold, step) alone: the same in any order, on any number of workers."""
    return np.random.default_rng([seed, zlib.crc32(fold.encode()), step])
