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
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import ComponentError
from mertk.core.splits import Split
from mertk.evaluation.epoch_choice import Epochs, file_of
from mertk.experiment.jobs import CachedClipStates, Job, at_work
from mertk.nn import training
from mertk.pipeline.fold import LabelledClips, run_fold
from mertk.storage.ledger import Run
from mertk.storage.run_files import write_sealed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Streams
    from mertk.nn.training import Trained
    from mertk.pipeline.pipeline import ClipState, Pipeline
    from mertk.storage.ledger import Fold

SHARE = 0.2  # of the training people, for the inner choice


def do_epochs(job: Job, split: Split, seed: int) -> bool:
    """A unit of work: look at a fold's epochs and write them down; False where there are none."""
    with at_work(job) as line:
        fold, test = _run_watched_fold(line, job, split, seed)
    inner_truth: list[Any] = []
    inner: list[Any] = []
    if test:
        inside = inner_split(split, job.sample, seed)
        with at_work(job) as line:
            other, inner = _run_watched_fold(line, job, inside, seed)
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


def inner_split(split: Split, sample: LabelledClips, seed: int) -> Split:
    """The training clips of a fold, a fifth of their people held out; at least one person."""
    people = np.unique(sample.people[split.train])
    if len(people) < 2:
        raise ComponentError(f"fold '{split.name}' trains on one person: there is no inner choice")
    rng = np.random.default_rng([seed, zlib.crc32(split.name.encode()), zlib.crc32(b"inner")])
    out = rng.choice(people, max(1, round(SHARE * len(people))), replace=False)
    held = np.isin(sample.people[split.train], out)
    return Split(split.name, split.train[~held], split.train[held])


def _run_watched_fold(line: Pipeline, job: Job, split: Split, seed: int) -> tuple[Fold, list[Any]]:
    look = _Look()
    fold = run_fold(line, CachedClipStates(job), job.sample, split, seed, watch=look.at)
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
    def at(self, asked: Sequence[ClipState]) -> Iterator[None]:
        """Look while the classifier is fitted."""
        streams: list[Streams] = [parcel.streams for parcel in asked]

        def note(trained: Trained, _epoch: int) -> None:
            self.rows.append(trained.probabilities(training.stack_streams(streams)))

        with training.call_on_epoch(note):
            yield
