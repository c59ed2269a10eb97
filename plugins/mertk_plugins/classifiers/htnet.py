"""HTNet, a nested transformer over flow at the eyes and the mouth: Wang et al. 2024."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class HTNet(classifier.NetworkClassifier):
    """HTNet: a hierarchical transformer over the flow of four windows, in 4 x 4 patches.

    Takes one stream `[4, 3, side, side]`: flow and strain in the windows of the ROI scheme htnet4,
    14 pixels each in the paper. In the published setting attention is among one token, so that no
    patch attends to another; only joining levels mixes them.

    Args:
        dim: width of the first level, 3 or more; each next level is twice as wide.
        depths: number of layers on each of the three levels, each 1 or more.
    """

    schedule = training.Schedule(epochs=800, lr=5e-5, batch=256, eps=1e-8)

    def __init__(
        self,
        *,
        dim: int = 256,
        depths: Sequence[int] = (2, 2, 10),
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if dim < 3 or len(depths) != 3 or min(depths) < 1:
            raise ValueError(f"dim={dim}, depths={list(depths)}: at least 3, and three above 0")
        self.layers: dict[str, Any] = {"dim": dim, "depths": tuple(depths)}

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for four windows; raises `ComponentError` for an odd side."""
        from mertk_plugins.classifiers._htnet_net import HTNetwork

        hint = "of an even side, such as the extractor flow gives for the ROI scheme htnet4"
        stream, (*_, side, _) = classifier.find_stream(
            "htnet", shapes, (4, 3, "side", "side"), hint
        )
        even = 2 * max(1, side // 2)
        classifier.find_stream("htnet", shapes, (4, 3, even, even), hint)
        return HTNetwork(stream, side, classes, **self.layers)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Offer the classifier."""
    register.classifier("htnet", HTNet, paper="arxiv:2307.14637", needs=("torch",))
