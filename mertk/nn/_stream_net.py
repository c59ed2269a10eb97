"""The first layer of a network made of torch's own layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class PickStream(nn.Module):
    """Streams `[clips, …]` → the one of a name, as floats."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, …]`."""
        return streams[self.name].float()
