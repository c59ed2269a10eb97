"""Capsules with dynamic routing: Sabour, Frosst and Hinton 2017."""

import torch
from torch import Tensor, nn


class PrimaryCapsules(nn.Module):
    """A convolution whose maps are read as short vectors, each squashed."""

    def __init__(self, given: int, maps: int, size: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(given, maps, kernel, stride)
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, given, h, w]` → capsules `[clips, capsules, size]`."""
        found = self.conv(x).permute(0, 2, 3, 1).flatten(1)
        return squash_capsules(found.unflatten(1, (-1, self.size)))


class ClassCapsules(nn.Module):
    """One capsule a class, by routing of agreement from the capsules before."""

    def __init__(
        self, given: int, given_size: int, classes: int, size: int = 16, *, rounds: int = 3
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.01 * torch.randn(classes, given, size, given_size))
        self.rounds = rounds

    def forward(self, x: Tensor) -> Tensor:
        """Capsules `[clips, given, given_size]` → `[clips, classes, size]`, not yet squashed.

        Only the last round passes gradients; the earlier ones set how much goes where.
        """
        votes = torch.einsum("cgsi,ngi->ncgs", self.weight, x)
        fixed = votes.detach()
        routes = torch.zeros_like(fixed[..., 0])
        for _ in range(self.rounds - 1):
            found = squash_capsules((routes.softmax(1)[..., None] * fixed).sum(2))
            routes = routes + (found[:, :, None] * fixed).sum(-1)
        return (routes.softmax(1)[..., None] * votes).sum(2)


def squash_capsules(x: Tensor) -> Tensor:
    """Vectors `[…, size]` with lengths in [0, 1): |x|² / (1 + |x|²)."""
    square = (x * x).sum(-1, keepdim=True)
    return x * (square + 1e-8).sqrt() / (1 + square)


def compute_logits(x: Tensor) -> Tensor:
    """Capsules that are not squashed `[clips, classes, size]` → logits `[clips, classes]`.

    Their sigmoid is the length of the squashed capsule, |x|² / (1 + |x|²).
    """
    return ((x * x).sum(-1) + 1e-8).log()
