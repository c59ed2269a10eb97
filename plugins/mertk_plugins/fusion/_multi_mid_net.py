"""One of several moments of a clip while training, all of them afterwards."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MultiMidNet(nn.Module):
    """`[clips, regions, moments, …]` → `[clips, regions, …]`, a moment drawn for each clip.

    In evaluation all moments of a clip follow each other as samples: `[clips·moments, regions, …]`.
    """

    def __init__(self, stream: str) -> None:
        super().__init__()
        self.stream = stream

    def forward(self, streams: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Replaces one stream; others are repeated where moments become samples."""
        x = streams[self.stream].movedim(2, 1)
        clips, moments = x.shape[:2]
        if self.training:
            drawn = torch.randint(moments, (clips,), device=x.device)
            return {**streams, self.stream: x[torch.arange(clips, device=x.device), drawn]}
        repeated = {name: y.repeat_interleave(moments, 0) for name, y in streams.items()}
        return {**repeated, self.stream: x.flatten(0, 1)}
