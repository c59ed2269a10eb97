"""What moves in a synthetic clip: facial action units, blinks, twitches, the head, the light.

Expressions are FACS action units (Ekman and Friesen 1978) as smooth pulls on the landmarks, with an
onset–apex–offset profile. All random numbers are drawn before the emotion is used, so everything
but the pulls is the same whatever the emotion.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk_plugins.datasets._synthetic_face import MIRRORED
from mertk_plugins.datasets._synthetic_warp import Bump, sum_bumps

Paths = NDArray[np.float64]

EMOTIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "happiness": ((12,), (6, 12), (6, 12)),
    "disgust": ((9,), (4, 9), (4,)),
    "repression": ((15,), (4, 15), (15,)),
    "surprise": ((1, 2), (1, 2, 5), (2,), (1, 5)),
}
"""The action-unit combinations by which an emotion shows."""

CLASSES = {
    "negative": ("disgust", "repression"),
    "positive": ("happiness",),
    "surprise": ("surprise",),
}
"""The emotions of each class."""


@dataclass(frozen=True, slots=True)
class _Pull:
    """One pull on the left half of the picture: `out` is away from the midline, `up` to the brow.

    The anchor is the mean of `points`; `spread` is in units of the distance between the eyes.
    """

    points: tuple[int, ...]
    out: float
    up: float
    spread: float


_BLINK = 45
_TWITCH = 0.85 / 256  # standard deviation of one twitch, per pixel of the frame's side
_UNITS: dict[int, tuple[_Pull, ...]] = {
    1: (_Pull((20, 21), 0.0, 1.0, 0.26), _Pull((21,), 0.1, 0.5, 0.3)),
    2: (_Pull((17, 18), 0.1, 1.0, 0.28), _Pull((19,), 0.0, 0.4, 0.3)),
    4: (_Pull((20, 21), -0.7, -0.8, 0.26), _Pull((18, 19), -0.2, -0.6, 0.3)),
    5: (_Pull((37, 38), 0.0, 0.9, 0.14), _Pull((40, 41), 0.0, -0.2, 0.12)),
    6: (_Pull((2, 31, 41), 0.1, 0.8, 0.32), _Pull((36, 41), 0.0, 0.6, 0.16)),
    9: (_Pull((31,), 0.1, 0.9, 0.24), _Pull((50,), 0.0, 0.7, 0.24), _Pull((21,), -0.3, -0.5, 0.24)),
    12: (_Pull((48,), 0.7, 0.8, 0.3), _Pull((3, 48, 31), 0.2, 0.4, 0.3)),
    15: (_Pull((48,), 0.1, -0.9, 0.28), _Pull((58, 59), 0.0, -0.2, 0.24)),
    _BLINK: (_Pull((37, 38), 0.0, -1.0, 0.13),),
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Positions of onset, apex and offset, 0-based and inclusive."""

    onset: int
    apex: int
    offset: int

    def strength(self, at: int) -> float:
        """How far the expression has come in frame `at`: 0 at onset and offset, 1 at the apex."""
        start, end = (self.onset, self.apex) if at <= self.apex else (self.offset, self.apex)
        done = 1.0 if start == end else min(max((at - start) / (end - start), 0.0), 1.0)
        return float(np.sin(0.5 * np.pi * done) ** 2)


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """All that is drawn for a clip, from (seed, subject, clip) alone.

    `pose` and `drift` are angle (degrees), growth (%) and the way (% of the frame) in x and y:
    where the head is, and how far it sways as waves of `waves` cycles a clip from `phases`; the
    next three waves are the light's and the last one is that of the twitches: per twitch
    `(landmark, x, y)`. `blink` is the frame of a blink, or -1.
    """

    timing: Timing
    pick: tuple[float, float]
    strength: float
    balance: tuple[float, float]
    weights: tuple[float, ...]
    pose: tuple[float, ...]
    drift: tuple[float, ...]
    light: tuple[float, ...]
    twitches: tuple[tuple[int, float, float], ...]
    waves: tuple[float, ...]
    phases: tuple[float, ...]
    blink: int

    def compute_waves(self, at: int, frames: int) -> Paths:
        """The waves in frame `at`: angle, growth, x, y, gain, two slopes of light, twitches."""
        done = at / max(frames - 1, 1)
        swing = np.sin(2 * np.pi * (np.array(self.waves) * done + np.array(self.phases)))
        return np.asarray(swing * np.array((*self.drift, *self.light, 1.0)))


