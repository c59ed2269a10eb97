"""Somebody's module, behind one stream."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class OneStream(nn.Module):
    """Hands a stream on as floats, `[clips, *shape]`; raises `ValueError` for other than logits."""

    def __init__(self, stream: str, shape: tuple[int, ...], inner: nn.Module, classes: int) -> None:
        super().__init__()
        self.stream = stream
        self.shape = shape
        self.inner = inner
        with torch.no_grad():  # lazy layers learn their sizes, and a wrong shape shows at once
            found = tuple(inner.eval()(torch.zeros(2, *shape)).shape)
        inner.train()
        if found != (2, classes):
            raise ValueError(f"it gives {list(found)} for 2 clips of {classes} classes")

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """Streams `[clips, …]` → logits `[clips, classes]`."""
        x = streams[self.stream].float()
        logits: Tensor = self.inner(x.reshape(len(x), *self.shape))
        return logits
