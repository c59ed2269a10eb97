"""Windows around peaks of optical flow, of which trees predict how well they fit an expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.spotting import scoring
from mertk_plugins.spotters import _cells, _face, _peaks

Floats = NDArray[np.floating[Any]]

_LAG = 0.25  # seconds
_SCALES = (1, 2, 3)  # times the lag: how fast an expression comes and goes
_FEET = (0.1, 0.2, 0.35, 0.5)  # of the peak: where a window begins and ends
_LOW = 1.5  # robust deviations above the median: what is looked at
_REACH = 3  # times the lag of a scale: how far a window's ends are searched
_MICRO = 0.5  # seconds: longer expressions are macro-expressions
_SMOOTH = 0.1  # seconds
_TINY = 1e-5
_MOVED = (1, 4, 8)  # the cells that move most
_INNER = 4  # parts of the training people, to choose the threshold on
_THRESHOLDS = np.arange(0.1, 0.7, 0.025)
_USUAL = 0.3  # the threshold where there are no two training people
_LEAF, _SHARE = 3, 0.5  # of the trees: least samples of a leaf, share of features at a split

_CARD = mertk.Card(
    title="Windows of optical flow with extremely randomised trees",
    authors="the authors of mertk",
    venue="mertk",
    year=2026,
    leak="L0",
    differs=(
        "no paper: windows around peaks of flow, and a regression of their IoU with an expression",
        "the regression is scikit-learn's ExtraTreesRegressor (Geurts et al. 2006)",
        "the threshold is that of the highest F1 on training people who are left out of inner fits",
        "windows, features and trees were set on `synthetic_long:seed=100` alone",
    ),
    unverified=("no score on a real data set was measured",),
)


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """Curves over time of one scale: how far parts of the face came and went."""

    times: int
    moved: tuple[Floats, ...]
    lids: Floats
    nose: Floats
    cells: Floats
    middle: float
    spread: float

    @property
    def curve(self) -> Floats:
        """The cells that move most, without those that move alone."""
        return self.moved[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Candidates of one stretch: `spans` `[windows, 3]` (start, peak, end) and their features.

    Spans count each `step`-th frame of a video at `fps` Hz.
    """

    spans: NDArray[np.int64]
    features: Floats
    step: int
    fps: float


