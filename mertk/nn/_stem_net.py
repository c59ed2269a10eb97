"""A first block of many folds' networks, worked out clip by clip for all folds at once.

The folds of a run train on the same clips, so one clip's patches serve the convolutions of all
folds that have it in their batch: one large matrix product instead of many small ones. All that
follows, up to the pooled maps, stays in the processor's cache, and the backward pass works it out
again instead of keeping it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mertk.nn.parallel_folds import Stem


def compute_pooled_maps(
    stems: Sequence[Stem], clips: Tensor, rows: Sequence[Tensor]
) -> list[Tensor]:
    """Each fold's maps `[batch, filters, h, w]`, as its own stem gives them of `clips[rows]`.

    Batch norms take the statistics of their own fold's batch and keep them, as in training.
    """
    first = stems[0].conv
    window: dict[str, Any] = {
        "kernel_size": first.kernel_size,
        "padding": first.padding,
        "stride": first.stride,
        "dilation": first.dilation,
    }
    with torch.no_grad():
        before = first(clips[:1]).shape[2:]
    plan = Plan(clips, rows, window, stems[0].pool, (before[0], before[1]))
    weights = torch.stack([_join_weights(stem.conv) for stem in stems], 1)
    # a batch norm of negative scale turns smallest values into largest ones
    signs = torch.stack([stem.norm.weight.detach() for stem in stems]).sign()
    flips = torch.where(signs < 0, -1.0, 1.0) if (signs < 0).any() else None
    peaks, means, variances = _Pooled.apply(weights, flips, plan)
    batches = peaks.split([len(own) for own in rows])
    parts = zip(stems, batches, means.unbind(), variances.unbind(), strict=True)
    return [_normalise_maps(stem.norm, batch, mean, var, plan) for stem, batch, mean, var in parts]


def _join_weights(conv: nn.Conv2d) -> Tensor:
    """`[patch + 1, filters]`, the bias last."""
    bias = conv.weight.new_zeros(conv.out_channels) if conv.bias is None else conv.bias
    return torch.cat([conv.weight.flatten(1), bias[:, None]], 1).T


def _normalise_maps(
    norm: nn.BatchNorm2d, maps: Tensor, mean: Tensor, variance: Tensor, plan: Plan
) -> Tensor:
    """Pooled maps, normed by statistics from before pooling, which the norm keeps."""
    values = len(maps) * prod(plan.before)
    with torch.no_grad():
        kept: Any = norm
        kept.num_batches_tracked += 1
        share = norm.momentum
        if share is None:
            share = 1 / float(kept.num_batches_tracked)
        kept.running_mean.lerp_(mean, share)
        kept.running_var.lerp_(variance * values / (values - 1), share)
    scale = norm.weight * (variance + norm.eps).rsqrt()
    shift = norm.bias - mean * scale
    return maps * scale[:, None, None] + shift[:, None, None]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Which folds have which clip in their batch, and what is the same for all of them.

    `rows` are each fold's clips in the order of its batch, `before` is the size `[height, width]`
    of a clip's maps before pooling, `window` how `unfold` cuts a clip for the convolution.
    """

    clips: Tensor
    rows: Sequence[Tensor]
    window: Mapping[str, Any]
    pool: nn.MaxPool2d
    before: tuple[int, int]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Per clip: its patches `[weights, pixels]`, places in the joined batches, their folds."""
        clips = torch.cat(list(self.rows))
        folds = torch.repeat_interleave(torch.tensor([len(rows) for rows in self.rows]))
        order = clips.argsort(stable=True)
        found, counts = torch.unique(clips, return_counts=True)
        parts: Sequence[Tensor] = torch.split(order, counts.tolist())
        for clip, places in zip(found.tolist(), parts, strict=True):
            patches = functional.unfold(self.clips[clip, None], **self.window)[0]
            # a last row of ones carries the bias
            yield functional.pad(patches, (0, 0, 0, 1), value=1.0), places, folds[places]

    def maps(self, patches: Tensor, weights: Tensor, folds: Tensor, buffer: Tensor) -> Tensor:
        """ReLU of the convolutions of some folds, `[pixels, folds·filters]`, in the buffer."""
        mixed = weights.index_select(1, folds).flatten(1)
        maps = buffer[: patches.shape[1] * mixed.shape[1]].view(patches.shape[1], -1)
        return torch.relu_(torch.mm(patches.T, mixed, out=maps))

    def peaks(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """The pooled maps `[1, folds·filters, h, w]`, and at which pixels they were found."""
        picture = maps.view(1, *self.before, -1).permute(0, 3, 1, 2)
        pool = self.pool
        found: tuple[Tensor, Tensor] = torch.ops.aten.max_pool2d_with_indices(
            picture, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode
        )
        return found

    def buffer(self, filters: int) -> Tensor:
        """Memory for the maps of one clip and all folds; new memory costs more than the work."""
        return torch.empty(prod(self.before) * len(self.rows) * filters)


class _Pooled(torch.autograd.Function):
    """Weights `[patch, folds, filters]` → pooled ReLU maps of all batches, means, variances.

    Means and variances `[folds, filters]` are those of the maps before pooling. Where `flips`
    `[folds, filters]` is -1, the smallest value of a window is taken instead of the largest.
    """

    @staticmethod
    def forward(ctx: Any, weights: Tensor, flips: Tensor | None, plan: Plan) -> Any:
        _, count, filters = weights.shape
        sums = torch.zeros(2, count, filters, dtype=torch.float64)
        buffer, spare = plan.buffer(filters), plan.buffer(filters)
        pooled = None
        for patches, places, folds in plan:
            maps = plan.maps(patches, weights, folds, buffer)
            squares = torch.mul(maps, maps, out=spare[: maps.numel()].view_as(maps))
            both = torch.stack([maps.sum(0), squares.sum(0)]).double()
            sums.index_add_(1, folds, both.view(2, len(folds), filters))
            peaks = plan.peaks(_flip_maps(maps, flips, folds))[0]
            peaks = peaks.view(len(folds), filters, *peaks.shape[2:])
            if flips is not None:
                peaks = peaks * flips[folds][..., None, None]
            if pooled is None:
                pooled = peaks.new_empty(sum(map(len, plan.rows)), *peaks.shape[1:])
            pooled.index_copy_(0, places, peaks)
        sizes = prod(plan.before) * torch.tensor([[len(rows)] for rows in plan.rows])
        mean, square = sums / sizes
        variance = (square - mean**2).clamp(min=0)
        ctx.save_for_backward(weights, flips, mean, sizes)
        ctx.plan = plan
        return pooled, mean.float(), variance.float()

    @staticmethod
    def backward(ctx: Any, peaks: Tensor, means: Tensor, variances: Tensor) -> Any:
        weights, flips, mean, sizes = ctx.saved_tensors
        plan, filters = ctx.plan, weights.shape[2]
        # what each pixel gets through its fold's statistics: base + slope · its value
        slope = 2 * variances / sizes
        base = (means / sizes - slope * mean).float()
        slope = slope.float()
        buffer, spare = plan.buffer(filters), plan.buffer(filters)
        found = torch.zeros_like(weights)
        for patches, places, folds in plan:
            maps = plan.maps(patches, weights, folds, buffer)
            where = plan.peaks(_flip_maps(maps, flips, folds))[1][0].permute(1, 2, 0).flatten(0, 1)
            given = peaks[places].flatten(2).permute(2, 0, 1).reshape(where.shape)
            change = spare[: maps.numel()].view_as(maps)
            torch.addcmul(base[folds].flatten(), maps, slope[folds].flatten(), out=change)
            change.scatter_add_(0, where, given)
            torch.ops.aten.threshold_backward(change, maps, 0, grad_input=change)
            mixed = torch.mm(patches, change)
            found.index_add_(1, folds, mixed.view(-1, len(folds), filters))
        return found, None, None


def _flip_maps(maps: Tensor, flips: Tensor | None, folds: Tensor) -> Tensor:
    return maps if flips is None else maps * flips[folds].flatten()
