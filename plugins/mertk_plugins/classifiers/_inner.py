"""The strength of regularisation, chosen on people who are held out inside the training part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from mertk.core.splits import split_people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mertk_plugins.classifiers._gram import Fold, Matrix
    from mertk_plugins.classifiers._margin import Margins

    Path = Callable[[Fold, Sequence[float]], Iterable[Margins]]
    Loss = Callable[[Matrix, Matrix], Matrix]

FOLDS = 5  # inner folds of whole people: fewer where there are fewer people


def check_strength(name: str, value: float | Literal["auto"]) -> None:
    """Raise `ValueError` unless a parameter is `auto` or above 0."""
    if value != "auto" and (isinstance(value, str) or not value > 0):
        raise ValueError(f"{name}={value}; it must be auto, or above 0")


def compute_mean_length(gram: Matrix) -> float:
    """The mean squared length of rows about their mean, from inner products; 1 where it is 0."""
    found = float(np.trace(gram) - gram.sum() / len(gram)) / len(gram)
    return found if found > 1e-12 * max(float(np.abs(gram).max()), 1e-300) else 1.0


def weigh_classes(members: Matrix, *, balanced: bool) -> Matrix:
    """The weight of each clip `[clips]`: 1, or by the inverse frequency of its class."""
    counts = members.sum(axis=0)
    return members @ (len(members) / (len(counts) * counts)) if balanced else np.ones(len(members))


def choose_value(
    fold: Fold,
    values: Sequence[float],
    path: Path,
    loss: Loss,
    *,
    balanced: bool,
    length: float = 1.0,
) -> float:
    """The value with the least loss on people of `fold` that were not learnt from.

    Args:
        fold: the clips that may be used.
        values: what to choose from; of equally good ones the first.
        path: learns from a part of the fold with each of the values.
        loss: of margins `[clips, classes]` and the classes of these clips, 1 for each clip's own.
        balanced: whether each class counts as much as any other.
        length: the factor by which `fold.chosen` differs from the value, for values that depend on
            the length of the rows.

    Returns:
        The middle one of `values` where all clips are of one person.
    """
    people = np.unique(fold.people)
    if len(people) < 2:
        return note_choice(fold, values[len(values) // 2], length)
    members = fold.members[fold.inside]
    weights = weigh_classes(members, balanced=balanced)
    sums = np.zeros(len(values))
    for split in split_people(fold.people.tolist(), fold.labels, min(FOLDS, len(people))):
        part = fold.select(split.train)
        columns = np.searchsorted(fold.present, part.present)
        for at, margins in enumerate(path(part, values) if len(columns) > 1 else ()):
            found = margins.of_clips(fold.rows, fold.inside[split.test])
            scores = np.full((len(found), len(fold.present)), found.min() - 1)
            scores[:, columns] = found
            sums[at] += weights[split.test] @ loss(scores, members[split.test])
    return note_choice(fold, values[int(np.argmin(sums))], length)


def note_choice(fold: Fold, value: float, length: float) -> float:
    """Keep the value times `length` as what the fold has chosen, and give the value."""
    fold.chosen = float(f"{value * length:.4g}")
    return value


def share_wrong(scores: Matrix, members: Matrix) -> Matrix:
    """1 for each clip whose largest margin is of another class."""
    found: Matrix = 1.0 - members[np.arange(len(scores)), scores.argmax(axis=1)]
    return found


def log_loss(scores: Matrix, members: Matrix) -> Matrix:
    """The negative logarithm of the softmax of each clip's own class."""
    scores = scores - scores.max(axis=1, keepdims=True)
    found: Matrix = np.log(np.exp(scores).sum(axis=1)) - (scores * members).sum(axis=1)
    return found


def squared_hinge(scores: Matrix, members: Matrix) -> Matrix:
    """The squared hinge of each clip, summed over one class against the rest."""
    signs = 2 * members - 1
    found: Matrix = np.square(np.maximum(0, 1 - signs * scores)).sum(axis=1)
    return found
