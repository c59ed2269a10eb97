"""The oracle gap: selecting the epoch on inner subjects compared with on the test subject.

This comes after a run and is not part of it. Each fold is fitted again, once as in the run and once
without some subjects of its training clips, and its network predicts after each epoch. The
predictions are JSON files below the run's folder, one a (seed, fold); finished ones are kept.
"""

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import ComponentError
from mertk.core.splits import Split
from mertk.evaluation.epoch_choice import Epochs, file_of
from mertk.experiment.jobs import CachedClipStates, Job, at_work
from mertk.nn import training
from mertk.nn.training import Trained
from mertk.pipeline.fold import LabelledClips, run_fold
from mertk.pipeline.pipeline import ClipState, Pipeline
from mertk.storage.ledger import Fold, Run
from mertk.storage.run_files import write_sealed

SHARE = 0.2  # of the training people, for the inner choice


def do_epochs(job: Job, split: Split, seed: int) -> bool:
    """A unit of work: predict after each epoch of a fold and write it; False without epochs."""
    with at_work(job) as pipeline:
        fold, test = _run_fold_by_epochs(pipeline, job, split, seed)
    inner_truth, inner = list[Any](), list[Any]()
    if test:
        inside = inner_split(split, job.sample, seed)
        with at_work(job) as pipeline:
            other, inner = _run_fold_by_epochs(pipeline, job, inside, seed)
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


def _run_fold_by_epochs(
    pipeline: Pipeline, job: Job, split: Split, seed: int
) -> tuple[Fold, list[Any]]:
    """Run a fold; also gives the probabilities of its test clips after each epoch."""
    rows: list[NDArray[np.float64]] = []

    def predict_after_epochs(clips: Sequence[ClipState]) -> AbstractContextManager[None]:
        streams = [state.streams for state in clips]

        def predict_clips(network: Trained, _epoch: int) -> None:
            rows.append(network.probabilities(training.stack_streams(streams)))

        return training.call_on_epoch(predict_clips)

    states = CachedClipStates(job)
    fold = run_fold(pipeline, states, job.sample, split, seed, tracing=predict_after_epochs)
    if rows and not np.allclose(rows[-1], fold.probabilities, atol=1e-3):
        raise ComponentError(
            "oracle gap: the classifier's predictions are not those of the network that it trains, "
            "so its epochs cannot be compared"
        )
    return fold, [np.round(one, 5).tolist() for one in rows]
