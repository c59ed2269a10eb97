"""A recurrent convolution, with attention, short connections or wide streams around it."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

ATTENTION_AFTER, ATTENTION_INSIDE = ("a", "p"), ("f",)
DENSE = ("s", "p", "f")


class RCNetwork(nn.Module):
    """A stem, a block of one convolution used several times, a pooled map, one layer."""

    def __init__(
        self, stream: str, classes: int, *, variant: str, maps: int, pool: int, dropout: float
    ) -> None:
        super().__init__()
        self.stream, self.variant, self.pool = stream, variant, pool
        self.stem = _STEMS[variant](maps, dropout)
        self.feed = _make_conv(maps, maps, 1)
        self.recur = _make_conv(maps, maps, 3)
        self.shrink = nn.Sequential(nn.MaxPool2d(2), nn.Dropout(dropout))
        self.head = nn.Linear(maps * pool * pool, classes)
        _initialise_net(self)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 3, h, w]` → logits `[clips, classes]`."""
        x = self.stem(streams[self.stream][:, 0])
        found = functional.adaptive_avg_pool2d(
            self.shrink(self._apply_recurrent_block(x)), self.pool
        )
        if self.variant in ATTENTION_AFTER:
            found = found * self._compute_attention(x)
        logits: Tensor = self.head(found.flatten(1))
        return logits

    def _apply_recurrent_block(self, x: Tensor) -> Tensor:
        """`[clips, maps, h, w]` → the same, by one convolution that sees its own results again."""
        y = self.feed(x)
        if self.variant in ATTENTION_INSIDE:
            y = y * functional.interpolate(self._compute_attention(x), y.shape[2:])
        if self.variant not in DENSE:
            return self.recur(x + self.recur(x + y))  # type: ignore[no-any-return]
        z = self.recur(x + y)
        e = self.recur(x + y + z)
        return self.recur(x + y + z + e)  # type: ignore[no-any-return]

    def _compute_attention(self, x: Tensor) -> Tensor:
        """Where the classes look `[clips, 1, pool, pool]`, by the weights of the last layer.

        Each class's activation map is brought to 0 … 1 before the mean over classes.
        """
        pooled = functional.adaptive_avg_pool2d(x, self.pool)
        weights = self.head.weight.reshape(-1, *pooled.shape[1:])
        maps = torch.einsum("nchw,kchw->nkhw", pooled, weights) / pooled.shape[1]
        maps = maps - maps.amin((2, 3), keepdim=True)
        top = maps.amax((2, 3), keepdim=True).clamp(min=1e-12)  # of an even map: 0, not 0/0
        return (maps / top).mean(1, keepdim=True)


class Streams(nn.Module):
    """Convolutions side by side on the same picture, their maps stacked."""

    def __init__(self, *streams: nn.Module) -> None:
        super().__init__()
        self.streams = nn.ModuleList(streams)

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, 3, h, w]` → `[clips, maps, h/3, w/3]`."""
        return torch.cat([stream(x) for stream in self.streams], 1)


def _make_plain_stem(maps: int, dropout: float) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, maps, 5), nn.BatchNorm2d(maps), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(dropout)
    )


def _make_wide_stem(maps: int, dropout: float) -> nn.Module:
    """Three streams of strided 3x3 convolutions, ever more dilated."""
    return Streams(
        *(
            nn.Sequential(
                nn.Conv2d(3, width, 3, stride=3, padding=dilation, dilation=dilation),
                nn.ReLU(),
                nn.BatchNorm2d(width),
                nn.Dropout(dropout),
            )
            for width, dilation in ((maps // 2, 1), (maps // 4, 2), (maps // 4, 3))
        )
    )


def _make_searched_stem(maps: int, dropout: float) -> nn.Module:
    """Two streams of 3x3 convolutions, the second dilated, each max-pooled by 3."""
    return Streams(
        *(
            nn.Sequential(
                nn.Conv2d(3, maps // 2, 3, padding=dilation, dilation=dilation),
                nn.ReLU(),
                nn.BatchNorm2d(maps // 2),
                nn.MaxPool2d(3, 3, padding=1),
                nn.Dropout(dropout),
            )
            for dilation in (1, 3)
        )
    )


_STEMS = {
    "a": _make_plain_stem,
    "s": _make_plain_stem,
    "w": _make_wide_stem,
    "p": _make_searched_stem,
    "f": _make_wide_stem,
}


def _make_conv(given: int, maps: int, size: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, maps, size, padding=size // 2), nn.BatchNorm2d(maps), nn.ReLU()
    )


def _initialise_net(net: nn.Module) -> None:
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=0.01)
            nn.init.zeros_(part.bias)
