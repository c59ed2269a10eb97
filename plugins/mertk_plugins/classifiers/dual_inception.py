"""Dual-Inception, two inception blocks per flow component: Zhou et al. 2019."""

from __future__ import annotations

from typing import Any

import mertk
from mertk.nn import classifier, training


class DualInception(classifier.NetworkClassifier):
    """Dual-Inception: two inception blocks on each flow component, two layers on both.

    It has 6,449,963 weights for three classes. Takes one stream `[1, 2, height, width]`: horizontal
    and vertical flow, 28x28 in the paper, which goes from the onset to the middle of the clip and
    so needs no apex.
    """

    schedule = training.Schedule(epochs=40, lr=1e-4, batch=3, eps=1e-8)

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for one picture of at least 4x4 pixels."""
        from mertk_plugins.classifiers._dual_inception_net import DualInceptionNetwork

        stream, size = classifier.check_picture_stream("dual_inception", shapes, channels=2)
        return DualInceptionNetwork(stream, size, classes)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("dual_inception", DualInception, needs=("torch",))
