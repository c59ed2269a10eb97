"""A nested transformer: patches by themselves, which are then joined four by four."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mertk_plugins.classifiers._proxy_anchor_net import ProxyAnchor
from mertk_plugins.classifiers._tiles_net import tile_windows

HEADS = 3


class HTNetwork(nn.Module):
    """Four windows, tiled 2 x 2 and cut into 4 x 4 patches, in three levels of transformer layers.

    In the published setting a block is one patch on every level, and attention is among one token:
    its weight is 1 whatever queries and keys are. So there are none here; the result is the same.
    """

    def __init__(
        self,
        stream: str,
        side: int,
        classes: int,
        *,
        dim: int,
        depths: Sequence[int],
        proxy: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        self.stream, self.patch = stream, side // 2
        dims = [dim * 2**level for level in range(len(depths))]
        heads = [HEADS * 2**level for level in range(len(depths))]
        self.embed = nn.Linear(3 * self.patch**2, dim)
        self.levels = nn.ModuleList()
        for width, count, depth in zip(dims, heads, depths, strict=True):
            self.levels.append(nn.Sequential(*(Layer(width, count) for _ in range(depth))))
        # a number added to all values of a token; the last level's would be lost in the layer norms
        self.places = nn.Parameter(torch.randn(len(depths) - 1))
        self.joins = nn.ModuleList(Join(width) for width in dims[:-1])
        self.norm = nn.LayerNorm(dims[-1])
        self.proxy = ProxyAnchor(dims[-1], classes, **proxy) if proxy else nn.Identity()
        self.head = nn.Linear(dims[-1], classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 4, 3, side, side]` → logits `[clips, classes]`."""
        x = self.embed(split_into_patches(tile_windows(streams[self.stream]), self.patch))
        for level, join, place in zip(self.levels, self.joins, self.places, strict=False):
            x = join(level(x + place))
        features = self.proxy(self.norm(self.levels[-1](x)).mean((1, 2)))
        logits: Tensor = self.head(features)
        return logits


class Layer(nn.Module):
    """What is left of attention among one token, and two layers; each added to its input."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        inner = dim // heads * heads
        self.attended = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, inner, bias=False), nn.Linear(inner, dim)
        )
        self.wide = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, rows, columns, dim]` → the same."""
        x = x + self.attended(x)
        return x + self.wide(x)  # type: ignore[no-any-return]


class Join(nn.Module):
    """Half as many rows and columns of tokens, twice as wide."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, 2 * dim, 3, padding=1)
        self.norm = nn.LayerNorm(2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, rows, columns, dim]` → `[clips, rows/2, columns/2, 2·dim]`."""
        wide = self.norm(self.conv(x.movedim(-1, 1)).movedim(1, -1))
        return functional.max_pool2d(wide.movedim(-1, 1), 3, 2, padding=1).movedim(1, -1)


def split_into_patches(picture: Tensor, size: int) -> Tensor:
    """`[clips, channels, h, w]` → `[clips, h/size, w/size, channels·size²]`."""
    cut = picture.unfold(2, size, size).unfold(3, size, size)
    return cut.permute(0, 2, 3, 1, 4, 5).flatten(3)
