"""The floor that guesses by the class frequencies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk


class Prior:
    """Predict one class for all clips of a fold, drawn by the training frequencies.

    It is drawn in `fit`, once a fold: `predict` is given one clip at a time and keeps no memory, so
    a draw in it would depend on the order of the clips. In multi-label training each class is drawn
    on its own.
    """

    def fit(self, train: mertk.TrainingSet[mertk.Streams], rng: np.random.Generator, /) -> None:
        """Draw the class."""
        shares = train.shares
        if train.multilabel:
            self._guess = (rng.random(len(shares)) < shares).astype(np.float64)
            return
        self._guess = np.zeros(len(shares))
        self._guess[rng.choice(len(shares), p=shares)] = 1.0

    def predict(self, _streams: mertk.Streams, /) -> NDArray[np.float64]:
        """1 for what was drawn, 0 for all others: `[classes]`."""
        return self._guess


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("prior", Prior)
