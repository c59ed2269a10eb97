"""A long synthetic video: any of its frames, made when it is asked for."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk_plugins.datasets import _synthetic_motion as motion
from mertk_plugins.datasets._film_script import Script, write_script
from mertk_plugins.datasets._synthetic_face import Person, draw_person
from mertk_plugins.datasets._synthetic_warp import Bump, invert_field, make_grid, sum_bumps

Points = NDArray[np.floating[Any]]

_JITTER = (0.02, 0.0, 0.03, 0.03)  # what registering each frame leaves: degrees, %, % and %


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """One video of one person; a few plain values, so it can be pickled.

    As in a short clip, a face point z of the portrait is seen in a frame at the x with
    `z = head(x - moved(x))`. `amplitude` is the peak motion of micro-expressions in pixels,
    `macro` how many times larger macro-expressions are.
    """

    seed: int
    video: int
    frames: int
    fps: float
    size: int
    micros: int
    macros: int
    amplitude: float
    macro: float
    nuisance: float

    def __call__(self, at: int) -> NDArray[np.uint8]:
        """Frame `at` as pixels `[size, size, 3]`."""
        moved = make_grid(self.size)
        for number, strength in self._compute_strengths(at):
            moved = moved - np.float32(strength) * _compute_field(self, number)
        light = self.nuisance * self.script().compute_paths(at / self.fps)[4:7]
        noise, head = (8, self.seed, self.video, at), self._compute_head_pose(at)
        return self.person().render(moved, head, light, noise, self.nuisance)

    def script(self) -> Script:
        """All that was drawn for this video."""
        kinds = (self.micros, self.macros)
        return write_script(self.seed, self.video, self.frames / self.fps, kinds)

    def timings(self) -> list[motion.Timing]:
        """Onset, apex and offset of each expression, in the order of its events."""
        return [event.timing(self.fps, self.frames) for event in self.script().events]

    def person(self) -> Person:
        """Whose face it is."""
        return draw_person(self.seed, self.video, self.size)

    def landmarks(self, at: int) -> NDArray[np.float64]:
        """The 68 points `[68, 2]` in frame `at`."""
        pulls = [
            (strength, _make_bumps(self, number))
            for number, strength in self._compute_strengths(at)
        ]

        def back(points: Points) -> Points:
            total = np.zeros_like(points)
            for strength, bumps in pulls:
                total -= strength * sum_bumps(bumps, points)
            return total

        return np.asarray(
            invert_field(back, self._locate_neutral_points(self._compute_head_pose(at)))
        )

    def rest(self) -> NDArray[np.float64]:
        """The 68 points `[68, 2]` of the neutral face, of a head that does not sway."""
        return self._locate_neutral_points(
            self.person().make_head_pose(np.array(self.script().still.pose))
        )

    def _locate_neutral_points(self, head: NDArray[np.float64]) -> NDArray[np.float64]:
        """The neutral face's points where the head is so."""
        return np.asarray((self.person().landmarks - head[:, 2]) @ np.linalg.inv(head[:, :2]).T)

    def _compute_strengths(self, at: int) -> list[tuple[int, float]]:
        """What moves the face in frame `at`, and how much: numbers of events, and below 0 others.

        -1 is a blink; -2 and -3 are twitches.
        """
        plan, seconds = self.script(), at / self.fps
        twitches = self.nuisance * plan.compute_paths(seconds)[7:9]
        found = [(-2, float(twitches[0])), (-3, float(twitches[1]))]
        if self.nuisance:
            found.append((-1, plan.closure(seconds)))
        if self.amplitude:
            found += [(n, timing.strength(at)) for n, timing in enumerate(self.timings())]
        return [(number, strength) for number, strength in found if abs(strength) > 1e-3]

    def _compute_head_pose(self, at: int) -> NDArray[np.float64]:
        """The similarity `[2, 3]` from frame `at` to the portrait."""
        plan = self.script()
        jitter = np.random.default_rng([7, self.seed, self.video, at]).normal(0, _JITTER)
        sway = self.nuisance * (plan.compute_paths(at / self.fps)[:4] + jitter)
        return self.person().make_head_pose(np.array(plan.still.pose) + sway)


@functools.lru_cache(maxsize=256)
def _make_bumps(film: Film, number: int) -> list[Bump]:
    """The pulls of an expression, a blink (-1) or twitches (-2, -3) at full strength."""
    plan, points = film.script(), film.rest()
    if number == -1:
        return motion.make_blink(points, film.nuisance)
    if number < 0:
        return motion.make_twitches(plan.still, points, film.size)[number + 3 :: 2]
    event = plan.events[number]
    units = motion.emotion_and_units(event.draws, event.label)[1]
    peak = film.amplitude * (film.macro if event.kind == "macro" else 1.0)
    return motion.make_expression(event.draws, units, points, peak)


@functools.lru_cache(maxsize=16)
def _compute_field(film: Film, number: int) -> NDArray[np.float32]:
    """The same, dense `[size, size, 2]`."""
    return sum_bumps(_make_bumps(film, number), make_grid(film.size))
