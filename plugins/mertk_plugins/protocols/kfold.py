"""Folds of whole people: fewer trainings than leaving out one person after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.core.clip_lists import Manifest
from mertk.core.offers import get_offer
from mertk.core.splits import check_folds, group_folds, split_people
from mertk_plugins.protocols.label_maps import PROTOCOLS

DFME_7 = PROTOCOLS["dfme_7"][0]


class KFold:
    """Any protocol's clips and labels in folds of whole people, such as `kfold:labels=megc2019`.

    Each fold has about the same share of every class, as far as whole people allow it. Scores are
    pooled over all folds. They are not those of leaving one subject out: compare them with runs in
    the same folds alone.

    Args:
        folds: the number of folds, 2 or more, and no more than there are people.
        labels: the protocol that says which clips count, under which class names, and how they are
            scored; its own folds are not used.
        shuffle: a number that the folds are drawn by, to repeat an evaluation with others; null
            takes people with equally many clips by their names.
    """

    def __init__(
        self, *, folds: int = 10, labels: str = "loso", shuffle: int | None = None
    ) -> None:
        if folds < 2:
            raise ValueError(f"folds={folds}; 2 or more")
        if shuffle is not None and shuffle < 0:
            raise ValueError(f"shuffle={shuffle}; 0 or more, or null")
        use = mertk.Use.parse(labels)
        if use.name == "kfold":
            raise ValueError("labels=kfold; name the protocol that gives the labels")
        self._folds = folds
        self._shuffle = shuffle
        rules: mertk.EvaluationProtocol = mertk.load_plugins().registry.build("protocol", use)
        self._rules = rules

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that the labels are made for."""
        return self._rules.datasets

    @property
    def classes(self) -> tuple[str, ...]:
        """The class list of the labels; empty: all that are found."""
        return self._rules.classes

    @property
    def multilabel(self) -> bool:
        """Whether a clip may have any number of classes."""
        found: bool = get_offer("protocol", self._rules, "multilabel")
        return found

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """The clip lists that the labels are published with."""
        found: tuple[Manifest, ...] = get_offer("protocol", self._rules, "manifests")
        return found

    def label(self, clip: mertk.Clip, /) -> str | Collection[str] | None:
        """What the protocol of the labels says."""
        return self._rules.label(clip)

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """The folds; raises `ProtocolError` where there are fewer people than folds."""
        given = [self.label(clip) for clip in clips]
        names = sorted({name for one in given for name in _list_labels(one)})
        members = np.zeros((len(clips), len(names)), np.int64)
        for row, one in zip(members, given, strict=True):
            row[[names.index(name) for name in _list_labels(one)]] = 1
        rng = None if self._shuffle is None else np.random.default_rng(self._shuffle)
        people = [clip.person for clip in clips]
        return split_people(people, members, self._folds, rng=rng)

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """As the protocol of the labels scores."""
        return self._rules.score(confusion)


def _list_labels(label: str | Collection[str] | None) -> Collection[str]:
    return [label] if isinstance(label, str) else label or []


class DFMETenFolds(DFME_7):  # type: ignore[misc,valid-type]
    """DFME in its seven emotions, in ten folds of whole people.

    The subjects, sorted by name, are shuffled with random state 1 and cut into ten, as
    scikit-learn's `KFold` does it; classes are not stratified. All parts of the official split
    count alike. Its authors print the test score of every epoch; here none is chosen by it.
    """

    tests_all = True

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """Ten folds; raises `ProtocolError` where there are fewer people."""
        from sklearn.model_selection import KFold as Shuffled

        names, of_clip = np.unique([clip.person for clip in clips], return_inverse=True)
        check_folds(10, names.tolist())
        parts = Shuffled(10, shuffle=True, random_state=1).split(names)
        return group_folds(of_clip, [part for _, part in parts])


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.protocol("kfold", KFold)
    register.protocol("dfme_10fold", DFMETenFolds, paper="doi:10.1109/TAFFC.2023.3341918")
