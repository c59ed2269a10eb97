"""A support vector machine with a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import mertk
from mertk_plugins.classifiers._margin import Machines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SVM:
    """Support vector machine with a kernel, one class against another.

    `gamma` is a number, or scikit-learn's `scale` or `auto`; `degree` is for `poly` alone. `scale`
    standardises each feature by the training clips, `balanced` weighs classes by the inverse of
    their frequency. In multi-label training each class has a machine of its own.
    """

    def __init__(
        self,
        *,
        kernel: Literal["rbf", "poly", "linear"] = "rbf",
        C: float = 1.0,  # noqa: N803
        gamma: float | Literal["scale", "auto"] = "scale",
        degree: int = 3,
        scale: bool = False,
        balanced: bool = False,
    ) -> None:
        if not C > 0:
            raise ValueError(f"C={C}; it must be above 0")
        self.kernel = kernel
        self.C = C
        self.gamma = gamma
        self.degree = degree
        self.scale = scale
        self.balanced = balanced

    def fit(self, train: mertk.Train[mertk.Streams], _rng: np.random.Generator, /) -> None:
        """Fit on the flattened streams; nothing is left to chance."""
        from sklearn.svm import SVC

        machine = SVC(
            kernel=self.kernel,
            C=self.C,
            gamma=self.gamma,
            degree=self.degree,
            class_weight="balanced" if self.balanced else None,
            break_ties=True,  # the largest margin wins, also where pairwise votes are even
        )
        self._machines = Machines.fit(machine, train, scale=self.scale)

    def predict(self, streams: mertk.Streams, /) -> NDArray[np.float64]:
        """The softmax of the margins `[classes]`; of each class alone if multi-label."""
        return self._machines.predict(streams)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the classifier."""
    register.classifier("svm", SVM)
