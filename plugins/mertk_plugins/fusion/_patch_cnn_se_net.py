"""The network of one facial region: a small CNN per patch, squeeze and excitation, two layers."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES = 256


class PatchNet(nn.Module):
    """Pixels of a region's patches → logits of the region's labels.

    The patches' CNNs share no weights. They run as one CNN with a group of channels per patch,
    which is the same arithmetic in a fraction of the calls. `patches` `[frames, h, w, patches·3]`
    are uint8, so that moving the channel axis gives torch's faster memory layout for free.
    """

    def __init__(
        self,
        *,
        patches: int,
        classes: int,
        se: str,
        se_ratio: float,
        extra_conv: bool,
        dropout: float,
        init: str,
        input_range: Sequence[float],
    ) -> None:
        super().__init__()
        low, high = input_range
        self.low, self.scale = low, (high - low) / 255
        self.conv1 = _make_conv(patches, 3, 4, 5)
        self.conv2 = _make_conv(patches, 4, 8, 3)
        self.branches = nn.ModuleList(_make_conv(patches, 8, 16, size) for size in (1, 3, 5, 7))
        maps = patches * 72
        self.se = nn.Identity() if se == "none" else Excitation(maps, se_ratio, se == "squeeze")
        # 162 maps whatever the number of patches, as in the authors' code
        self.last_conv = nn.Conv2d(maps, 162, 1) if extra_conv else None
        self.wide = nn.Linear(162 if extra_conv else maps, 2048)
        self.narrow = nn.Linear(2048, FEATURES)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(FEATURES, classes)
        _initialise_net(self, init)
        self.to(memory_format=torch.channels_last)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """`patches` `[frames, h, w, patches·3]` → logits `[frames, classes]`."""
        logits: Tensor = self.head(self.dropout(self.features(streams)))
        return logits

    def features(self, streams: Mapping[str, Tensor]) -> Tensor:
        """`patches` `[frames, h, w, patches·3]` → the last layer's ReLU `[frames, 256]`."""
        x = _pool_relu(self._apply_first_conv(streams["patches"]))
        x = _pool_relu(self.conv2(x))
        pooled = functional.max_pool2d(x, 2, ceil_mode=True)
        x = torch.cat([pooled, *(_pool_relu(branch(x)) for branch in self.branches)], 1)
        x = self.se(x)
        if self.last_conv is not None:
            x = functional.relu(self.last_conv(x))
        x = functional.relu(self.wide(x.mean((2, 3))))
        return functional.relu(self.narrow(self.dropout(x)))

    def weights(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The mean weight that the maps of each patch get `[frames, patches]`; 1 without gates."""
        self.features(streams)
        patches = self.conv1.groups
        if not isinstance(self.se, Excitation):
            return torch.ones(len(streams["patches"]), patches)
        sizes = [patches * maps for maps in (8, 16, 16, 16, 16)]  # as `features` joins them
        parts = torch.split(self.se.gate, sizes, 1)
        return torch.cat([part.reshape(len(part), patches, -1) for part in parts], 2).mean(2)

    def _apply_first_conv(self, pixels: Tensor) -> Tensor:
        """The first convolution, with a fourth channel of weight 0 beside the three colours.

        The result is the same; groups of three channels take a slow path, twice the time of four.
        """
        patches = self.conv1.groups
        three = pixels.reshape(*pixels.shape[:3], patches, 3)
        four = functional.pad(three, (0, 1)).flatten(3)
        x = four.permute(0, 3, 1, 2).float() * self.scale + self.low
        weight = functional.pad(self.conv1.weight, (0, 0, 0, 0, 0, 1))
        return functional.conv2d(
            x, weight, self.conv1.bias, padding=self.conv1.padding, groups=patches
        )


class Excitation(nn.Module):
    """A gate per map (Hu et al. 2018), or without `squeeze` per map and pixel.

    `gate` keeps the latest ones, means over pixels `[frames, maps]`.
    """

    gate: Tensor

    def __init__(self, maps: int, ratio: float, squeeze: bool) -> None:
        super().__init__()
        self.squeeze = squeeze
        self.reduce = nn.Conv2d(maps, max(1, round(maps * ratio)), 1)
        self.expand = nn.Conv2d(self.reduce.out_channels, maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`[frames, maps, h, w]` → the same, weighted."""
        seen = x.mean((2, 3), keepdim=True) if self.squeeze else x
        gate = torch.sigmoid(self.expand(functional.relu(self.reduce(seen))))
        if not self.training:
            self.gate = gate.detach().mean((2, 3))
        return x * gate


def _make_conv(patches: int, given: int, made: int, size: int) -> nn.Conv2d:
    return nn.Conv2d(patches * given, patches * made, size, padding=size // 2, groups=patches)


def _pool_relu(x: Tensor) -> Tensor:
    """ReLU, then max-pooling 2x2, partial last window; swapped: equal and cheaper."""
    return functional.relu(functional.max_pool2d(x, 2, ceil_mode=True))


def _initialise_net(net: PatchNet, init: str) -> None:
    for part in net.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            if init == "he":
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            else:
                nn.init.normal_(part.weight, std=0.1 if isinstance(part, nn.Conv2d) else 0.01)
            nn.init.zeros_(part.bias)  # type: ignore[arg-type]
    nn.init.xavier_uniform_(net.head.weight)
