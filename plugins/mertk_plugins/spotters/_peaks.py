"""From a curve over time to spots: noise, peaks, where they begin and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk

Curve = NDArray[np.floating[Any]]

_NORMAL = 1.4826  # standard deviations in a median absolute deviation, of normal noise


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak of a curve from `start` to `end`, inclusive, `strength` times its threshold."""

    start: int
    at: int
    end: int
    strength: float


def compute_threshold(curve: Curve, deviations: float, floor: float) -> float:
    """What a peak must reach: so many robust deviations above the median, and `floor`.

    Mean and maximum, by which most papers set it, would find a peak in any noise.
    """
    middle = float(np.median(curve))
    spread = _NORMAL * float(np.median(np.abs(curve - middle)))
    return max(middle + deviations * spread, floor)


def locate_peaks(curve: Curve, height: float, apart: int) -> list[int]:
    """Where the curve has a maximum of at least `height`, at least so many frames apart."""
    from scipy.signal import find_peaks

    found, _ = find_peaks(curve, height=height, distance=max(apart, 1))
    return found.tolist()  # type: ignore[no-any-return]


def find_peak_ends(curve: Curve, at: int, share: float, reach: int) -> tuple[int, int]:
    """The first and the last frame around a peak above that share of it, at most `reach` away."""
    low = curve <= share * curve[at]
    before = np.flatnonzero(low[max(at - reach, 0) : at])
    after = np.flatnonzero(low[at + 1 : at + 1 + reach])
    start = max(at - reach, 0) + int(before[-1]) + 1 if len(before) else max(at - reach, 0)
    end = at + int(after[0]) if len(after) else min(at + reach, len(curve) - 1)
    return start, end


def smooth_curve(curve: Curve, width: int) -> Curve:
    """The running mean over an odd number of frames, shorter at the ends."""
    half = min(max(width // 2, 0), (len(curve) - 1) // 2)
    if half < 1:
        return curve
    counted = np.convolve(np.ones_like(curve), np.ones(2 * half + 1), "same")
    return np.asarray(np.convolve(curve, np.ones(2 * half + 1), "same") / counted)


def select_strongest(found: Iterable[Peak]) -> list[Peak]:
    """Peaks without those that a stronger one covers; what overlaps is cut at the stronger one."""
    kept: list[Peak] = []
    for peak in sorted(found, key=lambda one: (-one.strength, one.at)):
        cut = peak
        for other in kept:
            if other.start <= peak.at <= other.end or cut.start <= other.at <= cut.end:
                break
            if other.at < peak.at:
                cut = replace(cut, start=max(cut.start, other.end + 1))
            else:
                cut = replace(cut, end=min(cut.end, other.start - 1))
        else:
            kept.append(cut)
    return sorted(kept, key=lambda one: one.start)


def make_spots(found: Iterable[Peak], step: int, frames: int) -> list[mertk.Spot]:
    """The strongest peaks as spots of a stretch, of whose frames each `step`-th was read."""
    return [
        mertk.Spot(one.start * step, one.at * step, min(one.end * step, frames - 1), one.strength)
        for one in select_strongest(found)
    ]
