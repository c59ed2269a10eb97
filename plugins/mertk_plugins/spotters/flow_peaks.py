"""Optical flow over a quarter of a second on parts of the face, as He 2021 and others spot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins.spotters import _cells, _face, _peaks

Floats = NDArray[np.float32]

_MOVED = 4  # the cells that move most count: an expression moves some of 14
_LAGS = (1, 2)  # times `lag`: for micro- and for macro-expressions
_FOOT = 0.2  # of the peak: where a spot begins and ends
_REACH = 1.5  # times the lag: how far a spot's ends are searched
_BLINK = 2.0  # times as far as the rest of the face, and lids that move so are a blink
_SMOOTH = 0.1  # seconds


_CARD = mertk.Card(
    title="Research on Micro-Expression Spotting Method Based on Optical Flow Features",
    authors="He",
    venue="ACM Multimedia",
    year=2021,
    code="github.com/hitheyuhong/micro-expression-spotting-challenge",
    differs=(
        "shift, turn and growth of the head are fitted to all cells but the lids, not to the nose",
        "the product of what came and what goes back, which is 0 for drift, not flow's magnitude",
        "a threshold by the noise, with a floor: mean + p · (maximum - mean) is met in any video",
        "DIS flow on faces shrunk to 56 pixels between the eyes, for speed",
        "cells, floor and ends of spots were set by hand on `synthetic_long:seed=100` alone",
    ),
    unverified=(
        "the description of the paper is from memory; the authors' code was not read",
        "no score on a real data set was measured",
    ),
)


class FlowPeaks:
    """Find expressions by peaks of optical flow in facial regions.

    Flow from the frame `lag` seconds ago is computed on cells at brows, under the eyes, at
    nostrils, mouth and chin; the motion of the head is subtracted. A part counts by the product of
    how far it came in one lag and how far it goes back in the next; the same is done for two lags.
    Eyelids that move twice as far as the rest are a blink. Takes about 3 ms a frame.

    Args:
        lag: time between the two frames of a flow, in seconds, 0.05 … 0.5.
        deviations: how far a peak must lie above the median of the video, in robust standard
            deviations, 0 or more.
        floor: least motion of a peak, as a share of the distance between the eyes, above 0.
        rate: frames per second that are enough, in Hz, above 0; of a video with twice as many or
            more, frames are left out.
    """

    def __init__(
        self,
        *,
        lag: float = 0.25,
        deviations: float = 6.0,
        floor: float = 0.006,
        rate: float = 25.0,
    ) -> None:
        if not 0.05 <= lag <= 0.5:
            raise ValueError(f"lag={lag} must lie in 0.05 … 0.5 seconds")
        if not deviations >= 0 or not floor > 0 or not rate > 0:
            raise ValueError(
                f"deviations={deviations} must be at least 0, floor={floor} and rate={rate} above 0"
            )
        self.lag, self.deviations, self.floor, self.rate = lag, deviations, floor, rate

    def spot(self, faces: mertk.Faces) -> list[mertk.Spot]:
        """Spots of one stretch; raises `DataError` where the landmarks lie off the picture."""
        step, fps = _face.choose_step(faces, self.rate)
        lag = max(round(self.lag * fps), 1)
        motion = _cells.measure_motion(faces, step, lag)
        found = (peak for times in _LAGS for peak in self._find_peaks(motion, lag, times, fps))
        return _peaks.make_spots(found, step, len(faces.frames))

    def _find_peaks(
        self, motion: Floats, lag: int, times: int, fps: float
    ) -> Iterator[_peaks.Peak]:
        width = round(_SMOOTH * fps)
        away = _cells.compute_away_and_back(motion, lag, times)
        curve = _peaks.smooth_curve(_select_most_moved(away), width)
        wide = _peaks.smooth_curve(
            _select_most_moved(_cells.compute_away_and_back(motion, lag, 2 * times)), width
        )
        lids = np.sqrt(away[:, _cells.LIDS, 1].clip(0).min(axis=1))
        least = _peaks.compute_threshold(curve, self.deviations, self.floor)
        for at in _peaks.locate_peaks(curve, least, times * lag // 2):
            if lids[max(at - width, 0) : at + width + 1].max() <= _BLINK * curve[at]:
                start, end = _peaks.find_peak_ends(wide, at, _FOOT, round(2 * _REACH * times * lag))
                yield _peaks.Peak(start, at, end, float(curve[at]) / least)


def _select_most_moved(away: Floats) -> Floats:
    """How far the cells that move most came and went, as one curve `[frames]`."""
    squares = away[:, _cells.SKIN].sum(axis=2).clip(0)
    return np.asarray(np.sqrt(np.sort(squares, axis=1)[:, -_MOVED:].mean(axis=1)))


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.spotter("flow_peaks", FlowPeaks, paper="doi:10.1145/3474085.3479225", card=_CARD)
