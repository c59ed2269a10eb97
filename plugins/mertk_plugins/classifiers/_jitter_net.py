"""Small random warps of training pictures, the same for all pictures of a clip."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Jitter(nn.Module):
    """Mirrors half of the clips, turns each by up to `degrees` and shifts it by up to `shift`.

    `shift` is a part of the picture's side. What comes from outside is 0. Only while training.
    """

    def __init__(self, *, degrees: float, shift: float) -> None:
        super().__init__()
        self.turn, self.shift = degrees * torch.pi / 180, shift

    def forward(self, *pictures: Tensor) -> tuple[Tensor, ...]:
        """Pictures `[clips, channels, h, w]`, of any sizes → the same, warped alike."""
        if not self.training:
            return pictures
        drawn = torch.rand(len(pictures[0]), 4, device=pictures[0].device)
        angle = (2 * drawn[:, 0] - 1) * self.turn
        mirror = 1 - 2 * (drawn[:, 1] < 0.5).float()
        move = (2 * drawn[:, 2:] - 1) * 2 * self.shift  # a side is 2 long to grid_sample
        rows = torch.stack(
            [
                torch.stack([mirror * angle.cos(), -mirror * angle.sin(), move[:, 0]], 1),
                torch.stack([angle.sin(), angle.cos(), move[:, 1]], 1),
            ],
            1,
        )
        return tuple(_warp_picture(picture, rows) for picture in pictures)


def _warp_picture(picture: Tensor, rows: Tensor) -> Tensor:
    grid = functional.affine_grid(rows, list(picture.shape), align_corners=False)
    return functional.grid_sample(picture, grid, align_corners=False)
