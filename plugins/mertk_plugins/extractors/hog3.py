"""Gradient orientations on three orthogonal planes: 3D-HOG, HOG-TOP and HIGO-TOP.

Polikovsky et al. 2009 (3D-gradient orientation histograms), Li et al. 2018 (HOG-TOP, HIGO-TOP).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling
from mertk_plugins.extractors._expression import Expression, Resample
from mertk_plugins.extractors._orientation import angle_bins, count_in_blocks, normalise_counts

_STEEPEST = 510  # twice the largest difference of two pixels
_AXES = {"xy": ("x", "y"), "xt": ("x", "t"), "yt": ("y", "t")}


class HOG3:
    """Histograms of gradient orientation in the planes xy, xt and yt of a clip (HOG-TOP, HIGO-TOP).

    Gives `[regions, spans * planes * bins]`, each histogram of sum 1, or 0 where nothing changes.
    Gradients are central differences, one-sided at the border.

    Args:
        bins: number of orientations, 1 or more.
        weighted: whether a voxel counts with the length of its gradient in the plane (HOG); if not,
            it counts 1 unless the gradient is 0 (HIGO).
        signed: whether orientations fill a full turn from -180°; if not, opposite ones count as
            one, and they fill half a turn from 0°.
        planes: any of `xy`, `xt` and `yt`, in the order of the result.
        spans: number of parts that the clip is cut into in time, 1 or more; with a single one, the
            rise and the fall of an expression cancel out.
        frames, resample, size: see `mertk_plugins.extractors._expression.Expression`.
    """

    def __init__(
        self,
        *,
        bins: int = 8,
        weighted: bool = True,
        signed: bool = True,
        planes: Sequence[str] = ("xy", "xt", "yt"),
        spans: int = 1,
        frames: int = 10,
        resample: Resample = "tim",
        size: tuple[int, int] | None = (140, 170),
    ) -> None:
        if bins < 1:
            raise ValueError(f"bins={bins}; at least 1")
        if not planes or not set(planes) <= set(_AXES) or len(set(planes)) < len(planes):
            raise ValueError(f"planes={list(planes)}; choose from {', '.join(_AXES)}")
        if not 1 <= spans <= (frames or spans):
            raise ValueError(f"spans={spans}; at least 1, and no more than frames={frames}")
        self.expression = Expression("hog3", (1, 1, 1), frames, resample, size)
        self.bins = bins
        self.weighted = weighted
        self.signed = signed
        self.planes = tuple(planes)
        self.spans = spans

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[regions, spans * planes * bins]`; raises `DataError` where a clip is too short."""
        clip = self.expression.clip(faces)
        if len(clip) < self.spans:
            raise mertk.DataError(
                f"hog3: {len(clip)} frames cannot be cut into {self.spans} spans; set fewer, or "
                "resample with frames"
            )
        gradients = {axis: _double_gradient(clip, at) for at, axis in enumerate("tyx")}
        blocks = resampling.compute_region_slices(
            regions, faces.size, (clip.shape[2], clip.shape[1])
        )
        edges, found = np.arange(self.spans + 1) * len(clip) // self.spans, []
        for start, end in pairwise(edges):
            for plane in self.planes:
                first, second = (gradients[axis][start:end] for axis in _AXES[plane])
                found.append(self._count_gradients(first, second, blocks))
        return np.concatenate(found, axis=1).astype(np.float32)

    def _count_gradients(
        self,
        first: NDArray[np.int32],
        second: NDArray[np.int32],
        blocks: Sequence[tuple[slice, slice]],
    ) -> NDArray[np.float64]:
        """`[regions, bins]` of one plane and span, from twice the gradients."""
        table = _tabulate_bins(self.bins, signed=self.signed)
        at = table.take(second * (2 * _STEEPEST + 1) + first + table.size // 2)
        squares = first * first + second * second
        weights = np.sqrt(squares) / 2 if self.weighted else (squares > 0).astype(np.float64)
        return normalise_counts(count_in_blocks(at, weights, blocks, self.bins))


def _double_gradient(clip: NDArray[np.uint8], axis: int) -> NDArray[np.int32]:
    """Twice `np.gradient` of a clip along an axis: whole numbers of at most 510."""
    values = np.moveaxis(clip.astype(np.int32), axis, 0)
    found = np.empty_like(values)
    found[1:-1] = values[2:] - values[:-2]
    found[0], found[-1] = 2 * (values[1] - values[0]), 2 * (values[-1] - values[-2])
    return np.moveaxis(found, 0, axis)


@functools.lru_cache(maxsize=4)
def _tabulate_bins(bins: int, *, signed: bool) -> NDArray[np.int64]:
    """The bin of each pair of doubled gradients `[second, first]`, flattened; 0, 0 is halfway."""
    steps = np.arange(-_STEEPEST, _STEEPEST + 1) / 2
    angles = np.arctan2(steps[:, None], steps).ravel()
    if signed:
        return angle_bins(angles, bins).astype(np.int64)
    return angle_bins(np.mod(angles, np.pi), bins, low=0, span=np.pi).astype(np.int64)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("hog3", HOG3, paper="doi:10.1049/ic.2009.0244")
