"""One synthetic clip: its frames, landmarks and optical flow, all from the same formulas."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk_plugins.datasets import _synthetic_motion as motion
from mertk_plugins.datasets._synthetic_face import Person, draw_person
from mertk_plugins.datasets._synthetic_warp import Bump, invert_field, make_grid, sum_bumps

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
        moved = make_grid(self.size)
        for strength, field in zip(self._compute_strengths(at), _compute_fields(self), strict=True):
            if strength and field is not None:
                moved = moved - np.float32(strength) * field
        light = self.nuisance * self.draws().compute_waves(at, self.frames)[4:7]
        noise = (4, self.seed, self.subject, self.clip, at)
        head = self._compute_head_pose(at)
        return self.person().render(moved, head, light, noise, self.nuisance)

    def draws(self) -> motion.Draws:
        """All that was drawn for this clip."""
        return motion.draw_clip(self.seed, self.subject, self.clip, self.frames)

    def person(self) -> Person:
        """Whose face it is."""
        return draw_person(self.seed, self.subject, self.size)

    def units(self) -> tuple[int, ...]:
        """The action units of the expression."""
        return motion.emotion_and_units(self.draws(), self.label)[1]

    def landmarks(self, at: int) -> NDArray[np.float64]:
        """The 68 points `[68, 2]` in frame `at`."""
        return self._project_points(at, self.person().landmarks)

    def flow(self, start: int, end: int) -> NDArray[np.float32]:
        """Where the points of frame `start` have gone by frame `end`: (u, v) `[size, size, 2]`."""
        here = make_grid(self.size).astype(np.float64)
        head = self._compute_head_pose(start)
        faced = (here - self._make_displacement(start)(here)) @ head[:, :2].T + head[:, 2]
        return (self._project_points(end, faced) - here).astype(np.float32)

    def _project_points(self, at: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Portrait `points` `[…, 2]` as seen in frame `at`."""
        head = self._compute_head_pose(at)
        rest = (points - head[:, 2]) @ np.linalg.inv(head[:, :2]).T
        displace = self._make_displacement(at)
        return np.asarray(invert_field(lambda x: -displace(x), rest))

    def _make_displacement(self, at: int) -> Callable[[Points], Points]:
        """The function from points of frame `at` to how far muscles and eyelids carried them."""
        pulls = list(zip(self._compute_strengths(at), self.pulls(), strict=True))

        def displace(points: Points) -> Points:
            total = np.zeros_like(points)
            for strength, bumps in pulls:
                if strength and bumps:
                    total += strength * sum_bumps(bumps, points)
            return total

        return displace

    def _compute_strengths(self, at: int) -> tuple[float, float, float]:
        draws = self.draws()
        twitch = self.nuisance * float(draws.compute_waves(at, self.frames)[7])
        return draws.timing.strength(at), motion.compute_lid_closure(draws, at), twitch

    def pulls(self) -> tuple[list[Bump], list[Bump], list[Bump]]:
        """The pulls of expression, blink and twitches in the frame; empty where nothing moves."""
        draws, head = self.draws(), self._compute_head_pose(self.draws().timing.onset)
        points = (self.person().landmarks - head[:, 2]) @ np.linalg.inv(head[:, :2]).T
        face: list[Bump] = []
        if self.amplitude:
            face = motion.make_expression(draws, self.units(), points, self.amplitude)
        lids = motion.make_blink(points, self.nuisance) if draws.blink >= 0 else []
        return face, lids, motion.make_twitches(draws, points, self.size)

    def _compute_head_pose(self, at: int) -> NDArray[np.float64]:
        """The similarity `[2, 3]` from frame `at` to the portrait."""
        draws = self.draws()
        pose = np.array(draws.pose) + self.nuisance * draws.compute_waves(at, self.frames)[:4]
        return self.person().make_head_pose(pose)


@functools.lru_cache(maxsize=8)
def _compute_fields(scene: Scene) -> tuple[NDArray[np.float32] | None, ...]:
    """The dense pulls `[size, size, 2]` of expression, blink and twitches, or None."""
    here = make_grid(scene.size)
    return tuple(sum_bumps(bumps, here) if bumps else None for bumps in scene.pulls())
