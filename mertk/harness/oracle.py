"""The oracle gap: what choosing the epoch gives, honestly and on the test subject.

A second look at a run, never part of it: each fold is fitted again, once as ever and once without
some whole people of its training clips, and its network is asked after each epoch. The answers
lie as JSON below the run's folder, one file a (seed, fold), and can be finished like folds.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk import stats, training
from mertk.errors import ComponentError, StorageError
from mertk.harness.folds import Sample, run_fold
from mertk.harness.work import Job, Stock, at_work
from mertk.ledger import Run
from mertk.runfiles import read_sealed, write_sealed
from mertk.splits import Split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.clips import Streams
    from mertk.harness.line import Line, Parcel
    from mertk.ledger import Fold
    from mertk.training import Trained

SHARE = 0.2  # of the training people, for the inner choice
RULES = ("last epoch", "chosen on inner subjects", "chosen on the test subject (LEAKED)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Epochs:
    """A fold's answers after each epoch `[epochs, clips, classes]`; none for what has no epochs.

    `inner` are those of a network that did not see the inner clips, which are whole people of the
    fold's training part.
    """

    fold: str
    seed: int
    people: Sequence[str]
    truth: Sequence[Any]
    inner_truth: Sequence[Any]
    test: Sequence[Any] = ()
    inner: Sequence[Any] = ()

    def chosen(self) -> dict[str, int]:
        """The epoch by each rule, from 0: most clips (labels) right, and of several the first."""
        inner = _right(self.inner, self.inner_truth)
        test = _right(self.test, self.truth)
        epochs = (len(self.test) - 1, int(inner.argmax()), int(test.argmax()))
        return dict(zip(RULES, epochs, strict=True))

    def predicted(self, epoch: int) -> NDArray[np.int64]:
        """The classes of the held-out clips `[clips]`, or `[clips, classes]` of 0 and 1."""
        return _classes(np.asarray(self.test[epoch]), self.truth)


def do_epochs(job: Job, split: Split, seed: int) -> bool:
    """A unit of work: look at a fold's epochs and write them down; False where there are none."""
    with at_work(job) as line:
        fold, test = _epochs(line, job, split, seed)
    inner_truth: list[Any] = []
    inner: list[Any] = []
    if test:
        inside = inner_split(split, job.sample, seed)
        with at_work(job) as line:
            other, inner = _epochs(line, job, inside, seed)
        inner_truth = list(other.truth)
    found = Epochs(
        fold=split.name,
        seed=seed,
        people=fold.people,
        truth=fold.truth,
        inner_truth=inner_truth,
        test=test,
        inner=inner,
    )
    write_sealed(file_of(job.run, seed, split.name), Run(job.run).key, asdict(found))
    return bool(test)


def inner_split(split: Split, sample: Sample, seed: int) -> Split:
    """The training clips of a fold, a fifth of their people held out; at least one person."""
    people = np.unique(sample.people[split.train])
    if len(people) < 2:
        raise ComponentError(f"fold '{split.name}' trains on one person: there is no inner choice")
    rng = np.random.default_rng([seed, zlib.crc32(split.name.encode()), zlib.crc32(b"inner")])
    out = rng.choice(people, max(1, round(SHARE * len(people))), replace=False)
    held = np.isin(sample.people[split.train], out)
    return Split(split.name, split.train[~held], split.train[held])


def file_of(run: Path, seed: int, fold: str) -> Path:
    """Where a fold's epochs are."""
    return run / "oracle" / f"seed{seed}-{zlib.crc32(fold.encode()):08x}.json"


def read(run: Run, seed: int, fold: str) -> Epochs | None:
    """What was written of a fold; None where it was not, or is damaged, which `contents` tells."""
    try:
        found = read_sealed(file_of(run.path, seed, fold), run.key)
        epochs = Epochs(**found) if found else None
    except (StorageError, TypeError):
        return None
    return epochs if epochs and (epochs.seed, epochs.fold) == (seed, fold) else None


def _epochs(line: Line, job: Job, split: Split, seed: int) -> tuple[Fold, list[Any]]:
    look = _Look()
    fold = run_fold(line, Stock(job), job.sample, split, seed, watch=look.at)
    if look.rows and not np.allclose(look.rows[-1], fold.probabilities, atol=1e-3):
        raise ComponentError(
            "oracle gap: the classifier's answers are not those of the network that it trains, so "
            "its epochs cannot be told apart"
        )
    return fold, [np.round(rows, 5).tolist() for rows in look.rows]


@dataclass(frozen=True, slots=True)
class _Look:
    """Asks the network that a classifier trains about clips, after each epoch."""

    rows: list[NDArray[np.float64]] = field(default_factory=list)

    @contextlib.contextmanager
    def at(self, asked: Sequence[Parcel]) -> Iterator[None]:
        """Look while the classifier is fitted."""
        streams: list[Streams] = [parcel.streams for parcel in asked]

        def note(trained: Trained, _epoch: int) -> None:
            self.rows.append(trained.probabilities(training.stacked(streams)))

        with training.watched(note):
            yield


def _right(epochs: Sequence[Any], truth: Sequence[Any]) -> NDArray[np.float64]:
    """The share that is right after each epoch."""
    hits = [_classes(np.asarray(rows), truth) == np.asarray(truth) for rows in epochs]
    return np.asarray([hit.mean() for hit in hits])


def _classes(rows: NDArray[np.float64], truth: Sequence[Any]) -> NDArray[np.int64]:
    multilabel = np.ndim(truth) == 2
    return (rows >= 0.5).astype(np.int64) if multilabel else rows.argmax(axis=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """One rule of choosing the epoch: confusions `[seeds, subjects, …]` and the mean epoch."""

    rule: str
    confusions: NDArray[np.int64]
    epoch: float


def gaps(run: Run, folds: Sequence[Fold]) -> list[Gap]:
    """The three rules on a run's epochs, over the seeds of which all of `folds` were looked at."""
    looked = []
    for seed in sorted({fold.seed for fold in folds}):
        names = [fold.name for fold in folds if fold.seed == seed]
        found = [one for name in names if (one := read(run, seed, name)) and len(one.test)]
        if len(found) == len(names):
            looked.append(found)
    if not looked:
        return []
    return [_gap(rule, looked, len(run.classes)) for rule in RULES]


def has_no_epochs(run: Run, folds: Sequence[Fold]) -> bool:
    """Whether a look at some of these folds has shown that nothing there has epochs."""
    found = (read(run, fold.seed, fold.name) for fold in folds)
    return any(one is not None and not len(one.test) for one in found)


def _gap(rule: str, looked: Sequence[Sequence[Epochs]], classes: int) -> Gap:
    confusions = []
    for found in looked:
        people = np.concatenate([np.asarray(one.people) for one in found])
        truth = np.concatenate([np.asarray(one.truth) for one in found])
        answers = np.concatenate([one.predicted(one.chosen()[rule]) for one in found])
        confusions.append(stats.subject_confusions(truth, answers, people, classes))
    epochs = [one.chosen()[rule] + 1 for found in looked for one in found]
    return Gap(rule, np.stack(confusions), float(np.mean(epochs)))
