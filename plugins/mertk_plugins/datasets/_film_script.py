"""What happens in a long synthetic video, and when: expressions, blinks, sway, light.

All of it is drawn from (seed, video) alone, whatever the amplitude; times are drawn in seconds, so
that the same things happen at any frame rate.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mertk_plugins.datasets import _synthetic_motion as motion

Kind = Literal["micro", "macro"]

SLOT = 4.0  # seconds that each expression has to itself, at least

DURATIONS: dict[Kind, tuple[float, float]] = {"micro": (0.2, 0.5), "macro": (0.6, 2.0)}
"""The shortest and the longest expression of a kind, in seconds."""

_EDGE = 1.0  # seconds of rest before and after each slot's expression
_BLINK_EVERY = 4.0  # seconds, as a mean
_BLINK_GAP = 0.8
_SWAY = (0.35, 0.25, 0.30, 0.30)  # standard deviations: degrees, %, % and % of the frame
_LIGHT = (0.02, 0.03, 0.03)
_WAVES = 3  # waves that make each of the paths
_HERTZ = (0.05, 0.4)
_TWITCH_HERTZ = (0.03, 0.12)


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One expression: how it is shown, and its onset, apex and offset in seconds."""

    kind: Kind
    label: str
    draws: motion.Draws
    onset: float
    apex: float
    offset: float

    def timing(self, fps: float, frames: int) -> motion.Timing:
        """Its positions in a video of so many frames."""
        seconds = np.array([self.onset, self.apex, self.offset])
        return motion.Timing(*np.rint(seconds * fps).clip(max=frames - 1).astype(int).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """All that was drawn for a video.

    `blinks` are seconds. A path is a sum of waves `[waves, 3]` of size, Hz and phase; `paths` are
    those of the head (angle in degrees, growth, x and y in %), of the light (gain, two slopes) and
    of two groups of twitches.
    """

    events: tuple[Event, ...]
    blinks: tuple[float, ...]
    still: motion.Draws
    paths: NDArray[np.float64]

    def compute_paths(self, seconds: float) -> NDArray[np.float64]:
        """The paths `[9]` at a moment."""
        size, hertz, phase = np.moveaxis(self.paths, -1, 0)
        return np.asarray((size * np.sin(2 * np.pi * (hertz * seconds + phase))).sum(axis=-1))

    def closure(self, seconds: float) -> float:
        """How far the eyelids are down, 0 … 1."""
        away = min((abs(seconds - blink) for blink in self.blinks), default=np.inf)
        return float(np.exp(-0.5 * (away / 0.06) ** 2))


@functools.lru_cache(maxsize=64)
def write_script(seed: int, video: int, seconds: float, kinds: tuple[int, int]) -> Script:
    """The script of a video with so many (micro, macro) expressions."""
    rng = np.random.default_rng([6, seed, video])
    still = motion.draw_clip(seed, video, 0, 16)
    micros, total = kinds[0], sum(kinds)
    slot, events = seconds / max(total, 1), []
    for number, at in enumerate(rng.permutation(total)):
        draws = motion.draw_clip(seed, video, number + 1, 16)
        kind: Kind = "micro" if at < micros else "macro"
        events.append(_draw_event(rng, draws, kind, number * slot, slot))
    return Script(tuple(events), _draw_blinks(rng, seconds), still, _draw_paths(rng))


def _draw_event(
    rng: np.random.Generator, draws: motion.Draws, kind: Kind, start: float, slot: float
) -> Event:
    lasts = float(rng.uniform(*DURATIONS[kind]))
    onset = start + float(rng.uniform(_EDGE, slot - _EDGE - lasts))
    apex = onset + lasts * float(rng.uniform(0.35, 0.65))
    label = tuple(motion.CLASSES)[int(rng.integers(len(motion.CLASSES)))]
    return Event(kind, label, draws, onset, apex, onset + lasts)


def _draw_blinks(rng: np.random.Generator, seconds: float) -> tuple[float, ...]:
    found, at = [], float(rng.exponential(_BLINK_EVERY))
    while at < seconds:
        found.append(at)
        at += _BLINK_GAP + float(rng.exponential(_BLINK_EVERY - _BLINK_GAP))
    return tuple(found)


def _draw_paths(rng: np.random.Generator) -> NDArray[np.float64]:
    sizes = np.array([*_SWAY, *_LIGHT, 1.0, 1.0])[:, None] * np.sqrt(2 / _WAVES)
    shape = (len(sizes), _WAVES)
    hertz = rng.uniform(*_HERTZ, shape)
    hertz[-2:] = rng.uniform(*_TWITCH_HERTZ, (2, _WAVES))
    return np.stack([np.broadcast_to(sizes, shape), hertz, rng.uniform(0, 1, shape)], axis=-1)
