"""SOFTNet: a shallow network of three streams gives each frame a score for an expression."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.spotting import scoring
from mertk.spotting.recordings import kind_of
from mertk.vision import optical_flow
from mertk_plugins.spotters import _face, _peaks

Floats = NDArray[np.floating[Any]]

_KINDS = {"micro": 0.2, "macro": 0.6}  # k: half of a usual expression, in seconds
_AROUND, _UNIT = (1.25, 0.7, 1.25, 1.75), 56.0
_BROWS = ((-0.5, -0.27), 0.3), ((0.5, -0.27), 0.3)  # in distances of the eyes
_MOUTH = (0.0, 0.95), 0.55
_NOSE = (0.0, 0.42), 0.14
_SIDE = 42  # pixels of the network's input
_BATCH = 32
_THRESHOLDS = np.arange(0.1, 0.95, 0.05)
_USUAL = 0.5  # the threshold where there are no two training people

_CARD = mertk.Card(
    title="Shallow Optical Flow Three-Stream CNN For Macro- And Micro-Expression Spotting From "
    "Long Videos",
    authors="Liong, See and Wong",
    venue="ICIP",
    year=2021,
    code="github.com/genbing99/SoftNet-SpotME at 7d75cb5",
    leak="L0",
    differs=(
        "flow is DIS (the paper: TV-L1), in distances of the eyes",
        "flow is divided by its spread in training videos (the authors: 0 … 1 in each picture)",
        "k is 0.2 s and 0.6 s (the authors: from all true expressions, the tested ones included)",
        "the regions are squares around brows and mouth relative to the eyes",
        "Adam (the authors: SGD); mirrored copies alone (the authors also blur and add noise)",
        "the threshold is chosen on training people (the authors': 0.55, best on tested people)",
    ),
    unverified=(
        "no score on a real data set was measured",
        "the authors' feature extraction was not seen: regions and head motion are from memory",
        "it does not beat flow_peaks: F1 .46 against .62 at 1.5 px, 8 synthetic people, seed 0",
        "why it does not: most wrong spots are extra ones; few people and fixed lengths may be why",
    ),
)


class SoftNet:
    """Find expressions with two networks SOFTNet, for micro- and macro-expressions (trained).

    Flow and strain between frames k apart, around brows and mouth, without the motion of the nose,
    give each frame a score. Its mean over 2k has peaks; a spot reaches from k before to k after.
    Keeps 21 kB a frame.

    Args:
        epochs: how often each training frame is seen, 1 or more.
        rate: frames per second that are enough, in Hz, above 0; of a video with twice as many or
            more, frames are left out.
    """

    def __init__(self, *, epochs: int = 5, rate: float = 25.0) -> None:
        if epochs < 1 or not rate > 0:
            raise ValueError(f"epochs={epochs} must be at least 1, and rate={rate} above 0")
        self.epochs, self.rate = epochs, rate
        self._networks: dict[str, Any] = {}
        self._thresholds = dict.fromkeys(_KINDS, _USUAL)

    def measure(self, faces: mertk.Faces) -> Floats:
        """Flow and strain over each k `[rows, kinds, 3, 42, 42]`, in distances of the eyes."""
        step, fps = _face.choose_step(faces, self.rate)
        view, lags = _face.locate_window(faces, _AROUND, _UNIT), list(_count_lags(fps).values())
        rows = len(range(0, len(faces.frames), step))
        values = np.zeros((rows, len(lags), 3, _SIDE, _SIDE), np.float16)
        ring: deque[NDArray[np.uint8]] = deque(maxlen=max(lags) + 1)
        for at, picture in enumerate(_face.iterate_pictures(faces, view, step)):
            ring.append(picture)
            for kind, lag in enumerate(lags):
                if at >= lag:
                    flow = optical_flow.optical_flow(ring[-1 - lag], picture, "dis")
                    values[at - lag, kind] = _make_input(flow, view)
        return values

    def fit(self, train: Sequence[mertk.MeasuredVideo], rng: np.random.Generator) -> None:
        """Fit both networks, and choose thresholds on training people who are left out."""
        people = sorted({one.person for one in train})
        half = [people.index(one.person) % 2 for one in train]
        self._thresholds = dict.fromkeys(_KINDS, _USUAL)
        if len(people) > 1:
            scores: dict[int, dict[str, Floats]] = {}
            for left_out in (0, 1):
                inside = [one for one, part in zip(train, half, strict=True) if part != left_out]
                self._networks = self._fit_networks(inside, rng)
                for at in np.flatnonzero(np.array(half) == left_out).tolist():
                    scores[at] = self._compute_scores(train[at])
            self._thresholds = {
                kind: self._choose_threshold(train, scores, kind) for kind in _KINDS
            }
        self._networks = self._fit_networks(train, rng)

    def spot(self, faces: mertk.Faces) -> list[mertk.Spot]:
        """Spots of one stretch; raises `DataError` where the landmarks lie off the picture."""
        values = self.measure(faces)
        return self.spot_measured(
            mertk.MeasuredVideo(values=values, frames=len(faces.frames), fps=faces.fps)
        )

    def spot_measured(self, video: mertk.MeasuredVideo) -> list[mertk.Spot]:
        """Spots in what was measured."""
        found = []
        for kind, scores in self._compute_scores(video).items():
            found += self._find_peaks(scores, video, kind, self._thresholds[kind])
        return _peaks.make_spots(found, self._choose_step(video), video.frames)

    def _choose_step(self, video: mertk.MeasuredVideo) -> int:
        return max(int(video.fps / self.rate), 1)

    def _find_peaks(
        self, scores: Floats, video: mertk.MeasuredVideo, kind: str, threshold: float
    ) -> list[_peaks.Peak]:
        """Peaks of the scores, from k before to k after them."""
        lag, last = _count_lags(video.fps / self._choose_step(video))[kind], len(scores) - 1
        found = []
        for at in _peaks.locate_peaks(scores, threshold, lag):
            strength = float(scores[at] / threshold)
            found.append(_peaks.Peak(max(at - lag, 0), at, min(at + lag, last), strength))
        return found

    def _compute_scores(self, video: mertk.MeasuredVideo) -> dict[str, Floats]:
        """The scores of each kind by row, each in the middle of its k, as a mean over 2k."""
        import torch

        found: dict[str, Floats] = {}
        lags = _count_lags(video.fps / self._choose_step(video))
        for place, kind in enumerate(self._networks):
            network, scale = self._networks[kind]
            with torch.no_grad():
                parts = np.array_split(video.values[:, place], max(len(video.values) // 512, 1))
                raw = [network(torch.from_numpy(part / scale)).numpy() for part in parts]
            middle = np.roll(np.concatenate(raw), lags[kind] // 2)
            found[kind] = _peaks.smooth_curve(middle, 2 * lags[kind])
        return found

    def _choose_threshold(
        self,
        train: Sequence[mertk.MeasuredVideo],
        scores: dict[int, dict[str, Floats]],
        kind: str,
    ) -> float:
        """The threshold of the highest F1 (smoothed) of a kind on left-out people."""
        truths, found = [], []
        for at, one in enumerate(train):
            for true in _list_truths(one, kind):
                truths.append(scoring.Interval(str(at), true.onset, true.offset))
        for threshold in _THRESHOLDS:
            spots = []
            for at, one in enumerate(train):
                peaks = self._find_peaks(scores[at][kind], one, kind, threshold)
                for spot in _peaks.make_spots(peaks, self._choose_step(one), one.frames):
                    spots.append(scoring.Interval(str(at), spot.onset, spot.offset))
            found.append(scoring.spot(truths, spots).overall.f1)
        smooth = np.convolve(np.pad(found, 1, mode="edge"), np.ones(3) / 3, "valid")
        best = np.flatnonzero(smooth == smooth.max())[-1]  # no truth of a kind: the highest
        return float(_THRESHOLDS[best])

    def _fit_networks(
        self, train: Sequence[mertk.MeasuredVideo], rng: np.random.Generator
    ) -> dict[str, Any]:
        """By kind, the network and the spread by which its input is divided `[3, 1, 1]`."""
        found = {}
        for place, kind in enumerate(_KINDS):
            values, goals = [], []
            for one in train:
                goal = self._compute_goals(one, kind)
                kept = (goal > 0) | (rng.random(len(goal)) < 0.5)
                values.append(one.values[kept, place])
                goals.append(goal[kept])
            inputs = np.concatenate(values).astype(np.float32)
            scale = np.sqrt((inputs**2).mean(axis=(0, 2, 3))).clip(1e-6)[:, None, None]
            scale = scale.astype(np.float32)
            found[kind] = self._train(inputs / scale, np.concatenate(goals), rng), scale
        return found

    def _compute_goals(self, video: mertk.MeasuredVideo, kind: str) -> Floats:
        """1 for each row whose k frames meet a true expression of the kind, else 0."""
        step = self._choose_step(video)
        reach = step * _count_lags(video.fps / step)[kind]
        starts = np.arange(len(video.values)) * step
        goals = np.zeros(len(starts), np.float32)
        for true in _list_truths(video, kind):
            goals[(starts <= true.offset) & (starts + reach > true.onset)] = 1
        return goals

    def _train(self, inputs: Floats, goals: Floats, rng: np.random.Generator) -> Any:
        import torch

        from mertk_plugins.spotters._softnet_net import SoftNetNet

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            network = SoftNetNet()
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        for _ in range(self.epochs):
            order = rng.permutation(len(inputs))
            for start in range(0, len(order), _BATCH):
                chosen = order[start : start + _BATCH]
                batch = inputs[chosen].copy()
                mirrored = rng.random(len(chosen)) < 0.5
                batch[mirrored] = batch[mirrored, :, :, ::-1]
                batch[mirrored, 0] *= -1
                loss = (network(torch.from_numpy(batch)) - torch.from_numpy(goals[chosen])) ** 2
                optimiser.zero_grad()
                loss.mean().backward()
                optimiser.step()
        return network.eval()


def _count_lags(fps: float) -> dict[str, int]:
    return {kind: max(round(seconds * fps), 1) for kind, seconds in _KINDS.items()}


def _list_truths(video: mertk.MeasuredVideo, kind: str) -> list[mertk.Spot]:
    found = []
    for one in video.truths:
        if kind_of((one.offset - one.onset + 1) / video.fps) == kind:
            found.append(one)
    return found


def _make_input(flow: Floats, view: _face.Window) -> Floats:
    """u, v and strain `[3, 42, 42]`, brows above the mouth, less the motion of the nose."""
    import cv2

    nose = flow[view.box(*_NOSE)]
    steady = flow - nose.reshape(-1, 2).mean(axis=0) if nose.size else flow
    whole = np.dstack([steady, optical_flow.strain(flow)]) / np.float32(view.unit)
    half, found = _SIDE // 2, np.zeros((_SIDE, _SIDE, 3), np.float32)
    targets = found[:half, :half], found[:half, half:], found[half:]
    for region, target in zip((*_BROWS, _MOUTH), targets, strict=True):
        part = whole[view.box(*region)]
        if part.size:
            target[:] = cv2.resize(part, target.shape[1::-1], interpolation=cv2.INTER_AREA)
    return found.transpose(2, 0, 1)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.spotter("softnet", SoftNet, needs=("torch",), card=_CARD)
