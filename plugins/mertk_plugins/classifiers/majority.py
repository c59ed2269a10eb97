"""The floor that always predicts the most frequent class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mertk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Majority:
    """Predict the most frequent training class for every clip, with the training frequencies.

    In multi-label training, the classes that at least half of the training clips have.
    """

    def fit(self, train: mertk.TrainingSet[mertk.Streams], _rng: np.random.Generator, /) -> None:
        """Count the labels; between equal counts the first class wins."""
        self._shares = train.shares

    def predict(self, _streams: mertk.Streams, /) -> NDArray[np.float64]:
        """The training frequencies `[classes]`."""
        return self._shares


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("majority", Majority)
