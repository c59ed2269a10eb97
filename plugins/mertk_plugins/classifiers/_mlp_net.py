"""A fully connected network over all streams of a clip."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn


class MLPNet(nn.Module):
    """Streams, flattened side by side in the order of their names → logits `[clips, classes]`."""

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        classes: int,
        *,
        hidden: Sequence[int],
        dropout: float,
        l1: float,
        init: str,
    ) -> None:
        super().__init__()
        self.l1 = l1
        widths = [sum(prod(shape) for shape in shapes.values()), *hidden]
        self.layers = nn.ModuleList(_make_layer(*pair, init) for pair in pairwise(widths))
        self.act, self.dropout = nn.LeakyReLU(0.01), nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], classes)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Streams `[clips, …]` → logits `[clips, classes]`."""
        x = torch.cat([streams[name].flatten(1) for name in sorted(streams)], 1)
        for layer in self.layers:
            x = self.dropout(self.act(layer(x)))
        logits: Tensor = self.head(x)
        return logits

    def penalty(self) -> Tensor | float:
        """`l1` times the hidden layers' absolute weights; the trainer adds it to the loss."""
        if self.l1 == 0:
            return 0.0
        return self.l1 * torch.stack([p.abs().sum() for p in self._list_weights()]).sum()

    def _list_weights(self) -> list[Tensor]:
        return [p for name, p in self.layers.named_parameters() if name.endswith("weight")]


def _make_layer(given: int, made: int, init: str) -> nn.Linear:
    layer = nn.Linear(given, made)
    if init == "he":
        nn.init.kaiming_normal_(layer.weight, 0.01, nonlinearity="leaky_relu")
    else:
        nn.init.normal_(layer.weight, std=0.1)
    nn.init.zeros_(layer.bias)
    return layer
