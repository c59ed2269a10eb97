"""Squeeze and excitation over regions, with timm's module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timm.layers.squeeze_excite import SEModule
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class RegionSE(nn.Module):
    """timm's `SEModule` with regions for channels; replaces one stream, leaves the others.

    `shown` keeps the weights, `region_weights` `[clips, regions]`.
    """

    def __init__(self, stream: str, regions: int, ratio: float) -> None:
        super().__init__()
        self.stream = stream
        self.se = SEModule(regions, rd_channels=max(1, round(regions * ratio)))
        self.shown: dict[str, Tensor] = {}
        self.se.gate.register_forward_hook(self._keep)

    def forward(self, streams: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The stream `[clips, regions, …]` → the same, weighted."""
        x = streams[self.stream]
        weighted = self.se(x.reshape(*x.shape[:2], -1, 1)).reshape(x.shape)
        return {**streams, self.stream: weighted}

    def _keep(self, _gate: nn.Module, _given: tuple[Tensor, ...], made: Tensor) -> None:
        self.shown = {"region_weights": made.detach()[:, :, 0, 0]}
