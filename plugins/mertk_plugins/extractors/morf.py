"""MORF: mean oriented Riesz features (Duque et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import resampling
from mertk_plugins.extractors import _riesz
from mertk_plugins.extractors._orientation import angle_bins, count_in_blocks

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]

_REACH = 0.09  # seconds to either side that the filter in time reaches


class MORF:
    """MORF: directions of the mean phase change from onset to apex, in a Riesz pyramid.

    Gives `[regions, levels·bins]`. The phase of a level turns from frame to frame; its turns are
    added up, low-pass filtered in time, and averaged over 3x3 pixels by amplitude. The mean change
    per frame from onset to apex is a vector at each pixel; a histogram of its direction, weighted
    by its length, is taken in each region, and those of a level together are scaled to sum 1. A
    clip without motion gives 0. Frames before the onset and after the apex are used as far as the
    filter reaches. Bin 0 is centred on 0° (rightwards), and angles grow from
    right to down.

    Args:
        levels: which levels of the pyramid are used, from 1, the finest; each next level has half
            the resolution.
        bins: number of directions, 1 or more.
        cutoff: cut-off frequency of the low-pass filter in time, in Hz, above 0; a clip of no more
            than twice as many frames a second is not filtered.
    """

    def __init__(
        self, *, levels: Sequence[int] = (2, 3, 4), bins: int = 8, cutoff: float = 10.0
    ) -> None:
        if not levels or min(levels) < 1 or bins < 1 or not cutoff > 0:
            raise ValueError(
                f"levels={list(levels)}, bins={bins}, cutoff={cutoff}: levels from 1 on, at least "
                "1 bin, above 0 Hz"
            )
        self.levels = tuple(levels)
        self.bins = bins
        self.cutoff = cutoff

    def extract(self, faces: mertk.Faces, regions: mertk.Regions, /) -> Floats:
        """`[regions, levels·bins]`; raises `DataError` without frames and for too small faces."""
        if not len(faces.frames):
            raise mertk.DataError("morf needs frames; this clip has a flow map alone")
        found = [
            self._count_level(moved, faces, regions) for moved in self._compute_phase_changes(faces)
        ]
        return np.concatenate(found, axis=1).astype(np.float32)

    def _compute_phase_changes(self, faces: mertk.Faces) -> list[Floats]:
        """Per level the change of filtered phase from onset to apex `[2, h, w]`."""
        taps = self._make_filter(faces.fps)
        reach = len(taps) // 2
        first = max(faces.onset - reach, 0)
        last = min(faces.peak + reach, len(faces.frames) - 1)
        ends = [faces.onset - first, faces.peak - first]
        weights = [_compute_filter_weights(taps, end, last - first + 1) for end in ends]
        pictures = [faces.frames.read_grey(at) for at in range(first, last + 1)]
        pyramids = [_riesz.build_riesz_pyramid(picture, self.levels) for picture in pictures]
        return [
            _compute_change(level, ends, np.array(weights, np.float32))
            for level in zip(*pyramids, strict=True)
        ]

    def _count_level(self, moved: Floats, faces: mertk.Faces, regions: mertk.Regions) -> Numbers:
        """The histograms of one level `[regions, bins]`, of sum 1 together."""
        x, y = moved.astype(np.float64)
        windows = resampling.compute_region_slices(regions, faces.size, (x.shape[1], x.shape[0]))
        half = np.pi / self.bins
        angles = np.mod(np.arctan2(y, x) + half, 2 * np.pi)  # bin 0 is centred on 0°
        at = angle_bins(angles, self.bins, low=0.0)
        found = count_in_blocks(at, np.hypot(x, y), windows, self.bins)
        total = found.sum()
        return found / total if total > 0 else found

    def _make_filter(self, fps: float) -> Numbers:
        """The low-pass filter, symmetric; a single 1 where frames come too slowly for it."""
        from scipy.signal import firwin

        if self.cutoff >= fps / 2:
            return np.ones(1)
        order = 2 * round(_REACH * fps)
        found: Numbers = firwin(order + 1, self.cutoff, fs=fps, window="boxcar")
        return found


def _compute_filter_weights(taps: Numbers, at: int, frames: int) -> Numbers:
    """How much each of the `frames` counts in the filtered value at one, mirrored at the ends."""
    mirrored = np.pad(np.arange(frames), len(taps) // 2, "reflect")
    found: Numbers = np.bincount(mirrored[at : at + len(taps)], taps, frames).astype(np.float64)
    return found


def _compute_change(level: Sequence[Floats], ends: Sequence[int], weights: Floats) -> Floats:
    """From the first to the second of the `ends`, of one level's frames `[3, h, w]` each.

    The mean of what changes from frame to frame, times their number: all between cancels out.
    """
    phase = np.zeros_like(level[0][1:])
    sums = np.zeros((2, *phase.shape), np.float32)
    amplitudes = []
    for before, now, weight in zip((level[0], *level), level, weights.T, strict=False):
        turned, amplitude = _riesz.compute_phase_turn(before, now)
        phase += turned
        sums += weight[:, None, None, None] * phase
        amplitudes.append(amplitude)
    onset, apex = (
        _riesz.blur_phase(total, amplitudes[end]) for total, end in zip(sums, ends, strict=True)
    )
    return apex - onset


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("morf", MORF, paper="doi:10.1016/j.patrec.2020.05.008")
