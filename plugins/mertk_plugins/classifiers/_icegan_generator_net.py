"""A U-Net that changes an expression, with graph reasoning on its skip connections."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm


class Generator(nn.Module):
    """Halves a picture until one pixel is left, adds noise and class, and doubles it again.

    Layers before a normalisation have no bias, which it would take out again.
    """

    def __init__(self, side: int, width: int, classes: int, noise: int) -> None:
        super().__init__()
        self.classes, self.noise = classes, noise
        *outer, inmost = maps = [*_list_widths(side, width), 5 * width]
        down = [_make_halving_block(1, maps[0], norm=False)]
        down += [_make_halving_block(*pair, norm=True) for pair in itertools.pairwise(outer)]
        self.down = nn.ModuleList([*down, _make_halving_block(outer[-1], inmost, norm=False)])
        self.skips = nn.ModuleList(GraphReasoning(given) for given in outer)
        given = [inmost + noise + classes, *(2 * width for width in outer[:0:-1])]
        self.up = nn.ModuleList(
            _make_doubling_block(*pair) for pair in zip(given, outer[::-1], strict=True)
        )
        self.last = spectral_norm(nn.ConvTranspose2d(2 * maps[0], 1, 4, 2, 1))

    def forward(self, x: Tensor, wanted: Tensor) -> Tensor:
        """Pictures `[clips, 1, side, side]` in [-1, 1] and classes `[clips]` → such pictures."""
        x = self.down[0](x)
        skipped = []
        for down, skip in zip(self.down[1:], self.skips, strict=True):
            x = functional.leaky_relu(x, 0.2)
            skipped.append(skip(x))
            x = down(x)
        code = functional.one_hot(wanted, self.classes)
        noise = torch.randn(len(x), self.noise, device=x.device)
        x = torch.cat([x, torch.cat([noise, code], 1)[:, :, None, None]], 1)
        for up in self.up:
            x = torch.cat([up(functional.leaky_relu(x, 0.2)), skipped.pop()], 1)
        return torch.tanh(self.last(functional.leaky_relu(x, 0.2)))


class GraphReasoning(nn.Module):
    """Maps as nodes of a graph: how alike two are, reasoned over, sets what is added to them."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        nodes = maps // 4
        self.one, self.other = nn.Conv2d(maps, nodes, 1), nn.Conv2d(maps, nodes, 1)
        self.along, self.across = nn.Linear(nodes, nodes), nn.Conv1d(nodes, nodes, 1)
        self.raised = nn.Sequential(nn.Conv2d(nodes, maps, 1, bias=False), nn.InstanceNorm2d(maps))

    def forward(self, x: Tensor) -> Tensor:
        """`[clips, maps, h, w]` → the same, with the output of the graph added."""
        one, other = self.one(x).flatten(2), self.other(x).flatten(2)
        graph = one @ other.transpose(1, 2) / one.shape[1]
        graph = self.across(functional.relu(graph + self.along(graph)))
        found: Tensor = x + self.raised((graph @ other).unflatten(2, x.shape[2:]))
        return found


def _list_widths(side: int, width: int) -> list[int]:
    """Maps after each halving of a picture but the last."""
    return [width * min(2**at, 8) for at in range(side.bit_length() - 2)]


def _make_halving_block(given: int, maps: int, *, norm: bool) -> nn.Sequential:
    conv = spectral_norm(nn.Conv2d(given, maps, 4, 2, 1, bias=not norm))
    return nn.Sequential(conv, nn.InstanceNorm2d(maps)) if norm else nn.Sequential(conv)


def _make_doubling_block(given: int, maps: int) -> nn.Sequential:
    conv = spectral_norm(nn.ConvTranspose2d(given, maps, 4, 2, 1, bias=False))
    return nn.Sequential(conv, nn.InstanceNorm2d(maps))
