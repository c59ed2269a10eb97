"""The folds: who is held out, and the check that nobody is on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import ProtocolError
from mertk.core.spelling import check_spelling


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One fold: positions of its training and test clips `[clips]`, and its name."""

    name: str
    train: NDArray[np.int64]
    test: NDArray[np.int64]


def leave_one_subject_out(people: Sequence[str]) -> list[Split]:
    """One fold per person, in order of first appearance; needs at least two people.

    Examples:
        >>> for split in mertk.leave_one_subject_out(["s1", "s2", "s1"]):
        ...     print(split.name, split.train.tolist(), split.test.tolist())
        s1 [1] [0, 2]
        s2 [0, 2] [1]

    Raises `ProtocolError` where people differ in spelling alone, such as `1` and `01`.
    """
    groups = np.asarray(people)
    names = list(dict.fromkeys(people))
    if len(names) < 2:
        raise ProtocolError(
            f"leave-one-subject-out needs at least 2 subjects; the clips ({len(groups)}) are of "
            f"{len(names)}: {', '.join(names) or 'nobody'}"
        )
    check_spelling("people", names, ProtocolError, "leave-one-subject-out")
    return [Split(n, np.flatnonzero(groups != n), np.flatnonzero(groups == n)) for n in names]


def split_people(
    people: Sequence[str],
    labels: NDArray[np.int64],
    folds: int,
    *,
    rng: np.random.Generator | None = None,
) -> list[Split]:
    """Folds of whole people, each with about the same share of every class.

    People are dealt out one after the other, those with most clips of one class first, each to the
    fold that then leaves the classes spread most evenly. The order of the clips does not matter.

    Args:
        people: whose clip each is `[clips]`.
        labels: class numbers `[clips]`, or 0 and 1 for each class `[clips, classes]`.
        folds: the number of folds, 2 or more.
        rng: gives the order of people with equal counts; by default they go by their names.

    Raises:
        ProtocolError: there are fewer people than folds, or two differ in spelling alone.
    """
    names, of_clip = np.unique(np.asarray(people, str), return_inverse=True)
    check_folds(folds, names.tolist())
    classes = labels if labels.ndim == 2 else np.eye(int(labels.max()) + 1)[labels]
    counts = np.zeros((len(names), classes.shape[1]))
    np.add.at(counts, of_clip, classes)
    drawn = np.arange(len(names)) if rng is None else rng.permutation(len(names))
    order = np.lexsort((drawn, -counts.max(axis=1)))
    dealt = _deal_people(counts / np.maximum(counts.sum(axis=0), 1), order, folds)
    return group_folds(of_clip, [np.flatnonzero(dealt == at) for at in range(folds)])


def check_folds(folds: int, names: Sequence[str]) -> None:
    """Raise `ProtocolError` where people `names` cannot make up so many folds."""
    if not 2 <= folds <= len(names):
        raise ProtocolError(
            f"folds={folds}: give 2 or more, and at most the number of people, which is "
            f"{len(names)}"
        )
    check_spelling("people", names, ProtocolError, "folds of whole people")


def group_folds(of_clip: NDArray[np.int64], parts: Sequence[NDArray[np.int64]]) -> list[Split]:
    """One fold per part, which holds the numbers of its people; `of_clip` are those of clips."""
    tests = [np.isin(of_clip, part) for part in parts]
    return [
        Split(f"fold{at}", np.flatnonzero(~test), np.flatnonzero(test))
        for at, test in enumerate(tests, start=1)
    ]


def _deal_people(
    shares: NDArray[np.float64], order: NDArray[np.int64], folds: int
) -> NDArray[np.int64]:
    """The fold of each person, from the person's share of each class `[people, classes]`."""
    held = np.zeros((folds, shares.shape[1]))
    people = np.zeros(folds, np.int64)
    found = np.zeros(len(shares), np.int64)
    for number, person in enumerate(order):
        # (a + b)² - a² is what the sum of squares over folds grows by: least where folds are even
        growth = np.round((shares[person] * (shares[person] + 2 * held)).sum(axis=1), 12)
        if len(order) - number <= (people == 0).sum():
            growth[people > 0] = np.inf  # no fold may stay empty
        at = np.lexsort((people, growth))[0]
        held[at] += shares[person]
        people[at] += 1
        found[person] = at
    return found


class LeaveOneSubjectOut:
    """`leave_one_subject_out` as a cross-validator for scikit-learn: `cross_val_predict(…, cv=)`.

    `groups` are the people `[clips]`; where `X` are clips of mertk, their own by default.
    """

    def split(
        self,
        X: Any,  # noqa: N803  the names are scikit-learn's
        y: Any = None,  # noqa: ARG002
        groups: Any = None,
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Training and test positions, one person after the other; needs at least two people."""
        for fold in leave_one_subject_out(self._list_people(X, groups)):
            yield fold.train, fold.test

    def get_n_splits(
        self,
        X: Any = None,  # noqa: N803
        y: Any = None,  # noqa: ARG002
        groups: Any = None,
    ) -> int:
        """How many people there are."""
        return len(set(self._list_people(X, groups)))

    @staticmethod
    def _list_people(clips: Any, groups: Any) -> list[str]:
        people = (
            [getattr(clip, "person", None) for clip in clips] if groups is None else list(groups)
        )
        if None in people:
            raise ProtocolError(
                "leave-one-subject-out must know whose clips these are; give groups= a person for "
                "each, or clips of mertk"
            )
        return list(map(str, people))


def check_splits(
    splits: Iterable[Split], people: Sequence[str], *, every: bool = True
) -> list[Split]:
    """The folds, after checking that each is fit for use.

    Raises `ProtocolError` where a person is on both sides, a side is empty, two folds share a
    name, or a clip is tested twice, or (unless `every` is false) not at all.
    """
    folds = list(splits)
    groups = np.asarray(people)
    names = [fold.name for fold in folds]
    if len(set(names)) < len(names):
        raise ProtocolError("two folds have the same name")
    for fold in folds:
        if not len(fold.train) or not len(fold.test):
            raise ProtocolError(f"fold '{fold.name}' has no training clip or no test clip")
        both = np.intersect1d(groups[fold.train], groups[fold.test])
        if len(both):
            raise ProtocolError(f"fold '{fold.name}' has {both[0]} in training and in test")
    tested: NDArray[Any] = np.concatenate([fold.test for fold in folds])
    tests = len(np.unique(tested))
    if tests != len(tested) or (every and tests != len(groups)):
        how = "exactly once" if every else "no more than once"
        raise ProtocolError(
            f"{len(groups)} clips, but {len(tested)} tests of {tests} clips: "
            f"every clip must be tested {how}"
        )
    return folds
