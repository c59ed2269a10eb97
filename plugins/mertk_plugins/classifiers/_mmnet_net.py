"""Two branches: what moved between onset and apex, and where it lies on the face."""

from collections.abc import Mapping
from functools import partial

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn
from torch.nn import functional

from mertk_plugins.classifiers._jitter_net import Jitter

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HEADS = 4
STRIDE = 16  # pixels of the motion picture for one place of the position branch


class MMNetwork(nn.Module):
    """Motion maps plus position codes `[512·width, places, places]`, flattened, one layer."""

    mean: Tensor
    spread: Tensor

    def __init__(
        self, places: int, classes: int, *, width: float, degrees: float, shift: float
    ) -> None:
        super().__init__()
        stem, first, third, last = (HEADS * round(n * width / HEADS) for n in (180, 128, 256, 512))
        self.register_buffer("mean", torch.tensor(MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(SPREAD).reshape(3, 1, 1), persistent=False)
        self.jitter = Jitter(degrees=degrees, shift=shift)
        self.stem = nn.Sequential(_make_conv(3, stem, 3, 2), _make_conv(stem, first, 3))
        self.blocks = nn.ModuleList(
            [
                Attended(first, first, 1),
                Attended(first, first, 2),
                Attended(first, third, 2),
                Attended(third, last, 2),
            ]
        )
        self.position = Position(places, last)
        self.head = nn.Linear(last * places**2, classes)
        for part in [*self.stem.modules(), *self.blocks.modules()]:
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, streams: Mapping[str, Tensor]) -> Tensor:
        """`motion` `[clips, 1, 3, s, s]`, `onset` `[clips, 1, 3, s/16, s/16]` → logits."""
        motion = streams["motion"][:, 0] / self.spread
        onset = (streams["onset"][:, 0] - self.mean) / self.spread
        motion, onset = self.jitter(motion, onset)
        x, seen = self.stem(motion), None
        for block in self.blocks:
            x, seen = block(x, seen)
        logits: Tensor = self.head((x + self.position(onset)).flatten(1))
        return logits


class Attended(nn.Module):
    """A residual block whose maps are weighted by place: continuous attention.

    The weight of a place comes from the mean and the maximum over maps, times the weights of the
    block before, pooled to this one's size.
    """

    def __init__(self, given: int, made: int, stride: int) -> None:
        super().__init__()
        self.conv = _make_conv(given, made, 3, stride)
        self.mix = _make_conv(made, made, 1, relu=False)
        same = stride == 1 and given == made
        self.short = nn.Identity() if same else _make_conv(given, made, 1, stride, relu=False)
        self.attend = nn.Sequential(nn.Conv2d(2, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Sigmoid())

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """Maps and the last block's weights → maps and weights `[clips, 1, h, w]`."""
        x = functional.relu(self.mix(self.conv(x)) + self.short(x))
        weights = self.attend(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1))
        if before is not None:
            weights = weights * functional.max_pool2d(before, 3, 2, padding=1)
        return x * weights, weights


class Position(nn.Module):
    """A small vision transformer over the single places of the shrunk onset picture."""

    def __init__(self, places: int, dim: int) -> None:
        super().__init__()
        norm = partial(nn.LayerNorm, eps=1e-6)
        self.embed = nn.Conv2d(3, dim, 1)
        self.place = nn.Parameter(torch.empty(1, places**2, dim))
        self.blocks = nn.Sequential(
            *(Block(dim, HEADS, qkv_bias=True, norm_layer=norm) for _ in range(2))  # type: ignore[arg-type]
        )
        self.norm = norm(dim)
        nn.init.trunc_normal_(self.place, std=0.02)
        for part in self.blocks.modules():
            if isinstance(part, nn.Linear):
                nn.init.trunc_normal_(part.weight, std=0.02)
                nn.init.zeros_(part.bias)

    def forward(self, onset: Tensor) -> Tensor:
        """`[clips, 3, places, places]` → `[clips, dim, places, places]`."""
        x = self.embed(onset)
        codes = self.norm(self.blocks(x.flatten(2).transpose(1, 2) + self.place))
        return codes.transpose(1, 2).reshape(x.shape)  # type: ignore[no-any-return]


def _make_conv(
    given: int, made: int, size: int, stride: int = 1, *, relu: bool = True
) -> nn.Sequential:
    conv = nn.Conv2d(given, made, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(made), nn.ReLU() if relu else nn.Identity())