class FlowWindows:
    """Find expressions with a tree ensemble over windows of optical flow (trained).

    Motion is that of `flow_peaks`. Around each peak, also of weak ones, windows with several ends
    are looked at at three time scales. Trees predict the IoU of a window with a true expression of
    its type (micro or macro, by length); the best windows that do not overlap are spots, above a
    threshold that is chosen on the training people. Takes about 3 ms a frame, and seconds to fit.

    Args:
        trees: number of trees, 1 or more.
        rate: frames per second that are enough, in Hz, above 0; of a video with twice as many or
            more, frames are left out.
    """

    def __init__(self, *, trees: int = 100, rate: float = 25.0) -> None:
        if trees < 1 or not rate > 0:
            raise ValueError(f"trees={trees} must be at least 1, and rate={rate} above 0")
        self.trees, self.rate = trees, rate
        self._model: Any = None
        self._threshold = _USUAL

    def measure(self, faces: mertk.Faces) -> Floats:
        """How far each part of the face moved within the lag `[rows, cells, 2]`."""
        step, fps = _face.choose_step(faces, self.rate)
        return _cells.measure_motion(faces, step, _count_lag(fps))

    def fit(self, train: Sequence[mertk.MeasuredVideo], rng: np.random.Generator) -> None:
        """Fit the trees, and choose the threshold on training people who are left out."""
        self._model, self._threshold = None, _USUAL
        windows = [self._find_windows(one) for one in train]
        goals = [_compute_goals(w, one.truths) for w, one in zip(windows, train, strict=True)]
        if not any(map(len, goals)):
            return
        seed = int(rng.integers(2**31))
        people = sorted({one.person for one in train})
        groups = np.array([people.index(one.person) % _INNER for one in train])
        if len(people) > 1:
            self._threshold = self._choose_threshold(train, windows, goals, groups, seed)
        self._model = self._fit_trees(windows, goals, seed)

    def spot(self, faces: mertk.Faces) -> list[mertk.Spot]:
        """Spots of one stretch; raises `DataError` where the landmarks lie off the picture."""
        frames = len(faces.frames)
        video = mertk.MeasuredVideo(values=self.measure(faces), frames=frames, fps=faces.fps)
        return self.spot_measured(video)

    def spot_measured(self, video: mertk.MeasuredVideo) -> list[mertk.Spot]:
        """Spots in what was measured."""
        windows = self._find_windows(video)
        if self._model is None or not len(windows.spans):
            return []
        scores = self._model.predict(windows.features)
        spots = []
        for at in _select_windows(windows.spans, scores, self._threshold):
            start, peak, end = (windows.spans[at] * windows.step).tolist()
            end = min(end, video.frames - 1)
            spots.append(mertk.Spot(start, peak, end, float(scores[at] / self._threshold)))
        return sorted(spots)

    def _fit_trees(self, windows: Sequence[_Windows], goals: Sequence[Floats], seed: int) -> Any:
        from sklearn.ensemble import ExtraTreesRegressor

        trees = ExtraTreesRegressor(
            self.trees, min_samples_leaf=_LEAF, max_features=_SHARE, random_state=seed
        )
        features = np.concatenate([one.features for one in windows if len(one.spans)])
        return trees.fit(features, np.concatenate(goals))

    def _choose_threshold(
        self,
        train: Sequence[mertk.MeasuredVideo],
        windows: Sequence[_Windows],
        goals: Sequence[Floats],
        groups: NDArray[np.int64],
        seed: int,
    ) -> float:
        """The threshold of the highest F1 (smoothed) on people who are left out of inner fits."""
        scores: dict[int, Floats] = {}
        for group in np.unique(groups).tolist():
            inside = np.flatnonzero(groups != group).tolist()
            if not any(len(goals[at]) for at in inside):
                continue
            model = self._fit_trees(
                [windows[at] for at in inside], [goals[at] for at in inside], seed
            )
            for at in np.flatnonzero(groups == group).tolist():
                if len(goals[at]):
                    scores[at] = model.predict(windows[at].features)
        truths = []
        for at, one in enumerate(train):
            for true in one.truths:
                truths.append(_make_interval(at, true.onset, true.offset, one.fps))
        found = []
        for threshold in _THRESHOLDS:
            spots = []
            for at, values in scores.items():
                for chosen in _select_windows(windows[at].spans, values, threshold):
                    start, _, end = (windows[at].spans[chosen] * windows[at].step).tolist()
                    spots.append(_make_interval(at, start, end, train[at].fps))
            found.append(scoring.spot(truths, spots).overall.f1)
        smooth = np.convolve(np.pad(found, 1, mode="edge"), np.ones(3) / 3, "valid")
        return float(_THRESHOLDS[int(smooth.argmax())])

    def _find_windows(self, video: mertk.MeasuredVideo) -> _Windows:
        step = _choose_step(video.fps, self.rate)
        fps = video.fps / step
        motion, lag = np.asarray(video.values, np.float64), _count_lag(fps)
        scales = [_compute_scale(motion, lag, times, fps) for times in _SCALES]
        speeds = np.sort(np.linalg.norm(motion[:, _cells.SKIN], axis=2), axis=1)[:, -4:].mean(
            axis=1
        )
        spans, features = [], []
        for scale in scales:
            for span, share in _list_spans(scales, scale, lag):
                spans.append(span)
                about = [float(scale.times), share, (span[2] - span[0] + 1) / fps]
                features.append([*about, *_describe_window(scales, scale, span, speeds, lag)])
        return _Windows(
            np.array(spans, np.int64).reshape(-1, 3),
            np.array(features, np.float32) if spans else np.empty((0, 1)),
            step,
            video.fps,
        )


def _choose_step(fps: float, rate: float) -> int:
    return max(int(fps / rate), 1)


def _count_lag(fps: float) -> int:
    return max(round(_LAG * fps), 1)


def _make_interval(video: int, onset: int, offset: int, fps: float) -> scoring.Interval:
    kind = "micro" if (offset - onset + 1) / fps <= _MICRO else "macro"
    return scoring.Interval(str(video), onset, offset, kind)


