"""STSTNet, a shallow network over one flow picture: Liong et al. 2019."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class STSTNet(classifier.NetworkClassifier):
    """STSTNet: three shallow convolutions side by side over an onset-to-apex flow picture.

    It has 1,683 weights for three classes. Takes one stream `[1, 3, height, width]`: horizontal and
    vertical flow and strain of the whole face, 28x28 in the paper. Training clips are shuffled,
    which the authors' code does not do.
    """

    schedule = training.Schedule(epochs=500, lr=5e-5, batch=256, eps=1e-8)

    def __init__(
        self, *, dropout: float = 0.5, **options: Unpack[training.TrainingOptions]
    ) -> None:
        super().__init__(**options)
        self.dropout = classifier.check_dropout(dropout)

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture; at least 4x4 pixels survive its pooling."""
        from mertk_plugins.classifiers._ststnet_net import STSTNetwork

        stream, size = classifier.check_picture_stream("ststnet", shapes)
        return STSTNetwork(stream, size, classes, dropout=self.dropout)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("ststnet", STSTNet, paper="arxiv:1902.03634", needs=("torch",))
