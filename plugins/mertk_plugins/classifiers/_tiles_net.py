"""Four windows put together to one picture."""

import torch
from torch import Tensor


def tile_windows(windows: Tensor) -> Tensor:
    """`[clips, 4, channels, h, w]`, first two above last two → `[clips, channels, 2h, 2w]`."""
    rows = [torch.cat([windows[:, at], windows[:, at + 1]], -1) for at in (0, 2)]
    return torch.cat(rows, -2)
