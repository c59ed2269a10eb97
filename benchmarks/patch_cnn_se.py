"""A training step of a region's patch CNNs: one grouped CNN against a CNN per patch.

Run: OMP_NUM_THREADS=1 python -m benchmarks.patch_cnn_se
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from benchmarks._clock import medians, show
from mertk.nn import losses
from mertk_plugins.fusion._patch_cnn_se_net import PatchNet

PATCHES, BATCH = 9, 64
SGEMM = "a product of matrices"


class NinePatchNets(PatchNet):
    """The same network with a CNN per patch, each called by itself."""

    def __init__(self) -> None:
        super().__init__(**SETTINGS)
        first = [self.conv1, self.conv2, *self.branches]
        self.own = nn.ModuleList(
            nn.ModuleList(_copy(conv, at) for conv in first) for at in range(PATCHES)
        )
        del self.conv1, self.conv2, self.branches

    def features(self, streams: dict[str, torch.Tensor]) -> torch.Tensor:
        """Patch by patch, ReLU before pooling, then as in `PatchNet`."""
        pixels = streams["patches"].permute(0, 3, 1, 2).float() * self.scale + self.low
        x = torch.cat(
            [_one(own, x) for own, x in zip(self.own, pixels.split(3, 1), strict=True)], 1
        )
        x = functional.relu(self.wide(self.se(x).mean((2, 3))))
        return functional.relu(self.narrow(self.dropout(x)))


class GreyPatchNet(PatchNet):
    """The same network on grey pixels, `[frames, h, w, patches]`."""

    def __init__(self) -> None:
        super().__init__(**SETTINGS)
        self.conv1 = nn.Conv2d(PATCHES, PATCHES * 4, 5, padding=2, groups=PATCHES)
        self.to(memory_format=torch.channels_last)

    def _apply_first_conv(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.conv1(pixels.permute(0, 3, 1, 2).float() * self.scale + self.low)


def _copy(conv: nn.Conv2d, at: int) -> nn.Conv2d:
    given, made = conv.in_channels // PATCHES, conv.out_channels // PATCHES
    own = nn.Conv2d(given, made, conv.kernel_size, padding=conv.padding)
    own.weight.data = conv.weight.data.chunk(PATCHES)[at].clone()
    own.bias.data = conv.bias.data.chunk(PATCHES)[at].clone()
    return own


def _one(own: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
    for conv in own[:2]:
        x = functional.max_pool2d(functional.relu(conv(x)), 2, ceil_mode=True)
    parts = [x, *(functional.relu(branch(x)) for branch in own[2:])]
    return torch.cat([functional.max_pool2d(part, 2, ceil_mode=True) for part in parts], 1)


SETTINGS = {
    "patches": PATCHES, "classes": 3, "se": "squeeze", "se_ratio": 0.25, "extra_conv": False,
    "dropout": 0.0, "init": "he", "input_range": (0, 1),
}  # fmt: skip


def step(net: nn.Module, optimizer: torch.optim.Optimizer, pixels: torch.Tensor) -> None:
    """One training step as the trainer does it."""
    optimizer.zero_grad()
    target = torch.arange(len(pixels)) % 3
    losses.focal(net({"patches": pixels}), target).backward()
    optimizer.step()


def stepper(net: nn.Module, pixels: torch.Tensor, fused: bool = True) -> partial[None]:
    """A call that trains the network one step."""
    return partial(step, net, torch.optim.Adam(net.parameters(), 1e-4, fused=fused), pixels)


def count_step(net: PatchNet, pixels: torch.Tensor) -> tuple[int, int]:
    """The FLOP and the least bytes of a training step.

    A layer's backward pass is two products as large as its forward pass, and one where no gradient
    of its input is wanted, as in the first layer. torch's counter is asked for the forward pass
    alone: it counts the backward pass of grouped convolutions several times. Each output of a
    convolution is written and read once in the forward pass, and so is its gradient.
    """
    written = [0]

    def note(_layer: nn.Module, _given: object, output: torch.Tensor) -> None:
        written[0] += output.numel() * output.element_size()

    hooks = [
        layer.register_forward_hook(note) for layer in net.modules() if isinstance(layer, nn.Conv2d)
    ]
    with torch.no_grad(), FlopCounterMode(display=False) as whole:
        net({"patches": pixels})
    for hook in hooks:
        hook.remove()
    with torch.no_grad(), FlopCounterMode(display=False) as first:
        made = net._apply_first_conv(pixels)  # noqa: SLF001  it is no call of a module
    written[0] += made.numel() * made.element_size()
    return 3 * whole.get_total_flops() - first.get_total_flops(), 4 * written[0]


def main() -> None:
    """Print every comparison."""
    torch.set_num_threads(1)
    square = torch.randn(1024, 1024)
    for height, width in ((35, 50), (16, 24)):
        pixels = torch.randint(0, 256, (BATCH, height, width, PATCHES * 3), dtype=torch.uint8)
        calls = {
            "mertk: one CNN with a group per patch, fused Adam": stepper(
                PatchNet(**SETTINGS), pixels
            ),
            "the same, Adam not fused": stepper(PatchNet(**SETTINGS), pixels, fused=False),
            "a CNN per patch, nine calls, Adam fused": stepper(NinePatchNets(), pixels),
            "one CNN, grey pixels": stepper(GreyPatchNet(), pixels[..., :PATCHES].contiguous()),
        }
        flop, least = count_step(PatchNet(**SETTINGS), pixels)
        calls[SGEMM] = partial(torch.mm, square, square)
        seconds = medians(calls, 9)
        peak = 2 * len(square) ** 3 / seconds.pop(SGEMM) / 1e9
        size = f"9 patches of {height}x{width}x3"
        show(f"A training step, {BATCH} frames, {size}", seconds)
        rate = flop / next(iter(seconds.values())) / 1e9
        print(
            f"  {flop / 1e9:.2f} GFLOP and {least / 1e6:.0f} MB a step; {rate:.1f} GFLOP/s in the "
            f"first row, {peak:.1f} in a product of 1024x1024 matrices, at which a step would take "
            f"{flop / peak / 1e6:.1f} ms"
        )


if __name__ == "__main__":
    main()
