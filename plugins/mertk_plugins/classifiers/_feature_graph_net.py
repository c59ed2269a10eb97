"""A graph of features whose edges are learnt: each node sees the others, then all are read."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional


class FeatureGraph(nn.Module):
    """Nodes of all streams, one graph: an embedding by stream, layers, a layer over all nodes.

    `nodes` has by stream the number of nodes and of values of each.
    """

    def __init__(
        self,
        nodes: Mapping[str, tuple[int, int]],
        classes: int,
        *,
        width: int,
        layers: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.streams = list(nodes)
        count = sum(number for number, _ in nodes.values())
        self.embed = nn.ModuleList(nn.Linear(values, width) for _, values in nodes.values())
        self.places = nn.Parameter(0.1 * torch.randn(count, width))
        self.layers = nn.ModuleList(GraphLayer(count, width) for _ in range(layers))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(count * width, classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Streams `[clips, regions, (time,) nodes, …]` → logits `[clips, classes]`."""
        parts = []
        for name, embed in zip(self.streams, self.embed, strict=True):
            parts.append(embed(order_by_node(streams[name])))
        x = torch.cat(parts, 1) + self.places
        for layer in self.layers:
            x = layer(x)
        logits: Tensor = self.head(self.dropout(functional.gelu(x)).flatten(1))
        return logits


class GraphLayer(nn.Module):
    """Adds to each node what it makes of itself and of its neighbours; edges are weights."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.edges = nn.Parameter(0.1 * torch.randn(count, count))
        self.norm = nn.LayerNorm(width)
        self.own = nn.Linear(width, width)
        self.others = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, nodes, width]` → the same."""
        y = self.norm(x)
        seen = self.edges.softmax(1) @ self.others(y)
        return x + functional.gelu(self.own(y) + seen)


def order_by_node(stream: Tensor) -> Tensor:
    """A stream as `[clips, nodes, values]`: nodes lie on the axis after time, or after regions."""
    nodes = 2 if stream.ndim == 3 else 3
    return stream.float().movedim(nodes, 1).flatten(2)
