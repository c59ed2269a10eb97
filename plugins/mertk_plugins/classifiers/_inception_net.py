"""The inception block of the flow networks: four views of one picture, side by side."""

import torch
from torch import Tensor, nn


class Inception(nn.Module):
    """1x1 | 1x1, 3x3 | 1x1, 5x5 | max-pooling, 1x1: `width` maps each, `4·width` in all.

    `reduced` are the maps that a 3x3 or 5x5 convolution sees. With `norm`, batch normalisation
    stands between each convolution and its ReLU.
    """

    def __init__(self, given: int, width: int, *, reduced: int = 6, norm: bool = False) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                _make_conv(given, width, 1, norm),
                nn.Sequential(
                    _make_conv(given, reduced, 1, norm), _make_conv(reduced, width, 3, norm)
                ),
                nn.Sequential(
                    _make_conv(given, reduced, 1, norm), _make_conv(reduced, width, 5, norm)
                ),
                nn.Sequential(nn.MaxPool2d(3, 1, padding=1), _make_conv(given, width, 1, norm)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, given, h, w]` → `[clips, 4·width, h, w]`."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def _make_conv(given: int, made: int, size: int, norm: bool) -> nn.Sequential:
    between = nn.BatchNorm2d(made) if norm else nn.Identity()
    return nn.Sequential(nn.Conv2d(given, made, size, padding=size // 2), between, nn.ReLU())
