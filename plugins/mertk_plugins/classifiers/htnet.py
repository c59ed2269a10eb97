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
        proxy: weight of the proxy anchor loss (Kim et al. 2020) on the features before the last
            layer, which is added to the other loss, 0 or more; 0 is none.
        proxy_alpha: how much the hardest clips of a batch count in it, above 0.
        proxy_margin: cosine similarity beyond which a clip is near enough to its class, or too near
            to another one if it is above minus this, 0 or more and below 1.
    """

    schedule = training.Schedule(epochs=800, lr=5e-5, batch=256, eps=1e-8)

    def __init__(
        self,
        *,
        dim: int = 256,
        depths: Sequence[int] = (2, 2, 10),
        proxy: float = 0.0,
        proxy_alpha: float = 32.0,
        proxy_margin: float = 0.1,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if dim < 3 or len(depths) != 3 or min(depths) < 1:
            raise ValueError(f"dim={dim}, depths={list(depths)}: at least 3, and three above 0")
        if proxy < 0 or proxy_alpha <= 0 or not 0 <= proxy_margin < 1:
            raise ValueError(
                f"proxy={proxy}, proxy_alpha={proxy_alpha}, proxy_margin={proxy_margin}: not below "
                "0, above 0, and in [0, 1)"
            )
        self.layers: dict[str, Any] = {"dim": dim, "depths": tuple(depths)}
        if proxy:
            self.layers["proxy"] = {"weight": proxy, "alpha": proxy_alpha, "margin": proxy_margin}

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
    register.classifier("htnet", HTNet, paper="arxiv:2307.14637", needs=("torch",))
