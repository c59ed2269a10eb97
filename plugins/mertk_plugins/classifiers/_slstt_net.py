"""A vision transformer for each flow picture, and a recurrent network over its outputs."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HIDDEN, LAYERS, LAST = 512, 3, 256


class SLSTTNetwork(nn.Module):
    """Class tokens of the pictures of a clip, through an LSTM or averaged, to logits."""

    mean: Tensor
    spread: Tensor

    def __init__(self, stream: str, backbone: Any, classes: int, *, recurrent: bool) -> None:
        super().__init__()
        self.stream, self.backbone = stream, backbone
        self.register_buffer("mean", torch.tensor(MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(SPREAD).reshape(3, 1, 1), persistent=False)
        dim: int = backbone.num_features
        self.lstm = nn.LSTM(dim, HIDDEN, LAYERS, batch_first=True) if recurrent else None
        self.last = nn.Linear(HIDDEN, LAST) if recurrent else None
        self.head = nn.Linear(LAST if recurrent else dim, classes)

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """The stream `[clips, 1, time, 3, h, w]` → logits `[clips, classes]`."""
        pictures = (streams[self.stream][:, 0] - self.mean) / self.spread
        tokens = self.backbone(pictures.flatten(0, 1)).reshape(*pictures.shape[:2], -1)
        logits: Tensor = self.head(self._gather_tokens(tokens))
        return logits

    def _gather_tokens(self, tokens: Tensor) -> Tensor:
        """`[clips, time, dim]` → `[clips, features]`."""
        if self.lstm is None or self.last is None:
            return tokens.mean(1)
        return functional.relu(self.last(self.lstm(tokens)[0][:, -1]))
