"""The shallow triple stream network over a flow picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

FILTERS = (3, 5, 8)


class STSTNetwork(nn.Module):
    """Three streams of 3, 5 and 8 filters, pooled side by side, one layer.

    Everything before the pooling works on each channel alone, so the streams are one convolution
    of 16 filters with the same result.
    """

    def __init__(self, stream: str, size: tuple[int, int], classes: int, *, dropout: float) -> None:
        super().__init__()
        self.stream = stream
        self.conv = nn.Conv2d(3, sum(FILTERS), 3, padding=1)
        self.norm = nn.BatchNorm2d(sum(FILTERS))
        self.dropout = nn.Dropout(dropout)
        with torch.no_grad():
            maps = _pooled(torch.zeros(1, sum(FILTERS), *size), nn.Identity())
        self.head = nn.Linear(maps.numel(), classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 3, h, w]` → logits `[clips, classes]`."""
        x = self.norm(functional.relu(self.conv(streams[self.stream][:, 0])))
        logits: Tensor = self.head(_pooled(x, self.dropout).flatten(1))
        return logits


def _pooled(x: Tensor, dropout: nn.Module) -> Tensor:
    """Max-pooling 3x3 by 3 ("same": 28 → 10), dropout, average-pooling 2x2 (10 → 5)."""
    return functional.avg_pool2d(dropout(functional.max_pool2d(x, 3, 3, padding=1)), 2)
