"""A small graph network over features with names, such as action units and landmarks."""

from __future__ import annotations

from typing import Any, Unpack

import mertk
from mertk.nn import classifier, training


class FeatureGraphNetwork(classifier.NetworkClassifier):
    """A graph network: a node for each action unit or landmark; the edges are learnt.

    Takes any number of streams `[regions, nodes]`, `[regions, time, nodes]` or
    `[regions, time, nodes, values]`, such as the extractors landmark_motion and precomputed give.
    All other axes are a node's values. The nodes of all streams are in one graph.

    Args:
        width: number of values of a node inside the network, 1 or more.
        layers: number of graph layers, 0 or more; with 0, nodes do not see each other before the
            last layer, which reads all of them.
    """

    schedule = training.Schedule(epochs=60, lr=2e-3, batch=32, weight_decay=1e-3, optimizer="adamw")

    def __init__(
        self,
        *,
        width: int = 16,
        layers: int = 1,
        dropout: float = 0.3,
        **options: Unpack[training.TrainingOptions],
    ) -> None:
        super().__init__(**options)
        if width < 1 or layers < 0:
            raise ValueError(f"width={width}, layers={layers}: at least 1 and 0")
        self.options: dict[str, Any] = {
            "width": width,
            "layers": layers,
            "dropout": classifier.check_dropout(dropout),
        }

    def network(self, shapes: training.Shapes, classes: int, /) -> Any:
        """The network for all streams; raises `ComponentError` for a stream without nodes."""
        from mertk_plugins.classifiers._feature_graph_net import FeatureGraph

        nodes: dict[str, tuple[int, int]] = {}
        for name in sorted(shapes):
            shape = shapes[name]
            if not 2 <= len(shape) <= 4 or min(shape) < 1:
                raise mertk.ComponentError(
                    "feature_graph takes streams [regions, nodes], [regions, time, nodes] or "
                    "[regions, time, nodes, values], such as the extractors landmark_motion and "
                    f"precomputed give; given: {classifier.list_streams(shapes)}"
                )
            count = shape[1] if len(shape) == 2 else shape[2]
            total = 1
            for length in shape:
                total *= length
            nodes[name] = (count, total // count)
        if not nodes:
            raise mertk.ComponentError("feature_graph: there is no stream")
        return FeatureGraph(nodes, classes, **self.options)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("feature_graph", FeatureGraphNetwork, needs=("torch",))
