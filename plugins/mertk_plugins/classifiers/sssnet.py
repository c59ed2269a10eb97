"""SSSNet, two convolutions over one flow picture: Varanka et al. 2023."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class SSSNet(classifier.NetworkClassifier):
    """SSSNet: two convolutions and two layers over an onset-to-apex flow picture.

    It has 1,349,251 weights for three classes. Takes one stream `[1, 3, height, width]`, 64x64 in
    the original.
    """

    schedule = training.Schedule(epochs=200, lr=0.01, optimizer="sgd", weight_decay=1e-3, eps=1e-8)

    def __init__(
        self, *, dropout: float = 0.5, **options: Unpack[training.TrainingOptions]
    ) -> None:
        super().__init__(**options)
        self.dropout = classifier.check_dropout(dropout)

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture; at least 16x16 pixels survive its two poolings."""
        from mertk_plugins.classifiers._sssnet_net import SSSNetwork

        stream, size = classifier.check_picture_stream("sssnet", shapes, least=16)
        return SSSNetwork(stream, size, classes, dropout=self.dropout)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("sssnet", SSSNet, paper="arxiv:2211.11425", needs=("torch",))
