"""Two streams of convolutions, one per flow component, and three layers on both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class OffApexNetwork(nn.Module):
    """6 and 16 filters of 5x5 per component, then two layers of 1024.

    The components share nothing before the layers, so their streams are convolutions of two groups
    with the same result.
    """

    def __init__(self, stream: str, size: tuple[int, int], classes: int, *, dropout: float) -> None:
        super().__init__()
        self.stream = stream
        self.maps = nn.Sequential(
            nn.Conv2d(2, 2 * 6, 5, padding=2, groups=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * 6, 2 * 16, 5, padding=2, groups=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(2 * 16 * (size[0] // 4) * (size[1] // 4), 1024),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(1024, 1024),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(1024, classes),
        )

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 2, h, w]` → logits `[clips, classes]`."""
        logits: Tensor = self.head(self.maps(streams[self.stream][:, 0]))
        return logits
