"""CausalNet: causal relations between the rise and the fall of an expression, Zhang et al. 2025."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class CausalNet(classifier.NetworkClassifier):
    """CausalNet: HTNet over four flow pictures, with attention between rise and fall.

    Takes one stream `[4, 4, 3, side, side]`: four windows of the ROI scheme htnet4 in four flows,
    which the extractor phase_flow gives; side is even.

    Args:
        dim: width of the first level, a multiple of `heads`, 3 or more; each next level is twice as
            wide.
        depths: number of layers on each of the three levels, each 1 or more. The last is also the
            number of layers between the flows of half the way.
        heads: number of attention heads between rise and fall, 1 or more.
        distance_penalty: γ of the paper: how much less tokens that lie across each other count, 0
            or more.
        hidden: width of the layer before the last one, 1 or more.
    """

    schedule = training.Schedule(epochs=200, lr=5e-5, batch=1024, eps=1e-8)

    def __init__(
        self,
        *,
        dim: int = 256,
        depths: Sequence[int] = (3, 3, 9),
        heads: int = 8,
        distance_penalty: float = 0.5,
        hidden: int = 2048,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if dim < 3 or heads < 1 or dim % heads or distance_penalty < 0 or hidden < 1:
            raise ValueError(
                f"dim={dim}, heads={heads}, distance_penalty={distance_penalty}, hidden={hidden}: "
                "dim is at least 3 and a multiple of heads, the penalty not below 0, hidden at "
                "least 1"
            )
        if len(depths) != 3 or min(depths) < 1:
            raise ValueError(f"depths={list(depths)}: three numbers above 0")
        self.layers: dict[str, Any] = {
            "dim": dim,
            "depths": tuple(depths),
            "heads": heads,
            "gamma": distance_penalty,
            "hidden": hidden,
        }

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for four windows of four flows; raises `ComponentError` for an odd side."""
        from mertk_plugins.classifiers._causalnet_net import CausalNetwork

        hint = "of an even side, such as the extractor phase_flow gives for the ROI scheme htnet4"
        axes = (4, 4, 3, "side", "side")
        stream, (*_, side, _) = classifier.find_stream("causalnet", shapes, axes, hint)
        even = 2 * max(1, side // 2)
        classifier.find_stream("causalnet", shapes, (4, 4, 3, even, even), hint)
        return CausalNetwork(stream, side, classes, **self.layers)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("causalnet", CausalNet, paper="arxiv:2508.06640", needs=("torch",))