@functools.lru_cache(maxsize=512)
def draw_clip(seed: int, subject: int, clip: int, frames: int) -> Draws:
    """All that is drawn for one clip: independent of its emotion, and of all other clips."""
    rng = np.random.default_rng([3, seed, subject, clip])
    slack = frames // 8
    onset, rest = int(rng.integers(0, slack + 1)), int(rng.integers(0, slack + 1))
    offset = frames - 1 - rest
    apex = onset + round((offset - onset) * float(rng.uniform(0.35, 0.65)))
    lean = float(rng.uniform(-0.45, 0.45))
    blinks, moment = rng.random(), int(rng.integers(0, frames))
    return Draws(
        timing=Timing(onset, apex, offset),
        pick=(float(rng.random()), float(rng.random())),
        strength=float(rng.uniform(0.6, 1.1)),
        balance=(1 - max(lean, 0.0), 1 + min(lean, 0.0)),
        weights=tuple(rng.uniform(0.5, 1.2, 8)),
        pose=tuple(rng.normal(0, (2.5, 2.0, 1.5, 1.5)).clip(-5, 5)),
        drift=tuple(rng.normal(0, (0.35, 0.25, 0.30, 0.30))),
        light=tuple(rng.normal(0, (0.02, 0.03, 0.03))),
        twitches=tuple((int(rng.integers(0, 68)), *rng.normal(0, 1, 2)) for _ in range(6)),
        waves=tuple(rng.uniform(0.2, 0.8, 8)),
        phases=tuple(rng.uniform(0, 1, 8)),
        blink=moment if blinks < 0.25 else -1,
    )


def emotion_and_units(draws: Draws, name: str) -> tuple[str, tuple[int, ...]]:
    """The emotion of a class, and the action units by which this clip shows it."""
    emotions = CLASSES[name]
    emotion = emotions[int(draws.pick[0] * len(emotions))]
    options = EMOTIONS[emotion]
    return emotion, options[int(draws.pick[1] * len(options))]


def make_expression(
    draws: Draws, units: tuple[int, ...], landmarks: Paths, amplitude: float
) -> list[Bump]:
    """The pulls of a clip at full strength, with a peak of about `amplitude` pixels."""
    bumps = []
    for unit, weight in zip(units, draws.weights, strict=False):
        bumps += _make_unit_bumps(unit, landmarks, tuple(weight * side for side in draws.balance))
    centres = np.array([bump.centre for bump in bumps])
    peak = np.linalg.norm(sum_bumps(bumps, centres), axis=-1).max()
    return [bump.scaled(draws.strength * amplitude / peak) for bump in bumps]


def make_blink(landmarks: Paths, nuisance: float) -> list[Bump]:
    """The pulls of a blink at its fullest: the upper lids come down over half of the eyes."""
    eye = np.linalg.norm(landmarks[[41, 40, 47, 46]] - landmarks[[37, 38, 43, 44]], axis=-1).mean()
    return [
        bump.scaled(0.5 * eye * min(nuisance, 1.5)) for bump in _make_unit_bumps(_BLINK, landmarks)
    ]


def make_twitches(draws: Draws, landmarks: Paths, size: int) -> list[Bump]:
    """Small movements here and there that mean nothing: the face is never quite at rest."""
    spread = 0.3 * _find_face_axes(landmarks)[0]
    return [
        Bump(tuple(landmarks[at].tolist()), spread, (x * _TWITCH * size, y * _TWITCH * size))
        for at, x, y in draws.twitches
    ]


def compute_lid_closure(draws: Draws, at: int) -> float:
    """How far the eyelids are down in frame `at`, 0 … 1."""
    if draws.blink < 0:
        return 0.0
    return float(np.exp(-0.5 * ((at - draws.blink) / 1.5) ** 2))


def _make_unit_bumps(
    unit: int, landmarks: Paths, sides: tuple[Any, ...] = (1.0, 1.0)
) -> list[Bump]:
    """One action unit on both sides of a face with these landmarks `[68, 2]`."""
    between, across, above = _find_face_axes(landmarks)
    bumps = []
    for pull in _UNITS[unit]:
        for side, strength in zip((-1, 1), sides, strict=True):
            points = list(pull.points) if side < 0 else MIRRORED[list(pull.points)].tolist()
            x, y = landmarks[points].mean(axis=0).tolist()
            dx, dy = (strength * (side * pull.out * across + pull.up * above)).tolist()
            bumps.append(Bump((x, y), pull.spread * between, (dx, dy)))
    return bumps


def _find_face_axes(landmarks: Paths) -> tuple[float, Paths, Paths]:
    """The distance between the eyes, and the unit vectors along their line and to the forehead."""
    way = landmarks[42:48].mean(axis=0) - landmarks[36:42].mean(axis=0)
    between = float(np.linalg.norm(way))
    across = way / between
    return between, across, np.array([across[1], -across[0]])
