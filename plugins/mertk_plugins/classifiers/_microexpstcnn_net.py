"""One 3D convolution over a clip, or over each of its regions."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

FILTERS = 32
DEPTH = 15  # frames that the convolution spans
WIDE, NARROW = 1024, 128


class MicroExpNetwork(nn.Module):
    """A 3D convolution of 15 frames by 3x3, max-pooling by 3, layers; a region has its own filters.

    One region: a layer of 128 ReLUs. Several: two layers, for each region (`late`) or for all
    together, which are linear as in the authors' code.
    """

    def __init__(
        self, stream: str, shape: tuple[int, int, int, int], classes: int, *, late: bool
    ) -> None:
        super().__init__()
        self.stream = stream
        regions, frames, height, width = shape
        self.conv = nn.Conv2d(regions * DEPTH, regions * FILTERS, 3, groups=regions)
        self.dropout = nn.Dropout(0.5)
        values = FILTERS * ((frames - DEPTH + 1) // 3) * ((height - 2) // 3) * ((width - 2) // 3)
        if regions == 1:
            parts = [nn.Sequential(nn.Linear(values, NARROW), nn.ReLU(), nn.Dropout(0.5))]
        elif late:
            parts = [_make_layers(values) for _ in range(regions)]
        else:
            parts = [_make_layers(regions * values)]
        self.parts = nn.ModuleList(parts)
        self.head = nn.Linear(NARROW * len(parts), classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Frames `[clips, regions, time, 1, h, w]` → logits `[clips, classes]`."""
        x = self.pooled(centre_pixels(streams[self.stream][:, :, :, 0]))
        x = self.dropout(functional.relu(x)).flatten(1)
        pieces = zip(self.parts, x.chunk(len(self.parts), 1), strict=True)
        logits: Tensor = self.head(torch.cat([part(piece) for part, piece in pieces], 1))
        return logits

    def pooled(self, x: Tensor) -> Tensor:
        """`[clips, regions, time, h, w]` → convolved, pooled `[clips, maps, time', h', w']`.

        A kernel that spans 15 frames of one channel is a 2D one over 15 channels, of the frames
        from each moment on: the same sums in a third of the time.
        """
        clips, _, frames, height, width = x.shape
        moments = frames - DEPTH + 1
        windows = x.unfold(2, DEPTH, 1).permute(0, 2, 1, 5, 3, 4)
        maps = self.conv(windows.reshape(clips * moments, -1, height, width))
        maps = functional.max_pool2d(maps, 3)
        whole = maps.reshape(clips, moments, *maps.shape[1:])[:, : moments // 3 * 3]
        return whole.reshape(clips, moments // 3, 3, *maps.shape[1:]).amax(2).transpose(1, 2)


def centre_pixels(pixels: Tensor) -> Tensor:
    """Pixels `[clips, regions, time, h, w]` less each region's mean, by its maximum."""
    x = pixels.float()
    x = x - x.mean((2, 3, 4), keepdim=True)
    return x / x.amax((2, 3, 4), keepdim=True).clamp(min=1e-6)


def _make_layers(values: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(values, WIDE), nn.Dropout(0.5), nn.Linear(WIDE, NARROW), nn.Dropout(0.5)
    )
