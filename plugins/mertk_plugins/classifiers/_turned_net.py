"""Pictures turned, mirrored, moved and lit at random while a network trains."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def turn_and_crop(x: Tensor, size: int, *, degrees: float) -> Tensor:
    """A random part `[clips, channels, size, size]` of square pictures `[clips, channels, h, h]`.

    Each is turned by up to `degrees`, and mirrored or not.
    """
    clips, part = len(x), size / x.shape[-1]
    drawn = 2 * torch.rand(4, clips, device=x.device) - 1
    angle, mirror = drawn[0] * math.radians(degrees), drawn[1].sign()
    shift = drawn[2:] * (1 - part)
    cos, sin = part * angle.cos(), part * angle.sin()
    rows = torch.stack([cos * mirror, -sin, shift[0], sin * mirror, cos, shift[1]], -1)
    grid = functional.affine_grid(
        rows.reshape(clips, 2, 3), [clips, x.shape[1], size, size], align_corners=False
    )
    return functional.grid_sample(x, grid, align_corners=False)


def jitter_light(x: Tensor, strength: float) -> Tensor:
    """Pictures in [0, 1] with brightness, contrast and saturation changed by up to `strength`."""
    drawn = 2 * torch.rand(3, len(x), 1, 1, 1, device=x.device) - 1
    brightness, contrast, saturation = (1 + strength * drawn).unbind()
    x = x * brightness
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * contrast
    grey = x.mean(1, keepdim=True)
    return (grey + (x - grey) * saturation).clamp(0, 1)


def crop_middle(x: Tensor, size: int) -> Tensor:
    """The middle part `[clips, channels, size, size]`."""
    at = (x.shape[-1] - size) // 2
    return x[..., at : at + size, at : at + size]
