"""The network of SOFTNet: three streams of one convolution each, and two dense layers."""

import torch
from torch import Tensor, nn

_FILTERS = (3, 5, 8)


class SoftNetNet(nn.Module):
    """u, v and strain `[frames, 3, 42, 42]` → scores `[frames]`."""

    def __init__(self) -> None:
        super().__init__()
        streams = [nn.Conv2d(1, count, 5, padding=2) for count in _FILTERS]
        self.streams = nn.ModuleList(streams)
        self.dense = nn.Sequential(
            nn.Linear(7 * 7 * sum(_FILTERS), 400), nn.ReLU(), nn.Linear(400, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scores, 0 without and 1 with an expression."""
        parts = [stream(x[:, at : at + 1]) for at, stream in enumerate(self.streams)]
        pooled = nn.functional.max_pool2d(torch.cat(parts, 1).relu(), 3)
        scores: Tensor = self.dense(nn.functional.max_pool2d(pooled, 2).flatten(1))
        return scores.squeeze(1)
