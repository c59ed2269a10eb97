"""Two streams of inception blocks, one per flow component, and two layers on both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class DualInceptionNetwork(nn.Module):
    """Blocks of 6 and 16 filters a branch per component, then a layer of 1024.

    The authors read each component from a grey picture with three equal channels. So it is here:
    three weights stand where one would do, and train three times as fast.
    """

    def __init__(self, stream: str, size: tuple[int, int], classes: int) -> None:
        super().__init__()
        self.stream = stream
        self.streams = nn.ModuleList(_stream() for _ in "uv")
        self.head = nn.Sequential(
            nn.Linear(2 * 64 * (size[0] // 4) * (size[1] // 4), 1024), nn.ReLU(),
            nn.Linear(1024, classes),
        )  # fmt: skip

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 2, h, w]` → logits `[clips, classes]`."""
        u_v = streams[self.stream][:, 0]
        three = [u_v[:, at : at + 1].expand(-1, 3, -1, -1) for at in range(2)]
        found = [net(x).flatten(1) for net, x in zip(self.streams, three, strict=True)]
        logits: Tensor = self.head(torch.cat(found, 1))
        return logits


class Inception(nn.Module):
    """Four branches side by side: 1x1, 1x1 and 3x3, 1x1 and 5x5, max-pooling and 1x1."""

    def __init__(self, given: int, filters: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                _conv(given, filters, 1),
                nn.Sequential(_conv(given, filters, 1), _conv(filters, filters, 3)),
                nn.Sequential(_conv(given, filters, 1), _conv(filters, filters, 5)),
                nn.Sequential(nn.MaxPool2d(3, 1, padding=1), _conv(given, filters, 1)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, given, h, w]` → `[clips, 4·filters, h, w]`."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def _stream() -> nn.Sequential:
    return nn.Sequential(Inception(3, 6), nn.MaxPool2d(2), Inception(24, 16), nn.MaxPool2d(2))


def _conv(given: int, filters: int, size: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(given, filters, size, padding=size // 2), nn.ReLU())
