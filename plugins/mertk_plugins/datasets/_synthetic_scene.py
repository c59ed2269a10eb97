"""One synthetic clip: its frames, landmarks and optical flow, all from the same formulas."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk_plugins.datasets import _synthetic_motion as motion
from mertk_plugins.datasets._synthetic_face import Person, draw_person, draw_portrait
from mertk_plugins.datasets._synthetic_warp import (
    Bump,
    invert_field,
    make_grid,
    sample_picture,
    sum_bumps,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Renders frames when they are asked for; a few plain values, so it can be pickled.

    A face point z of the portrait is seen in frame t at the x with `z = head_t(x - moved_t(x))`,
    where `head_t` is a similarity and `moved_t` the pulls of muscles and eyelids.
    """

    seed: int
    subject: int
    clip: int
    label: str
    frames: int
    size: int
    amplitude: float
    nuisance: float

    def __call__(self, at: int) -> NDArray[np.uint8]:
        """Frame `at` as pixels `[size, size, 3]`."""
        chances, lit = self.chances(), np.float32
        head, here = self._compute_head_pose(at), _make_grid(self.size)
        moved = here
        for strength, field in zip(self._compute_strengths(at), _compute_fields(self), strict=True):
            if strength and field is not None:
                moved = moved - lit(strength) * field
        matrix = head.astype(np.float32)
        picture = sample_picture(
            draw_portrait(self.seed, self.subject, self.size),
            moved @ matrix[:, :2].T + matrix[:, 2],
        )
        gain, across, along = self.nuisance * chances.way(at, self.frames)[4:7]
        slope = (here - (self.size - 1) / 2) / lit(self.size)
        light = 1 + lit(gain) + lit(across) * slope[..., 0] + lit(along) * slope[..., 1]
        lighted = picture * light[..., None] + self._draw_noise(at)[..., None]
        return np.asarray(np.clip(lighted + lit(0.5), 0, 255).astype(np.uint8))

    def chances(self) -> motion.Chances:
        """All that was drawn for this clip."""
        return _draw_cached_chances(self.seed, self.subject, self.clip, self.frames)

    def person(self) -> Person:
        """Whose face it is."""
        return draw_person(self.seed, self.subject, self.size)

    def units(self) -> tuple[int, ...]:
        """The action units of the expression."""
        return motion.emotion_and_units(self.chances(), self.label)[1]

    def landmarks(self, at: int) -> NDArray[np.float64]:
        """The 68 points `[68, 2]` in frame `at`."""
        return self._project_points(at, self.person().landmarks)

    def flow(self, start: int, end: int) -> NDArray[np.float32]:
        """Where the points of frame `start` have gone by frame `end`: (u, v) `[size, size, 2]`."""
        here = _make_grid(self.size).astype(np.float64)
        head = self._compute_head_pose(start)
        faced = (here - self._displace_points(start, here)) @ head[:, :2].T + head[:, 2]
        return (self._project_points(end, faced) - here).astype(np.float32)

    def _project_points(self, at: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Portrait `points` `[…, 2]` as seen in frame `at`."""
        head = self._compute_head_pose(at)
        rest = (points - head[:, 2]) @ np.linalg.inv(head[:, :2]).T
        return np.asarray(invert_field(lambda x: -self._displace_points(at, x), rest))

    def _displace_points(self, at: int, points: Points) -> Points:
        """How far muscles and eyelids have carried what is seen at `points` in frame `at`."""
        total = np.zeros_like(points)
        for strength, bumps in zip(self._compute_strengths(at), self.pulls(), strict=True):
            if strength and bumps:
                total += strength * sum_bumps(bumps, points)
        return total

    def _compute_strengths(self, at: int) -> tuple[float, float, float]:
        chances = self.chances()
        twitch = self.nuisance * float(chances.way(at, self.frames)[7])
        return chances.timing.strength(at), motion.compute_lid_closure(chances, at), twitch

    def pulls(self) -> tuple[list[Bump], list[Bump], list[Bump]]:
        """The pulls of expression, blink and twitches in the frame; empty where nothing moves."""
        chances, head = self.chances(), self._compute_head_pose(self.chances().timing.onset)
        points = (self.person().landmarks - head[:, 2]) @ np.linalg.inv(head[:, :2]).T
        face: list[Bump] = []
        if self.amplitude:
            face = motion.make_expression(chances, self.units(), points, self.amplitude)
        lids = motion.make_blink(points, self.nuisance) if chances.blink >= 0 else []
        return face, lids, motion.make_twitches(chances, points, self.size)

    def _compute_head_pose(self, at: int) -> NDArray[np.float64]:
        """The similarity `[2, 3]` from frame `at` to the portrait."""
        chances = self.chances()
        way = np.array(chances.pose) + self.nuisance * chances.way(at, self.frames)[:4]
        angle, growth = np.deg2rad(way[0]), 1 + way[1] / 100
        turn = growth * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.full(2, (self.size - 1) / 2)
        return np.column_stack(
            [turn, middle + self.person().margin + way[2:] * self.size / 100 - turn @ middle]
        )

    def _draw_noise(self, at: int) -> NDArray[np.float32]:
        """Sensor noise `[size, size]` in grey levels."""
        rng = np.random.default_rng([4, self.seed, self.subject, self.clip, at])
        noise = rng.standard_normal((self.size, self.size), np.float32)
        return noise * np.float32(2.0 * self.nuisance)


@functools.lru_cache(maxsize=512)
def _draw_cached_chances(seed: int, subject: int, clip: int, frames: int) -> motion.Chances:
    return motion.draw_chances(seed, subject, clip, frames)


@functools.lru_cache(maxsize=4)
def _make_grid(size: int) -> NDArray[np.float32]:
    return make_grid(size).astype(np.float32)


@functools.lru_cache(maxsize=8)
def _compute_fields(scene: Scene) -> tuple[NDArray[np.float32] | None, ...]:
    """The dense pulls `[size, size, 2]` of expression, blink and twitches, or None."""
    here = _make_grid(scene.size)
    return tuple(sum_bumps(bumps, here) if bumps else None for bumps in scene.pulls())
