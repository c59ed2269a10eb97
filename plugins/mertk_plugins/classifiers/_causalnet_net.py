"""CausalNet: rise and fall of an expression as four tokens each, which attend to each other."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mertk_plugins.classifiers._htnet_net import HEADS, Join, Layer, split_into_patches
from mertk_plugins.classifiers._tiles_net import tile_windows

TOKENS = 4  # two by two
HIDDEN = 2048


class CausalNetwork(nn.Module):
    """Two trunks over four flows, attention between positions, then between rise and fall."""

    def __init__(
        self,
        stream: str,
        side: int,
        classes: int,
        *,
        dim: int,
        depths: Sequence[int],
        heads: int,
        gamma: float,
        hidden: int,
    ) -> None:
        super().__init__()
        self.stream = stream
        self.trunk, self.half_trunk = (Trunk(side // 2, dim, depths) for _ in range(2))
        self.positions = nn.ModuleList(PositionLayer(dim, heads, gamma) for _ in range(depths[-1]))
        self.causal = CausalBlock(dim, heads, gamma)
        # two layers without anything between, as in the authors' code
        self.head = nn.Sequential(nn.Linear(3 * TOKENS * dim, hidden), nn.Linear(hidden, classes))

    def forward(self, streams: dict[str, Tensor]) -> Tensor:
        """The stream `[clips, 4, 4, 3, side, side]` → logits `[clips, classes]`."""
        rise, fall, half_rise, half_fall = streams[self.stream].unbind(2)
        rise, fall = self.trunk(rise), self.trunk(fall)
        half_rise, half_fall = self.half_trunk(half_rise), self.half_trunk(half_fall)
        for layer in self.positions:
            half_rise, half_fall = layer(half_rise, half_fall)
        tokens = self.causal(rise + half_rise, fall + half_fall)
        logits: Tensor = self.head(tokens.flatten(1))
        return logits


class Trunk(nn.Module):
    """The levels of HTNet; what is left of a face, four times `dim` values, is cut into tokens."""

    def __init__(self, patch: int, dim: int, depths: Sequence[int]) -> None:
        super().__init__()
        self.patch = patch
        self.embed = nn.Linear(3 * patch**2, dim)
        self.levels = nn.ModuleList()
        for level, depth in enumerate(depths):
            width, heads = dim * 2**level, HEADS * 2**level
            self.levels.append(nn.Sequential(*(Layer(width, heads) for _ in range(depth))))
        self.places = nn.Parameter(torch.randn(len(depths)))
        self.joins = nn.ModuleList(Join(dim * 2**level) for level in range(len(depths) - 1))

    def forward(self, windows: Tensor) -> Tensor:
        """`[clips, 4, 3, side, side]` → tokens `[clips, 4, dim]`."""
        x = self.embed(split_into_patches(tile_windows(windows), self.patch))
        for at, (level, place) in enumerate(zip(self.levels, self.places, strict=True)):
            x = level(x + place)
            if at < len(self.joins):
                x = self.joins[at](x)
        tokens: Tensor = x.flatten(1).reshape(len(x), -1, TOKENS).transpose(1, 2)
        return tokens


class NeighbourAttention(nn.Module):
    """Attention among four tokens, two by two, of which those across do not see each other."""

    penalty_across: Tensor
    near: Tensor

    def __init__(self, dim: int, heads: int, gamma: float, scale: float) -> None:
        super().__init__()
        self.heads, self.scale = heads, scale
        across = torch.eye(TOKENS).flip(1)  # tokens 0 and 3, 1 and 2
        self.register_buffer("near", 1 - across)
        self.register_buffer("penalty_across", -gamma * across * torch.arange(1, TOKENS + 1))
        self.ask = nn.Linear(dim, dim)
        self.offer = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """What the tokens `[clips, 4, dim]` take of the context's."""
        keys, values = self.offer(context).chunk(2, -1)
        query, keys, values = (
            _split_heads(part, self.heads) for part in (self.ask(x), keys, values)
        )
        odds = (query @ keys.mT) * self.scale * self.near + self.penalty_across
        found: Tensor = self.out(_join_heads(odds.softmax(-1) * self.near @ values))
        return found


class PositionLayer(nn.Module):
    """The halves of rise and fall look at each other, one after the other."""

    def __init__(self, dim: int, heads: int, gamma: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attend = NeighbourAttention(dim, heads, gamma, dim**-0.5)
        self.wide = _widen(dim)

    def forward(self, rise: Tensor, fall: Tensor) -> tuple[Tensor, Tensor]:
        """`[clips, 4, dim]` each → the same."""
        asked = self.norm(fall)
        rise = rise + self.attend(self.norm(rise), fall)
        fall = fall + self.attend(asked, rise)
        return rise + self.wide(rise), fall + self.wide(fall)


class CausalBlock(nn.Module):
    """Rise to fall and fall to rise, by the same weights, and what both ways say together."""

    def __init__(self, dim: int, heads: int, gamma: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.space = NeighbourAttention(dim, heads, gamma, (dim // heads) ** -0.5)
        self.time = TimeAttention(dim, heads)
        self.wide = _widen(dim)
        self.relate = Relation(dim, heads)

    def forward(self, rise: Tensor, fall: Tensor) -> Tensor:
        """`[clips, 4, dim]` each → `[clips, 12, dim]`."""
        first, second = self._follow(rise, fall)
        back_first, back_second = self._follow(fall, rise)
        return torch.cat([self.relate(second, back_second), first, back_first], 1)

    def _follow(self, cause: Tensor, effect: Tensor) -> tuple[Tensor, Tensor]:
        cause, effect = self.norm(cause), self.norm(effect)
        cause, effect = cause + self.space(cause, cause), effect + self.space(effect, effect)
        effect = effect + self.time(cause, effect)
        return cause + self.wide(cause), effect + self.wide(effect)


class TimeAttention(nn.Module):
    """Each token of a later phase looks at itself and at the same token of the earlier one."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.ask = nn.Linear(dim, dim)
        self.offer = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, earlier: Tensor, later: Tensor) -> Tensor:
        """`[clips, 4, dim]` each → the same."""
        both = self.offer(torch.stack([earlier, later], 2))
        keys, values = both.unflatten(-1, (2, self.heads, -1)).unbind(3)  # [clips, 4, 2, heads, d]
        query = self.ask(later).unflatten(-1, (self.heads, -1))[:, :, None]
        odds = (query * keys).sum(-1, keepdim=True) * self.scale
        found: Tensor = self.out((odds.softmax(2) * values).sum(2).flatten(-2))
        return found


class Relation(nn.Module):
    """The ends of both ways attend to each other; their sum is added."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask, self.keys, self.values, self.out = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, forth: Tensor, back: Tensor) -> Tensor:
        """`[clips, 4, dim]` each → the same."""
        both = forth + back
        query, keys, values = (
            _split_heads(part, self.heads)
            for part in (self.ask(forth), self.keys(back), self.values(both))
        )
        found = functional.scaled_dot_product_attention(query, keys, values)
        related: Tensor = self.out(_join_heads(found) + both)
        return related


def _split_heads(x: Tensor, heads: int) -> Tensor:
    """`[clips, tokens, dim]` → `[clips, heads, tokens, dim/heads]`."""
    return x.reshape(len(x), x.shape[1], heads, -1).transpose(1, 2)


def _join_heads(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def _widen(dim: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
