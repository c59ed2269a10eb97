"""Feature differences of local binary patterns: Moilanen et al. 2014, Li et al. 2018."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.spotters import _face, _peaks

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

_AROUND = (1.0, 0.6, 1.0, 1.6)
_UNIT = 56.0  # pixels between the eyes
_SIDE = 6  # 6 x 6 blocks
_MOST = 12  # the blocks that differ most: a third
_RADIUS = 2
_NOISE = 3  # grey levels by which a neighbour must be brighter
_BLUR = 1.0  # pixels
_SMOOTH = 0.1  # seconds
_NEIGHBOURS = ((0, 2), (-1, 1), (-2, 0), (-1, -1), (0, -2), (1, -1), (2, 0), (1, 1))
_BINS = 59
_LIDS = (7, 10)  # the blocks of the eyes, row by row
_LEAST = 1e-4  # a difference that is none


_CARD = mertk.Card(
    title="Towards Reading Hidden Emotions: A Comparative Study of Spontaneous Micro-Expression "
    "Spotting and Recognition Methods",
    authors="Li et al.",
    venue="IEEE Transactions on Affective Computing",
    year=2018,
    differs=(
        "a neighbour is brighter by 3 grey levels or more, after a slight blur: skin is noisy",
        "the two blocks of the eyes are left out, for blinks",
        "a peak must lie above the noise besides, so that a quiet video has none",
        "everything is done at twice the lag, too, for macro-expressions",
        "radius, blur and tau were set by hand on `synthetic_long:seed=100` alone",
    ),
    unverified=(
        "the description of this paper and of Moilanen et al. (ICPR 2014) is from memory",
        "the papers' radius, interval, number of blocks that count, and tau",
        "no score on a real data set was measured",
    ),
)


class LBPChi2:
    """Find expressions by the χ² distance of LBP histograms to those before and after.

    For the frame `lag` seconds after a tail and before a head frame: uniform LBP histograms of 6x6
    blocks, χ² to the mean of tail and head, the mean of the 12 largest, less the mean of that
    before and after (contrast). The same is done at twice the lag, for longer expressions. A spot
    reaches as far as the contrast is above 0, at most one lag to each side. Takes about 0.4 ms a
    frame.

    Args:
        lag: time between a frame and its tail and head frames, in seconds, 0.05 … 0.5.
        tau: position of the papers' threshold between the mean (0) and the maximum (1) of the
            contrast, 0 … 1; a peak must reach it.
        deviations: how far a peak must lie above the median of the video besides, in robust
            standard deviations, 0 or more, so that noise alone seldom reaches it.
        rate: see `mertk_plugins.spotters.flow_peaks.FlowPeaks`.
    """

    def __init__(
        self, *, lag: float = 0.25, tau: float = 0.05, deviations: float = 6.0, rate: float = 25.0
    ) -> None:
        if not 0.05 <= lag <= 0.5:
            raise ValueError(f"lag={lag} must lie in 0.05 … 0.5 seconds")
        if not 0 <= tau <= 1 or not deviations >= 0 or not rate > 0:
            raise ValueError(
                f"tau={tau} must lie in 0 … 1, deviations={deviations} be at least 0 and "
                f"rate={rate} above 0"
            )
        self.lag, self.tau, self.deviations, self.rate = lag, tau, deviations, rate

    def spot(self, faces: mertk.Faces) -> list[mertk.Spot]:
        """Spots of one stretch; raises `DataError` where the landmarks lie off the picture."""
        step, fps = _face.choose_step(faces, self.rate)
        lag = max(round(self.lag * fps), 1)
        curves = _compute_differences(_compute_histograms(faces, step), (lag, 2 * lag))
        found = (peak for n, curve in curves.items() for peak in self._find_peaks(curve, n, fps))
        return _peaks.make_spots(found, step, len(faces.frames))

    def _find_peaks(self, difference: Floats, lag: int, fps: float) -> Iterator[_peaks.Peak]:
        inner = slice(2 * lag, len(difference) - 2 * lag)
        if inner.stop <= inner.start:
            return
        even = _peaks.smooth_curve(difference, round(_SMOOTH * fps))
        contrast = np.zeros_like(even)
        contrast[inner] = even[inner] - (even[lag : -3 * lag] + even[3 * lag : -lag]) / 2
        usual = _peaks.compute_threshold(contrast[inner], self.deviations, _LEAST)
        positive = contrast.clip(0)
        mean, most = float(positive[inner].mean()), float(positive.max())
        least = max(usual, mean + self.tau * (most - mean))
        for at in _peaks.locate_peaks(positive, least, lag // 2):
            start, end = _peaks.find_peak_ends(positive, at, 0.0, lag)
            yield _peaks.Peak(start, at, end, float(positive[at]) / least)


def _compute_histograms(faces: mertk.Faces, step: int) -> Iterator[Floats]:
    """The share of each code in each block `[blocks, bins]`, frame by frame."""
    import cv2

    view = _face.locate_window(faces, _AROUND, _UNIT)
    table, cells = _make_code_table(), _locate_bins(view.size)
    for picture in _face.iterate_pictures(faces, view, step):
        blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), _BLUR), np.uint8)
        at = np.add(cells, table[_compute_codes(blurred)])
        counts = np.bincount(at.ravel(), minlength=_SIDE * _SIDE * _BINS).reshape(-1, _BINS)
        yield counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _compute_differences(frames: Iterator[Floats], lags: tuple[int, ...]) -> dict[int, Floats]:
    """By lag the difference of each frame from its tail and head `[frames]`; 0 at the ends."""
    ring: list[Floats] = []
    found: dict[int, list[float]] = {lag: [] for lag in lags}
    count = 0
    for histogram in frames:
        ring = [*ring[-2 * max(lags) :], histogram]
        count += 1
        for lag, values in found.items():
            if count > 2 * lag:
                values.append(
                    _compare_histograms(ring[-1 - lag], (ring[-1] + ring[-1 - 2 * lag]) / 2)
                )
    return {
        lag: np.pad(values, (lag, count - lag - len(values))) if values else np.zeros(count)
        for lag, values in found.items()
    }


def _compare_histograms(one: Floats, other: Floats) -> float:
    apart = np.square(one - other) / np.maximum(one + other, 1e-9)
    blocks = np.delete(apart.sum(axis=1), _LIDS)
    return float(np.sort(blocks)[-_MOST:].mean())


def _compute_codes(picture: Pixels) -> Pixels:
    """The code of every pixel with eight neighbours `[h - 4, w - 4]`."""
    grey, r = picture.astype(np.int16), _RADIUS
    height, width = grey.shape
    centre = grey[r : height - r, r : width - r] + _NOISE
    found = np.zeros(centre.shape, np.uint8)
    for bit, (dy, dx) in enumerate(_NEIGHBOURS):
        other = grey[r + dy : height - r + dy, r + dx : width - r + dx]
        found |= (other >= centre).view(np.uint8) << np.uint8(bit)
    return found


def _make_code_table() -> NDArray[np.int64]:
    """The bin of each code `[256]`: at most two changes around the circle, or the last bin."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, _BINS - 1)


def _locate_bins(size: tuple[int, int]) -> NDArray[np.int64]:
    """The first bin of the block that each pixel with a code lies in."""
    width, height = (max(length - 2 * _RADIUS, 0) for length in size)
    rows = np.arange(height) * _SIDE // max(height, 1)
    columns = np.arange(width) * _SIDE // max(width, 1)
    return np.asarray((rows[:, None] * _SIDE + columns) * _BINS, np.int64)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.spotter("lbp_chi2", LBPChi2, paper="arxiv:1511.00423", card=_CARD)
