"""The shallow triple stream network over a flow picture."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from mertk_plugins.classifiers._ststnet_loops_net import average_maps

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
        self.pool = nn.MaxPool2d(3, 3, padding=1)  # "same": 28 → 10
        self.dropout = nn.Dropout(dropout)
        self.average = nn.AvgPool2d(2)  # 10 → 5
        pooled = self.average(self.pool(torch.zeros(1, sum(FILTERS), *size)))
        self.head = nn.Linear(pooled.numel(), classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 3, h, w]` → logits `[clips, classes]`."""
        pictures = streams[self.stream][:, 0]
        maps = average_maps(pictures, self) if self.training else None
        maps = self.average_maps(pictures) if maps is None else maps
        logits: Tensor = self.head(maps.flatten(1))
        return logits

    def average_maps(self, pictures: Tensor) -> Tensor:
        """Pictures `[clips, 3, h, w]` → what the last layer takes."""
        maps = self.pool(self.norm(functional.relu(self.conv(pictures))))
        averaged: Tensor = self.average(self.dropout(maps))
        return averaged
