"""The shallow triple stream network over a flow picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from mertk.nn import parallel_folds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

FILTERS = (3, 5, 8)


class STSTNetwork(nn.Module):
    """Three streams of 3, 5 and 8 filters, pooled side by side, one layer.

    Everything before the pooling works on each channel alone, so the streams are one convolution
    of 16 filters with the same result.
    """

    average: Tensor

    def __init__(self, stream: str, size: tuple[int, int], classes: int, *, dropout: float) -> None:
        super().__init__()
        self.stream = stream
        self.conv = nn.Conv2d(3, sum(FILTERS), 3, padding=1)
        self.norm = nn.BatchNorm2d(sum(FILTERS))
        self.pool = nn.MaxPool2d(3, 3, padding=1)  # "same": 28 → 10
        self.dropout = nn.Dropout(dropout)
        height, width = self.pool(torch.zeros(1, 1, *size)).shape[2:]
        pixels = torch.eye(height * width).view(-1, 1, height, width)
        average = functional.avg_pool2d(pixels, 2).flatten(1)
        self.register_buffer("average", average, persistent=False)
        self.head = nn.Linear(sum(FILTERS) * average.shape[1], classes)

    def stem(self) -> parallel_folds.Stem:
        """All of it, told so that many folds can be trained at once."""
        return parallel_folds.Stem(
            self.conv, self.norm, self.pool, self._get_picture, self._apply_head
        )

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 3, h, w]` → logits `[clips, classes]`."""
        return self.stem()(streams)

    def _get_picture(self, streams: Mapping[str, Tensor]) -> Tensor:
        return streams[self.stream][:, 0]

    def _apply_head(self, maps: Tensor) -> Tensor:
        """Dropout, average-pooling 2x2 (10 → 5), one layer: the last two are one linear map."""
        weight = self.head.weight.view(-1, sum(FILTERS), self.average.shape[1])
        spread = (weight @ self.average.T).flatten(1)
        return functional.linear(self.dropout(maps).flatten(1), spread, self.head.bias)
