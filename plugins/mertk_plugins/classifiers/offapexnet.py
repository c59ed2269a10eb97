"""OFF-ApexNet, a network per flow component: Gan et al. 2019."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class OffApexNet(classifier.NetworkClassifier):
    """OFF-ApexNet: two convolutions on each flow component, three layers on both.

    It has 2,664,475 weights for three classes. Takes one stream `[1, 2, height, width]`: horizontal
    and vertical flow from onset to apex, 28x28 in the paper.
    """

    schedule = training.Schedule(epochs=3000, lr=1e-4, weight_decay=1e-3, eps=1e-8)

    def __init__(
        self, *, dropout: float = 0.5, **options: Unpack[training.TrainingOptions]
    ) -> None:
        super().__init__(**options)
        self.dropout = classifier.check_dropout(dropout)

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture of at least 4x4 pixels."""
        from mertk_plugins.classifiers._offapexnet_net import OffApexNetwork

        stream, size = classifier.check_picture_stream("offapexnet", shapes, channels=2)
        return OffApexNetwork(stream, size, classes, dropout=self.dropout)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("offapexnet", OffApexNet, paper="arxiv:1805.08699", needs=("torch",))
