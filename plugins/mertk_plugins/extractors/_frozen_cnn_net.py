"""A network of timm over the frames of a clip."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Frozen(nn.Module):
    """Means over frames of a network's features, on colours as it was trained with.

    `drawn` says that its weights are random.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, body: Any, *, drawn: bool) -> None:
        super().__init__()
        self.body = body
        if drawn:
            _open_branches(body)
        known = body.pretrained_cfg
        self.register_buffer("mean", torch.tensor(known["mean"])[:, None, None])
        self.register_buffer("spread", torch.tensor(known["std"])[:, None, None])

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Pixels `[regions, time, 3, h, w]`, 0 to 255 → features `[regions, features]`."""
        pixels = streams["pixels"]
        x = (pixels.flatten(0, 1).float() / 255 - self.mean) / self.spread
        found: Tensor = self.body(x).unflatten(0, pixels.shape[:2]).mean(1)
        return found


def _open_branches(body: nn.Module) -> None:
    """Give layers that scale by 0 the scale 1: nothing trains them here, so they would stay dead.

    timm starts the residual branches of a network so (`zero_init_last`), which is for training.
    """
    for part in body.modules():
        scale = getattr(part, "weight", None)
        if isinstance(scale, torch.Tensor) and scale.ndim == 1 and not scale.any():
            nn.init.ones_(scale)
