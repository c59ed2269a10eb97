"""Synthetic micro-expressions on warped copies of one public-domain portrait.

Made on demand, so that everything runs at once without a licence form. Frames, landmarks, optical
flow, action units and timing are known exactly. The people share one photograph and the
expressions are formulas: a score on this set shows that a pipeline works, not how good it is.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk import datasets
from mertk_plugins.datasets import _synthetic_motion as motion
from mertk_plugins.datasets._synthetic_clip import hash_text, make_clip, make_record
from mertk_plugins.datasets._synthetic_scene import Scene

_LEAST_FRAMES = 5
_LEAST_SIZE = 64
_STRONGEST = 32  # a peak above size / 32 would fold the face


class Synthetic:
    """Synthetic micro-expressions with exact landmarks, flow, AUs and timing.

    The clips of a person are balanced over negative, positive and surprise. A person and a clip
    depend on `seed` and their numbers alone, not on how many there are.

    Args:
        subjects: number of people, 1 or more.
        clips: number of clips of each person, 1 or more.
        frames: number of frames of a clip, 5 or more.
        size: side of the square frames, in pixels, 64 or more.
        amplitude: largest motion of an expression, in pixels, 0 … `size` / 32; 0 makes clips
            without any expression.
        nuisance: what head drift, light, noise and blinks are multiplied by, 0 or more; 0 is none
            of them.
        seed: random seed, 0 or more.
    """

    default_protocol = "synthetic3"
    obtain = "nothing to obtain: made on demand"
    needs_folder = False
    fps = 100.0

    def __init__(
        self,
        *,
        subjects: int = 12,
        clips: int = 9,
        frames: int = 16,
        size: int = 256,
        amplitude: float = 1.5,
        nuisance: float = 1.0,
        seed: int = 0,
    ) -> None:
        if subjects < 1 or clips < 1:
            raise ValueError(f"subjects={subjects} and clips={clips} must both be at least 1")
        if frames < _LEAST_FRAMES or size < _LEAST_SIZE:
            raise ValueError(
                f"frames={frames} must be at least {_LEAST_FRAMES} and size={size} at least "
                f"{_LEAST_SIZE}"
            )
        if not 0 <= amplitude <= size / _STRONGEST:
            raise ValueError(
                f"amplitude={amplitude} must lie in 0 … size / {_STRONGEST} = "
                f"{size / _STRONGEST:g} pixels"
            )
        if not nuisance >= 0 or seed < 0:
            raise ValueError(f"nuisance={nuisance} and seed={seed} must both be at least 0")
        self.subjects, self.clips = subjects, clips
        self.frames, self.size, self.seed = frames, size, seed
        self.amplitude, self.nuisance = float(amplitude), float(nuisance)

    def index(self, root: Path | None = None, /) -> list[mertk.Clip]:
        """All clips, subject by subject; `root` is ignored. Frames are made when they are read."""
        del root
        return [self._make_clip(s, c) for s in range(self.subjects) for c in range(self.clips)]

    def flow(self, clip: mertk.Clip, /) -> NDArray[np.float32]:
        """The true optical flow (u, v) `[size, size, 2]` in pixels of a clip, onset → apex."""
        scene = self._scene_of(clip)
        timing = scene.draws().timing
        return scene.flow(timing.onset, timing.apex)

    def landmarks(self, clip: mertk.Clip, at: int, /) -> NDArray[np.float32]:
        """The true 68 points `[68, 2]` of a clip in its frame `at`."""
        return self._scene_of(clip).landmarks(at).astype(np.float32)

    def _scene_of(self, clip: mertk.Clip) -> Scene:
        if clip.dataset == "synthetic":
            scene = self._make_scene(int(clip.subject[1:]) - 1, int(clip.name[1:]) - 1)
            if hash_text(scene) == clip.fingerprint:
                return scene
        raise mertk.DataError(
            f"{clip.uid} was not made by this synthetic set: its true motion is not known; "
            "ask the data set, with the parameters, that the clip came from"
        )

    def _make_scene(self, subject: int, clip: int) -> Scene:
        return Scene(
            seed=self.seed,
            subject=subject,
            clip=clip,
            label=_choose_label(self.seed, subject, clip),
            frames=self.frames,
            size=self.size,
            amplitude=self.amplitude,
            nuisance=self.nuisance,
        )

    def _make_clip(self, subject: int, clip: int) -> mertk.Clip:
        scene = self._make_scene(subject, clip)
        draws = scene.draws()
        timing = draws.timing
        record = make_record(
            draws,
            timing,
            dataset="synthetic",
            subject=f"s{subject + 1:02d}",
            clip=f"c{clip + 1:02d}",
            label=scene.label,
            fps=self.fps,
            objective_class=datasets.action_units.objective_class(
                map(datasets.action_units.AU, scene.units())
            ),
            objective_class_source="rule",
        )
        frames = mertk.Frames(scene, self.frames)
        locate = functools.partial(scene.landmarks, timing.onset)
        return make_clip(record, timing, frames, locate, scene)


def _choose_label(seed: int, subject: int, clip: int) -> str:
    """The class of a clip: each three clips of a person show the three classes, shuffled."""
    block, at = divmod(clip, len(motion.CLASSES))
    return _shuffle_labels(seed, subject, block)[at]


@functools.lru_cache(maxsize=64)
def _shuffle_labels(seed: int, subject: int, block: int) -> tuple[str, ...]:
    """The classes of three clips of a person, in their order."""
    order = np.random.default_rng([5, seed, subject, block]).permutation(len(motion.CLASSES))
    return tuple(np.array(tuple(motion.CLASSES))[order].tolist())


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("synthetic", Synthetic)
