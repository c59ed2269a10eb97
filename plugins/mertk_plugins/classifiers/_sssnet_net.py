"""Two convolutions and two layers over a flow picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class SSSNetwork(nn.Module):
    """32 filters of 5x5, 64 of 3x3, a layer of 256; whole maps are dropped between them."""

    def __init__(self, stream: str, size: tuple[int, int], classes: int, *, dropout: float) -> None:
        super().__init__()
        self.stream = stream
        self.maps = nn.Sequential(
            nn.Conv2d(3, 32, 5),
            nn.ReLU(),
            nn.MaxPool2d(3),
            nn.BatchNorm2d(32),
            nn.Dropout2d(dropout),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(64),
            nn.Dropout2d(dropout),
        )
        height, width = (((side - 4) // 3 - 2) // 2 for side in size)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64 * height * width, 256),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(256, classes),
        )

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 3, h, w]` → logits `[clips, classes]`."""
        logits: Tensor = self.head(self.maps(streams[self.stream][:, 0]))
        return logits
