"""Squeeze and excitation over regions, with timm's module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from timm.layers.squeeze_excite import SEModule
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class RegionSE(nn.Module):
    """timm's `SEModule` with regions for channels; replaces one stream, leaves the others."""

    def __init__(self, stream: str, regions: int, ratio: float) -> None:
        super().__init__()
        self.stream = stream
        self.se = SEModule(regions, rd_channels=max(1, round(regions * ratio)))
        self.se.gate = Shown(self.se.gate)

    def forward(self, streams: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The stream `[clips, regions, …]` → the same, weighted."""
        x = streams[self.stream]
        weighted = self.se(x.reshape(*x.shape[:2], -1, 1)).reshape(x.shape)
        return {**streams, self.stream: weighted}


class Shown(nn.Module):
    """A gate that keeps its last answer, `region_weights` `[clips, regions]`, in `shown`."""

    def __init__(self, gate: nn.Module) -> None:
        super().__init__()
        self.gate = gate
        self.shown: dict[str, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, regions, 1, 1]` → the same shape, 0 to 1."""
        made: Tensor = self.gate(x)
        self.shown = {"region_weights": made.detach()[:, :, 0, 0]}
        return made
