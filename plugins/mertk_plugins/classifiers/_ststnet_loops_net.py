"""`STSTNetwork` up to its last layer, as loops that the optional extra `fast` compiles.

Each step of torch's reads and writes all maps; here the map of one clip and filter stays in the
processor's cache until it is pooled. Maps after ReLU are kept for the backward pass.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mertk.vision.compiled import compile_loop

Array = NDArray[Any]


def average_maps(pictures: Tensor, network: Any) -> Tensor | None:
    """What `network.average_maps` gives in training, and its gradients; None where torch has to.

    That is without numba, on a GPU, where the pictures need a gradient, and where a scale of the
    batch norm is not above 0: the largest value after it is then the smallest before.
    """
    compiled = pictures.device.type == "cpu" and _compile(_pool_maps)
    if not compiled or pictures.requires_grad or bool((network.norm.weight <= 0).any()):
        return None
    found: Tensor = _AveragedMaps.apply(
        pictures, network, *network.conv.parameters(), *network.norm.parameters()
    )
    return found


class _AveragedMaps(torch.autograd.Function):
    """Pictures `[clips, channels, h, w]` → averages `[clips, filters, …]`."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, network: Any, *weights: Tensor) -> Tensor:
        """Batch norm takes the statistics of the batch, and keeps the running ones."""
        pictures = functional.pad(given, (1, 1, 1, 1)).numpy()
        weight, bias, scale, offset = (one.detach().numpy() for one in weights)
        clips, _, height, width = pictures.shape
        maps = np.empty((clips, len(weight), height, width), pictures.dtype)
        best = np.empty((clips, len(weight), height // 3, width // 3), pictures.dtype)
        where, sums = np.empty(best.shape, np.int32), np.zeros((2, len(weight)))
        _run(_pool_maps, pictures, (weight, bias), (maps, best, where, sums))
        count = clips * (height - 2) * (width - 2)
        mean, variance = sums[0] / count, sums[1] / count - (sums[0] / count) ** 2
        _update_statistics(network.norm, mean, variance * count / (count - 1))
        spread = 1 / np.sqrt(variance + network.norm.eps)
        keep = 1 - network.dropout.p
        draws = np.empty(best.shape) if network.dropout.p else np.zeros(best.shape)
        if network.dropout.p:
            torch.from_numpy(draws).uniform_()  # the numbers that torch's dropout draws
        averaged = np.zeros((*best.shape[:2], best.shape[2] // 2, best.shape[3] // 2), maps.dtype)
        line = np.stack([scale * spread, offset - mean * scale * spread]).astype(maps.dtype)
        _run(_average_kept, (best, draws, keep), line / (4 * keep), averaged)
        ctx.kept = pictures, (maps, where), (best, draws, keep), (mean, spread, scale, count)
        return torch.from_numpy(averaged)

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the weights of convolution and batch norm."""
        pictures, (maps, where), pooled, (mean, spread, scale, count) = ctx.kept
        filters = maps.shape[1]
        gradient, sums = np.zeros_like(pooled[0]), np.zeros((2, filters))
        _run(_spread_averages, given.numpy() / (4 * pooled[2]), pooled, (gradient, sums))
        of_offset, of_scale = sums[0], (sums[1] - mean * sums[0]) * spread
        # What a value of a map changes through the mean and the variance of the batch.
        slope = -scale * spread**2 * of_scale / count
        shift = -scale * spread * of_offset / count - slope * mean
        line = np.stack([shift, slope, scale * spread]).astype(maps.dtype)
        of_weight, of_bias = np.zeros((filters, pictures.shape[1], 3, 3)), np.zeros(filters)
        _run(_sum_gradients, pictures, (maps, where, gradient), line, (of_weight, of_bias))
        found = (of_weight, of_bias, of_scale, of_offset)
        return (None, None, *(given.new_tensor(one) for one in found))


@functools.cache
def _compile(loop: Callable[..., Any]) -> Callable[..., Any] | None:
    """The loop as machine code; None without numba."""
    try:
        import numba  # noqa: F401  by name: rounding differs, so the identity needs its release
    except ModuleNotFoundError:
        return None
    return compile_loop(loop, fastmath=True)


def _run(loop: Callable[..., Any], *given: Any) -> None:
    (_compile(loop) or loop)(*given)


def _update_statistics(norm: Any, mean: Array, variance: Array) -> None:
    with torch.no_grad():
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(norm.running_mean.new_tensor(mean), norm.momentum)
        norm.running_var.lerp_(norm.running_var.new_tensor(variance), norm.momentum)


def _pool_maps(pictures: Array, weights: tuple[Array, ...], found: tuple[Array, ...]) -> None:
    """Maps after ReLU, the largest value of 3x3 each and its place, sums of values and squares.

    A map has the border of its picture, which stays 0, and no value of it is below.
    """
    (weight, bias), (maps, best, where, sums) = weights, found
    zero, step = maps.dtype.type(0), maps.shape[3]
    length = (maps.shape[2] - 2) * step - 2
    row, places = np.empty(step, maps.dtype), np.empty(step, np.int32)
    for clip in range(maps.shape[0]):
        for part in range(0, maps.shape[1], 2):  # what is loaded of a picture serves two maps
            one, two = maps[clip, part].reshape(-1), maps[clip, part + 1].reshape(-1)
            one, two = one[step + 1 :], two[step + 1 :]  # from the first pixel within the border
            one[:length], two[:length] = bias[part], bias[part + 1]
            for channel in range(pictures.shape[1]):
                a = pictures[clip, channel].reshape(-1)
                b, c = a[step:], a[2 * step :]
                (u0, u1, u2), (u3, u4, u5), (u6, u7, u8) = weight[part, channel]
                (w0, w1, w2), (w3, w4, w5), (w6, w7, w8) = weight[part + 1, channel]
                for p in range(length):
                    v0, v1, v2 = a[p], a[p + 1], a[p + 2]
                    v3, v4, v5 = b[p], b[p + 1], b[p + 2]
                    v6, v7, v8 = c[p], c[p + 1], c[p + 2]
                    value = u0 * v0 + u1 * v1 + u2 * v2 + u3 * v3 + u4 * v4
                    one[p] += value + u5 * v5 + u6 * v6 + u7 * v7 + u8 * v8
                    value = w0 * v0 + w1 * v1 + w2 * v2 + w3 * v3 + w4 * v4
                    two[p] += value + w5 * v5 + w6 * v6 + w7 * v7 + w8 * v8
        for part in range(maps.shape[1]):
            edged = maps[clip, part]  # what the loop above wrote to the border goes
            edged[0] = edged[-1] = edged[:, 0] = edged[:, -1] = 0
            plane = edged.reshape(-1)
            inner = plane[step + 1 :]
            total = squares = zero
            for p in range(length):
                value = max(inner[p], zero)
                inner[p] = value
                total += value
                squares += value * value
            sums[0, part] += total
            sums[1, part] += squares
            for i in range(best.shape[2]):
                a = plane[3 * i * step :]
                b, c = a[step:], a[2 * step :]
                for x in range(step):
                    value, at = (b[x], step) if b[x] > a[x] else (a[x], 0)
                    value, at = (c[x], 2 * step) if c[x] > value else (value, at)
                    row[x], places[x] = value, 3 * i * step + at + x
                for j in range(best.shape[3]):
                    x = 3 * j
                    value, at = (row[x + 1], x + 1) if row[x + 1] > row[x] else (row[x], x)
                    value, at = (row[x + 2], x + 2) if row[x + 2] > value else (value, at)
                    best[clip, part, i, j], where[clip, part, i, j] = value, places[at]


def _average_kept(pooled: tuple[Any, ...], line: Array, averaged: Array) -> None:
    """Sums of 2x2 values each, scaled and shifted by `line`; those that are dropped are 0."""
    best, draws, keep = pooled
    for clip in range(averaged.shape[0]):
        for part in range(averaged.shape[1]):
            for i in range(2 * averaged.shape[2]):
                for j in range(2 * averaged.shape[3]):
                    value = best[clip, part, i, j] * line[0, part] + line[1, part]
                    kept = value if draws[clip, part, i, j] < keep else 0
                    averaged[clip, part, i // 2, j // 2] += kept


def _spread_averages(given: Array, pooled: tuple[Any, ...], found: tuple[Array, Array]) -> None:
    """Gradients of what was averaged, 0 where dropped, and their sums alone and with the values."""
    (best, draws, keep), (gradient, sums) = pooled, found
    for clip in range(given.shape[0]):
        for part in range(given.shape[1]):
            total = weighted = gradient.dtype.type(0)
            for i in range(2 * given.shape[2]):
                for j in range(2 * given.shape[3]):
                    value = given[clip, part, i // 2, j // 2]
                    value = value if draws[clip, part, i, j] < keep else gradient.dtype.type(0)
                    gradient[clip, part, i, j] = value
                    total += value
                    weighted += value * best[clip, part, i, j]
            sums[0, part] += total
            sums[1, part] += weighted


def _sum_gradients(
    pictures: Array, kept: tuple[Array, ...], line: Array, found: tuple[Array, Array]
) -> None:
    """Gradients of weights and biases of the convolution.

    Those of a map are `line[0] + line[1] * value`, and what was pooled adds `line[2]` times its
    own; they are 0 where ReLU gave 0.
    """
    (maps, where, pooled), (of_weight, of_bias) = kept, found
    zero, step = maps.dtype.type(0), maps.shape[3]
    length = (maps.shape[2] - 2) * step - 2
    gradient = np.zeros(maps.shape[2] * step, maps.dtype)
    inner = gradient[step + 1 :]
    for clip in range(maps.shape[0]):
        for part in range(maps.shape[1]):
            plane, (shift, slope, steep) = maps[clip, part].reshape(-1), line[:, part]
            for p in range(len(plane)):
                gradient[p] = shift + slope * plane[p] if plane[p] > 0 else zero
            places, values = where[clip, part].reshape(-1), pooled[clip, part].reshape(-1)
            for i in range(len(places)):
                gradient[places[i]] += steep * values[i] if plane[places[i]] > 0 else zero
            total = zero
            for p in range(length):
                total += inner[p]
            of_bias[part] += total
            for channel in range(pictures.shape[1]):
                a = pictures[clip, channel].reshape(-1)
                b, c = a[step:], a[2 * step :]
                s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = zero
                for p in range(length):
                    g = inner[p]
                    s0, s1, s2 = s0 + g * a[p], s1 + g * a[p + 1], s2 + g * a[p + 2]
                    s3, s4, s5 = s3 + g * b[p], s4 + g * b[p + 1], s5 + g * b[p + 2]
                    s6, s7, s8 = s6 + g * c[p], s7 + g * c[p + 1], s8 + g * c[p + 2]
                w = of_weight[part, channel].reshape(-1)
                for k, s in enumerate((s0, s1, s2, s3, s4, s5, s6, s7, s8)):
                    w[k] += s