def _compute_scale(motion: Floats, lag: int, times: int, fps: float) -> _Scale:
    away, width = _cells.compute_away_and_back(motion, lag, times), round(_SMOOTH * fps)
    squares = away.sum(axis=2).clip(0)
    most = np.sort(squares[:, _cells.SKIN], axis=1)
    moved = []
    for count in _MOVED:
        moved.append(_peaks.smooth_curve(np.sqrt(most[:, -count:].mean(axis=1)), width))
    lids = np.sqrt(away[:, _cells.LIDS, 1].clip(0).min(axis=1))
    nose = np.sqrt(squares[:, _cells.NOSE]).mean(axis=1)
    smooth = [_peaks.smooth_curve(one, width) for one in (lids, nose)]
    middle = float(np.median(moved[1]))
    spread = max(float(np.median(np.abs(moved[1] - middle))), _TINY)
    cells = np.sqrt(squares[:, _cells.SKIN])
    return _Scale(times, tuple(moved), smooth[0], smooth[1], cells, middle, spread)


def _list_spans(
    scales: Sequence[_Scale], scale: _Scale, lag: int
) -> Iterator[tuple[tuple[int, int, int], float]]:
    """Windows around each peak of a scale, none twice, with the share of the peak at the ends."""
    wide = scales[min(scales.index(scale) + 1, len(scales) - 1)].curve
    least = _peaks.compute_threshold(scale.curve, _LOW, _TINY)
    for at in _peaks.locate_peaks(scale.curve, least, scale.times * lag // 2):
        seen = set()
        for curve in (scale.curve, wide):
            for share in _FEET:
                start, end = _peaks.find_peak_ends(curve, at, share, _REACH * scale.times * lag)
                if start < end and start <= at <= end and (start, end) not in seen:
                    seen.add((start, end))
                    yield (start, at, end), share


def _describe_window(
    scales: Sequence[_Scale], scale: _Scale, span: tuple[int, int, int], speeds: Floats, lag: int
) -> list[float]:
    """Heights and shapes of the curves in a window, and how fast the face moves around it."""
    start, at, end = span
    found = [(at - start) / (end - start + 1)]
    for one in scales:
        peak = one.curve[at] + _TINY
        found += [float(np.log(curve[at] + _TINY)) for curve in one.moved]
        found.append(float((one.curve[at] - one.middle) / one.spread))
        lids = one.lids[max(at - lag // 2, 0) : at + lag // 2 + 1].max()
        found += np.log([(lids + _TINY) / peak, (one.nose[at] + _TINY) / peak]).tolist()
        inside = one.curve[start : end + 1].mean()
        found += [float(part / peak) for part in (one.curve[start], one.curve[end], inside)]
    around = speeds[max(start - lag, 0) : end + lag + 1].mean()
    after = speeds[min(at + lag, len(speeds) - 1)]
    levels = speeds[start : end + 1].mean(), around, speeds[at], speeds[start], speeds[end], after
    found += np.log(np.array(levels) + _TINY).tolist()
    found.append(float((scale.cells[at] > 0.5 * scale.cells[at].max()).sum()))
    return found


def _compute_goals(windows: _Windows, truths: Sequence[mertk.Spot]) -> Floats:
    """The best IoU of each window with a true expression of its type, 0 to 1."""
    onsets, offsets = windows.spans[:, 0] * windows.step, windows.spans[:, 2] * windows.step
    goals, lengths = np.zeros(len(onsets)), offsets - onsets + 1
    brief = lengths <= _MICRO * windows.fps
    for one in truths:
        length = one.offset - one.onset + 1
        shared = np.minimum(offsets, one.offset) - np.maximum(onsets, one.onset) + 1
        overlap = shared.clip(0) / (lengths + length - shared.clip(0))
        same = brief == (length <= _MICRO * windows.fps)
        goals = np.maximum(goals, overlap * same)
    return goals


def _select_windows(spans: NDArray[np.int64], scores: Floats, threshold: float) -> list[int]:
    """The best windows above the threshold of which no two overlap."""
    kept: list[int] = []
    for at in np.argsort(-scores, kind="stable").tolist():
        if scores[at] < threshold:
            break
        apart = (spans[at, 2] < spans[kept, 0]) | (spans[at, 0] > spans[kept, 2])
        if apart.all():
            kept.append(at)
    return kept


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.spotter("flow_windows", FlowWindows, needs=("sklearn",), card=_CARD)
