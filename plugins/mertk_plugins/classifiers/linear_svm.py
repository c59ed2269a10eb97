"""A linear support vector machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mertk
from mertk_plugins.classifiers._margin import Machines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LinearSVM:
    """Linear support vector machine, one class against the rest.

    `scale` standardises each feature by the training clips, `balanced` weighs classes by the
    inverse of their frequency. In multi-label training a class stands against its absence.
    """

    def __init__(self, *, C: float = 1.0, scale: bool = False, balanced: bool = False) -> None:  # noqa: N803
        if not C > 0:
            raise ValueError(f"C={C}; it must be above 0")
        self.C = C
        self.scale = scale
        self.balanced = balanced

    def fit(self, train: mertk.Train[mertk.Streams], _rng: np.random.Generator, /) -> None:
        """Fit on the flattened streams; nothing is left to chance."""
        from sklearn.svm import LinearSVC

        # The primal is solved by Newton steps: no shuffling, and no trouble with badly scaled
        # features, on which the dual's coordinate descent stops short with a warning.
        machine = LinearSVC(
            C=self.C,
            dual=False,
            max_iter=10_000,
            class_weight="balanced" if self.balanced else None,
        )
        self._machines = Machines.fit(machine, train, scale=self.scale)

    def predict(self, streams: mertk.Streams, /) -> NDArray[np.float64]:
        """The softmax of the margins `[classes]`; of each class alone if multi-label."""
        return self._machines.predict(streams)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the classifier."""
    register.classifier("linear_svm", LinearSVM)
