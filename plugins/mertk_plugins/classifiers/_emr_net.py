"""A residual network whose map is cut into an upper and a lower part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

UPPER = 3 / 7
WIDTH = 64


class EMRNetwork(nn.Module):
    """64 numbers of each part; a layer on both, and while training one on each."""

    def __init__(
        self, stream: str, backbone: Any, classes: int, *, dropout: float, backbone_lr: float
    ) -> None:
        super().__init__()
        self.stream, self.backbone = stream, backbone
        self.backbone.lr_scale = backbone_lr
        self.parts = nn.ModuleList(
            nn.Sequential(nn.Linear(backbone.num_features, WIDTH), nn.Tanh(), nn.Dropout(dropout))
            for _ in range(2)
        )
        self.both = nn.Linear(2 * WIDTH, classes)
        self.each = nn.ModuleList(nn.Linear(WIDTH, classes) for _ in range(2))
        for part in (self.parts, self.both, self.each):
            part.apply(_initialise)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, 3, h, w]` → logits `[clips, classes]`.

        While training `[clips, 3, classes]`: of both parts, of the upper and of the lower.
        """
        maps = self.backbone(streams[self.stream][:, 0])
        cut = max(1, round(UPPER * maps.shape[2]))
        means = (maps[:, :, :cut].mean((2, 3)), maps[:, :, cut:].mean((2, 3)))
        found = [part(mean) for part, mean in zip(self.parts, means, strict=True)]
        logits: Tensor = self.both(torch.cat(found, 1))
        if not self.training:
            return logits
        each = [head(part) for head, part in zip(self.each, found, strict=True)]
        return torch.stack([logits, *each], 1)


def _initialise(part: nn.Module) -> None:
    if isinstance(part, nn.Linear):
        nn.init.xavier_normal_(part.weight)
        nn.init.zeros_(part.bias)
