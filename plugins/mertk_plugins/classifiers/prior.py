"""The floor that guesses by the class frequencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import mertk

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Prior:
    """Guesses one class per fold, drawn by the training frequencies, for all of the fold's clips.

    It is drawn in `fit`, once a fold: `predict` is asked about one clip at a time and keeps no
    memory, so a draw in it would hang on the order of the clips.
    """

    def fit(self, train: mertk.Train[mertk.Streams], rng: np.random.Generator, /) -> None:
        """Draw the class."""
        shares = np.bincount(train.labels, minlength=len(train.classes)) / len(train)
        self._guess = np.zeros(len(train.classes))
        self._guess[rng.choice(len(shares), p=shares)] = 1.0

    def predict(self, _streams: mertk.Streams, /) -> NDArray[np.float64]:
        """1 for the drawn class, 0 for all others: `[classes]`."""
        return self._guess


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the classifier."""
    register.classifier("prior", Prior)
