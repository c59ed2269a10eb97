"""3D convolutions weighted by channel and by place: Woo et al. 2018, in space and time."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class CBAMNetwork(nn.Module):
    """Four blocks of convolution, batch norm, ReLU, attention and max-pooling; a mean; a layer."""

    def __init__(
        self, stream: str, classes: int, *, width: int, ratio: int, dropout: float
    ) -> None:
        super().__init__()
        self.stream = stream
        maps = [1, width, 2 * width, 4 * width, 8 * width]
        self.blocks = nn.Sequential(*(Block(given, made, ratio) for given, made in pairwise(maps)))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(maps[-1], classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Frames `[clips, 1, time, 1, h, w]`, 0 to 255 → logits `[clips, classes]`."""
        x = streams[self.stream][:, 0].transpose(1, 2).float() / 127.5 - 1
        logits: Tensor = self.head(self.dropout(self.blocks(x).mean((2, 3, 4))))
        return logits


class Block(nn.Module):
    """A convolution 3x3x3 with its attention, then the maximum of 2x2 pixels and of 2 frames."""

    def __init__(self, given: int, made: int, ratio: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(given, made, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm3d(made)
        self.channels = ChannelAttention(made, ratio)
        self.places = PlaceAttention()

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, given, time, h, w]` → `[clips, made, time / 2, h / 2, w / 2]`, rounded up."""
        x = functional.relu(self.norm(self.conv(x)))
        x = self.places(self.channels(x))
        return functional.max_pool3d(x, 2, ceil_mode=True)


class ChannelAttention(nn.Module):
    """A weight per channel, from its mean and its maximum by the same two layers."""

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        inner = max(1, channels // ratio)
        self.layers = nn.Sequential(
            nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, channels, time, h, w]` → the same, weighted."""
        sums: Tensor = self.layers(x.mean((2, 3, 4))) + self.layers(x.amax((2, 3, 4)))
        return x * sums.sigmoid()[:, :, None, None, None]


class PlaceAttention(nn.Module):
    """A weight per place and moment, from the channels' mean and maximum around it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(2, 1, (3, 7, 7), padding=(1, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, channels, time, h, w]` → the same, weighted."""
        seen = torch.stack([x.mean(1), x.amax(1)], 1)
        weighted: Tensor = x * self.conv(seen).sigmoid()
        return weighted
