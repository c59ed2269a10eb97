"""STSTNet, a shallow network over one flow picture: Liong et al. 2019."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mertk
from mertk import training

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class STSTNet:
    """Shallow triple stream CNN: 1,683 weights over an onset→apex flow picture.

    Takes one stream `[1, 3, height, width]`: horizontal and vertical flow and strain of the whole
    face, 28x28 in the paper. Training clips are shuffled; the authors' loader did not. Multi-label
    training takes the loss of each class's sigmoid.
    """

    _trained: training.Trained

    def __init__(
        self,
        *,
        dropout: float = 0.5,
        epochs: int = 500,
        lr: float = 5e-5,
        batch: int = 256,
        loss: training.Loss = "cross_entropy",
        gamma: float = 2.0,
        alpha: bool = False,
        weight_decay: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} is not in [0, 1)")
        self.dropout = dropout
        self.schedule = training.Schedule(
            epochs=epochs, lr=lr, batch=batch, loss=loss, gamma=gamma, alpha=alpha,
            weight_decay=weight_decay, eps=eps,
        )  # fmt: skip

    def fit(
        self,
        train: mertk.Train[mertk.Streams],
        rng: np.random.Generator,
        /,
        through: Sequence[mertk.Differentiable] = (),
    ) -> None:
        """Train on the clips' flow; raises `ComponentError` where the stream is another."""
        classes = len(train.classes)

        def build(shapes: training.Shapes) -> Any:
            from mertk_plugins.classifiers._ststnet_net import STSTNetwork

            stream, size = _picture(shapes)
            return STSTNetwork(stream, size, classes, dropout=self.dropout)

        self._trained = training.fit(
            build,
            train.inputs,
            train.labels,
            rng,
            classes=classes,
            schedule=self.schedule,
            through=through,
        )

    def predict(self, streams: mertk.Streams, /) -> NDArray[np.float64]:
        """Class probabilities `[classes]` of one clip."""
        return self._trained.predict(streams)

    def explain(self, streams: mertk.Streams, /) -> dict[str, NDArray[np.float32]]:
        """What the blocks before it show of one clip."""
        return self._trained.explain(streams)


def _picture(shapes: training.Shapes) -> tuple[str, tuple[int, int]]:
    """The name and the size of the one picture; at least 4x4 survive the pooling."""
    found = [
        (name, (shape[2], shape[3]))
        for name, shape in shapes.items()
        if len(shape) == 4 and shape[:2] == (1, 3) and min(shape[2:]) > 3
    ]
    if len(shapes) != 1 or not found:
        given = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise mertk.ComponentError(
            f"ststnet takes one stream [1, 3, height, width] of at least 4x4 pixels, such as the "
            f"extractor flow gives for the ROI scheme whole; given: {given or 'none'}"
        )
    return found[0]


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Offer the classifier."""
    register.classifier("ststnet", STSTNet, paper="arxiv:1902.03634", needs=("torch",))
