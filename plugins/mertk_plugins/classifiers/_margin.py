"""What the support vector machines share: fitting on streams, and margins as probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import mertk

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Margin:
    """A fitted estimator with a `decision_function`, over the classes that training held."""

    estimator: Any
    present: NDArray[np.int64]
    classes: int

    @classmethod
    def fit(cls, estimator: Any, train: mertk.Train[mertk.Streams], *, scale: bool) -> Margin:
        """Fit on the flattened streams, standardised by the training clips where `scale`."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        rows = mertk.design_matrix(train.inputs)
        if not rows.shape[1]:
            raise mertk.ComponentError("no features to learn from; give the recipe an extractor")
        present = np.unique(train.labels)
        if len(present) > 1:
            steps = [StandardScaler(), estimator] if scale else [estimator]
            estimator = make_pipeline(*steps).fit(rows, train.labels)
        return cls(estimator, present, len(train.classes))

    def predict(self, streams: mertk.Streams) -> NDArray[np.float64]:
        """The softmax of the margins `[classes]`: same winner as the estimator, not calibrated.

        Platt scaling would be fitted by random inner folds, which mix people and may contradict
        the estimator's own decision.
        """
        found = np.zeros(self.classes)
        found[self.present] = 1.0
        if len(self.present) > 1:
            margins = self.estimator.decision_function(mertk.flatten(streams)[None])[0]
            if len(self.present) == 2:
                margins = np.array([0.0, margins])
            weights = np.exp(margins - margins.max())
            found[self.present] = weights / weights.sum()
        return found
