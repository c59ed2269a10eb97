"""A network for pictures, applied to the one stream of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class TimmNetwork(nn.Module):
    """The picture of one region → the logits of a network for pictures."""

    def __init__(self, stream: str, net: nn.Module) -> None:
        super().__init__()
        self.stream, self.net = stream, net

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 3, h, w]` → logits `[clips, classes]`."""
        logits: Tensor = self.net(streams[self.stream][:, 0])
        return logits
