"""Runs in TensorBoard: `mertk --plugin mertk_observers.tensorboard bench …`.

Needs the extras `torch` and `tensorboard`. Look with `tensorboard --logdir runs`.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mertk

_DONE: Counter[Path] = Counter()  # how many folds of a run this process has been told of


@mertk.hookimpl
def mertk_fold_done(fold: Mapping[str, Any], folder: Path) -> None:
    """Write down what a fold took, as soon as it is done."""
    _DONE[folder] += 1
    with _open_writer(folder) as writer:
        for stage, seconds in fold["seconds"].items():
            writer.add_scalar(f"seconds/{stage}", seconds, _DONE[folder])


@mertk.hookimpl
def mertk_run_done(scores: Mapping[str, float], folder: Path) -> None:
    """Write down the pooled scores."""
    with _open_writer(folder) as writer:
        for score, value in scores.items():
            writer.add_scalar(f"scores/{score}", value)


def _open_writer(folder: Path) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"))
