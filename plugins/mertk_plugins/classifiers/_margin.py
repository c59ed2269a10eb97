"""What classifiers by margins share: one fold or all at once, and margins as probabilities."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.classifiers._gram import (
    Clips,
    Fold,
    Indices,
    Labels,
    Matrix,
    Rows,
    Scaling,
    rows_of_folds,
)
from mertk_plugins.classifiers._linear import Linear, set_feature_weights


class Margins(Protocol):
    """What was learnt: margins for each class that training held."""

    def __call__(self, row: Matrix, /) -> Matrix:
        """The margins `[classes]` of a row `[features]`."""
        ...

    def of_clips(self, rows: Rows, at: Indices, /) -> Matrix:
        """The margins `[at, classes]` of clips by their places in the rows it was learnt from."""
        ...


_WEIGHED = 8
"""Folds, of milliseconds each, whose weights of features come out of one matrix product."""


class MarginClassifier:
    """A classifier from a subclass's `learner`; in multi-label training one for each class."""

    scale: bool = False
    choice: str
    """What `list_choices` calls the chosen strength of regularisation."""
    fitted: FoldModel

    def learner(self, rows: Rows, /) -> Callable[[Fold], Margins]:
        """What learns from one of the folds of `rows`, each of which holds two classes or more.

        What the folds share is computed here.
        """
        raise NotImplementedError

    def fit(self, train: Clips, _rng: np.random.Generator, /) -> None:
        """Fit on the flattened streams; nothing is random."""
        (self.fitted,) = self._learn_folds(train, [np.arange(len(train))])

    def fit_folds(
        self, clips: Clips, folds: Sequence[Indices], _rngs: Sequence[np.random.Generator], /
    ) -> Iterator[Self]:
        """Yield a fitted classifier per fold; the inner products of clips are computed once."""
        for fitted in self._learn_folds(clips, folds):
            found = copy.copy(self)
            found.fitted = fitted
            yield found

    def list_choices(self) -> dict[str, Any]:
        """The strength of regularisation, where it was chosen; if multi-label, for each class."""
        chosen = [model.chosen for model in self.fitted.each]
        found = chosen if self.fitted.multilabel else chosen[0]
        return {} if set(chosen) == {None} else {self.choice: found}

    def predict(self, streams: mertk.Streams, /) -> Matrix:
        """The softmax of the margins `[classes]`; of each class alone if multi-label."""
        return self.fitted.predict(streams)

    def _learn_folds(self, clips: Clips, folds: Sequence[Indices]) -> Iterator[FoldModel]:
        classes = 2 if clips.multilabel else len(clips.classes)
        for rows, together in rows_of_folds(clips, folds, scale=self.scale):
            learn = self.learner(rows)
            for start in range(0, len(together), _WEIGHED):
                group, linear = [], []
                for number in range(start, min(start + _WEIGHED, len(together))):
                    labels = clips.labels[together[number]]
                    each = labels.T if clips.multilabel else [labels]
                    models = [
                        ClassModel.learn(learn, Fold(rows, number, one), classes) for one in each
                    ]
                    group.append(FoldModel(rows.scaling, models, clips.multilabel))
                    linear += group[-1].linear
                set_feature_weights(rows, linear)
                yield from group


@mertk.stored
@dataclass(frozen=True, slots=True, eq=False)
class ClassModel:
    """Margins over the classes that training held; none where that was but one.

    `chosen` is the strength of regularisation, None where it was given or nothing was learnt.
    """

    present: Labels
    classes: int
    margins: Margins | None
    chosen: float | None

    @classmethod
    def learn(cls, learn: Callable[[Fold], Margins], fold: Fold, classes: int) -> ClassModel:
        """Learn from a fold, if there is anything to learn."""
        present = fold.present
        margins = learn(fold) if len(present) > 1 else None
        return cls(present, classes, margins, fold.chosen)

    def predict(self, row: Matrix) -> Matrix:
        """The softmax of the margins `[classes]`: the largest margin wins, not calibrated.

        Platt scaling would be fitted by random inner folds, which mix people and may contradict
        the margins' own decision.
        """
        found = np.zeros(self.classes)
        found[self.present] = 1.0
        if self.margins is not None:
            margins = self.margins(row)
            weights = np.exp(margins - margins.max())
            found[self.present] = weights / weights.sum()
        return found


@mertk.stored
@dataclass(frozen=True, slots=True, eq=False)
class FoldModel:
    """One model over all classes, or in multi-label training one per class."""

    scaling: Scaling
    each: Sequence[ClassModel]
    multilabel: bool

    @property
    def linear(self) -> list[Linear]:
        """The margins that are linear."""
        return [one.margins for one in self.each if isinstance(one.margins, Linear)]

    def predict(self, streams: mertk.Streams) -> NDArray[np.float64]:
        """Class probabilities `[classes]`; a class that training always or never held is sure."""
        row = self.scaling.row(streams)
        found = [model.predict(row) for model in self.each]
        return np.array([present for _, present in found]) if self.multilabel else found[0]
