"""A residual network whose map is cut into an upper and a lower part."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

UPPER = 3 / 7
WIDTH = 64


class EMRNetwork(nn.Module):
    """64 numbers of each part; a layer on both, and while training one on each."""

    def __init__(
        self,
        stream: str,
        backbone: Any,
        classes: int,
        *,
        adversary: Mapping[str, Any],
        dropout: float,
        backbone_lr: float,
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
            part.apply(_initialise_layer)
        several = adversary["sets"] > 1
        self.adversary = Adversary(**adversary, dropout=dropout) if several else None

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
        if self.adversary is not None:
            self.adversary(torch.cat(found, 1), streams["_domain"])
        each = [head(part) for head, part in zip(self.each, found, strict=True)]
        return torch.stack([logits, *each], 1)


class Adversary(nn.Module):
    """Predicts the data set of a clip, and passes back the reversed gradient."""

    def __init__(self, *, sets: int, weight: float, ramp: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * WIDTH, 64),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(64, 32),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(32, sets),
        )
        self.layers.apply(_initialise_layer)
        self.weight, self.ramp, self.steps = weight, ramp, 0
        self.loss: Tensor | float = 0.0

    def forward(self, found: Tensor, sets: Tensor) -> None:
        """Predict the data sets `[clips, 1]` of features `[clips, 128]`, and keep the loss."""
        strength = 2 / (1 + math.exp(-10 * self.steps / self.ramp)) - 1
        self.steps += 1
        logits = self.layers(Reversed.apply(found, strength))
        self.loss = self.weight * functional.cross_entropy(logits, sets[:, 0].long())

    def auxiliary(self, _target: Tensor) -> Tensor | float:
        """What it adds to the loss of the batch."""
        return self.loss


class Reversed(torch.autograd.Function):
    """The identity, whose gradient is turned round: Ganin and Lempitsky 2015."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        """`x`."""
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """`-strength` times the gradient."""
        return -ctx.strength * grads[0], None


def _initialise_layer(part: nn.Module) -> None:
    if isinstance(part, nn.Linear):
        nn.init.xavier_normal_(part.weight)
        nn.init.zeros_(part.bias)
