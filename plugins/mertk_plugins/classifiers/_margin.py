"""What the support vector machines share: fitting on streams, and margins as probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import mertk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Margin:
    """A fitted estimator with a `decision_function`, over the classes that training held."""

    estimator: Any
    present: NDArray[np.int64]
    classes: int

    @classmethod
    def fit(cls, estimator: Any, rows: Floats, labels: NDArray[np.int64], classes: int) -> Margin:
        """Fit a copy of the estimator, unless there is but one class."""
        from sklearn.base import clone

        present = np.unique(labels)
        estimator = clone(estimator)
        if len(present) > 1:
            estimator.fit(rows, labels)
        return cls(estimator, present, classes)

    def predict(self, row: Floats) -> NDArray[np.float64]:
        """The softmax of the margins `[classes]`: same winner as the estimator, not calibrated.

        Platt scaling would be fitted by random inner folds, which mix people and may contradict
        the estimator's own decision.
        """
        found = np.zeros(self.classes)
        found[self.present] = 1.0
        if len(self.present) > 1:
            margins = self.estimator.decision_function(row[None])[0]
            if len(self.present) == 2:
                margins = np.array([0.0, margins])
            weights = np.exp(margins - margins.max())
            found[self.present] = weights / weights.sum()
        return found


@dataclass(frozen=True, slots=True)
class Machines:
    """One machine over all classes, or in multi-label training one per class."""

    margins: tuple[Margin, ...]
    multilabel: bool

    @classmethod
    def fit(cls, estimator: Any, train: mertk.Train[mertk.Streams], *, scale: bool) -> Machines:
        """Fit on the flattened streams, standardised by the training clips where `scale`."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        rows = mertk.design_matrix(train.inputs)
        if not rows.shape[1]:
            raise mertk.ComponentError("no features to learn from; give the recipe an extractor")
        whole = make_pipeline(*([StandardScaler()] if scale else []), estimator)
        if train.multilabel:
            margins = [Margin.fit(whole, rows, present, 2) for present in train.labels.T]
        else:
            margins = [Margin.fit(whole, rows, train.labels, len(train.classes))]
        return cls(tuple(margins), train.multilabel)

    def predict(self, streams: mertk.Streams) -> NDArray[np.float64]:
        """Class probabilities `[classes]`; a class that training always or never held is sure."""
        row = mertk.flatten(streams)
        found = [margin.predict(row) for margin in self.margins]
        return np.array([present for _, present in found]) if self.multilabel else found[0]
