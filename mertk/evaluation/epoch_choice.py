"""The scores by the rule that chooses the epoch: honest ones, and one that uses the test subject.

The predictions after every epoch are stored as JSON below the run's folder, one file a seed and
fold; `mertk.experiment.epoch_oracle` writes them.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import StorageError
from mertk.evaluation import statistics
from mertk.evaluation.outcomes import Outcome
from mertk.storage.ledger import Fold, Run
from mertk.storage.run_files import read_sealed

RULES = ("last epoch", "chosen on inner subjects", "chosen on the test subject (LEAKED)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Epochs:
    """A fold's predictions after each epoch `[epochs, clips, classes]`; none without epochs.

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
        inner = _compute_share_right(self.inner, self.inner_truth)
        test = _compute_share_right(self.test, self.truth)
        epochs = (len(self.test) - 1, int(inner.argmax()), int(test.argmax()))
        return dict(zip(RULES, epochs, strict=True))

    def predicted(self, epoch: int) -> NDArray[np.int64]:
        """The classes of the held-out clips `[clips]`, or `[clips, classes]` of 0 and 1."""
        return _choose_classes(np.asarray(self.test[epoch]), self.truth)


def file_of(run: Path, seed: int, fold: str) -> Path:
    """Where a fold's epochs are."""
    return run / "oracle" / f"seed{seed}-{zlib.crc32(fold.encode()):08x}.json"


def read_epochs(run: Run, seed: int, fold: str) -> Epochs | None:
    """The stored epochs of a fold; None without a sound file, which `Run.contents` reports."""
    try:
        found = read_sealed(file_of(run.path, seed, fold), run.key)
        epochs = Epochs(**found) if found else None
    except (StorageError, TypeError):
        return None
    return epochs if epochs and (epochs.seed, epochs.fold) == (seed, fold) else None


def _compute_share_right(epochs: Sequence[Any], truth: Sequence[Any]) -> NDArray[np.float64]:
    """The share that is right after each epoch."""
    hits = _choose_classes(np.asarray(epochs), truth) == np.asarray(truth)
    return np.asarray(hits.reshape(len(hits), -1).mean(axis=1))


def _choose_classes(rows: NDArray[np.float64], truth: Sequence[Any]) -> NDArray[np.int64]:
    multilabel = np.ndim(truth) == 2
    return (rows >= 0.5).astype(np.int64) if multilabel else rows.argmax(axis=-1)


@dataclass(frozen=True, slots=True)
class Gap:
    """One rule of choosing the epoch: confusions `[seeds, subjects, …]` and the mean epoch."""

    rule: str
    confusions: NDArray[np.int64]
    epoch: float


def compute_gaps(run: Run, folds: Sequence[Fold]) -> list[Gap]:
    """The three rules on a run's epochs, over the seeds of which all of `folds` were evaluated."""
    by_seed: dict[int, list[Epochs | None]] = {}
    for fold in folds:
        by_seed.setdefault(fold.seed, []).append(read_epochs(run, fold.seed, fold.name))
    confusions: dict[str, list[NDArray[np.int64]]] = {}
    epochs: dict[str, list[int]] = {}
    for seed in sorted(by_seed):
        found = [one for one in by_seed[seed] if one and len(one.test)]
        if len(found) < len(by_seed[seed]):
            continue
        people: list[str] = []
        truth: list[Any] = []
        for one in found:
            people += one.people
            truth += one.truth
        for rule in RULES:
            chosen = [one.chosen()[rule] for one in found]
            predicted = np.concatenate(list(map(Epochs.predicted, found, chosen)))
            confusions.setdefault(rule, []).append(
                statistics.subject_confusions(
                    np.asarray(truth), predicted, np.asarray(people), len(run.classes)
                )
            )
            epochs.setdefault(rule, []).extend(chosen)
    return [
        Gap(rule, np.stack(confusions[rule]), float(np.mean(epochs[rule]) + 1))
        for rule in confusions
    ]


def has_no_epochs(run: Run, folds: Sequence[Fold]) -> bool:
    """Whether some of these folds was evaluated, and has no epochs."""
    for fold in folds:
        found = read_epochs(run, fold.seed, fold.name)
        if found is not None and not len(found.test):
            return True
    return False


def tabulate_epochs(
    outcomes: Sequence[Outcome], scores: Callable[[NDArray[np.int64]], Mapping[str, float]]
) -> list[dict[str, Any]]:
    """The rows of `Results.epochs_table`; `scores` are those of confusion matrices."""
    rows: list[dict[str, Any]] = []
    for outcome in outcomes:
        gaps = compute_gaps(outcome.run, outcome.folds)
        for gap in gaps:
            row = {"model": outcome.name, "rule": gap.rule, "epoch": gap.epoch}
            rows.append(row | dict(scores(gap.confusions)))
        if not gaps and (outcome.run.path / "oracle").exists():
            known = has_no_epochs(outcome.run, outcome.folds)
            rule = "no epochs to choose from" if known else "not finished"
            rows.append({"model": outcome.name, "rule": rule})
    return rows
