"""Clips that hold no signal: smooth noise that grows and fades, on a ground that is the person's.

Whoever learns can tell people apart, and nothing else. The frames lie in folders named after the
labels, as those of real data sets do, so that a component which peeks at paths gives itself away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk.clips import Footage
from mertk.data import arrays
from mertk.recipe import Use

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.clips import Clip, Floats, Pixels
    from mertk.registry import Registry

    Smooth = NDArray[np.float32]

_TIME = 9
_SIZE = 128  # of the faces, in pixels
_STRENGTH = 12.0  # grey values, of the change at its peak
_GRAIN = 2.0


def noise_clips(
    registry: Registry,
    clips: Sequence[Clip],
    labels: NDArray[np.int64],
    folder: Path,
    seed: int,
    *,
    disturbed: int | None = None,
) -> list[Clip]:
    """One clip of noise for each clip, with its names, its label's folder, and a face's landmarks.

    `labels` are `[clips]`, or `[clips, classes]`. The clip at `disturbed` has other pixels than it
    would have: it is written to disk as a negative, upside down.
    """
    face = Use("synthetic", subjects=1, clips=1, size=_SIZE)
    landmarks = registry.build("dataset", face).index(None)[0].footage.landmarks
    found = []
    for at, (clip, label) in enumerate(zip(clips, labels, strict=True)):
        pixels = _pixels(clip.person, np.random.default_rng([seed, at]))
        name = "-".join(str(part) for part in np.atleast_1d(label))
        file = folder / name / f"{at}.npy"
        file.parent.mkdir(exist_ok=True)
        np.save(file, 255 - pixels[:, ::-1] if at == disturbed else pixels)
        found.append(replace(clip, footage=_footage(file, landmarks), fingerprint="", record={}))
    return found


def _footage(file: Path, landmarks: Floats | None) -> Footage:
    return Footage(
        frames=arrays.of_array(file, 0, _TIME),
        onset=0,
        apex=_TIME // 2,
        offset=_TIME - 1,
        landmarks=landmarks,
    )


def _pixels(person: str, rng: np.random.Generator) -> Pixels:
    own = np.random.default_rng(list(person.encode()))
    ground = 128 + 40 * _smooth(own, _SIZE / 8)
    change = _STRENGTH * _smooth(rng, _SIZE / 16)
    rise = np.sin(np.linspace(0, np.pi, _TIME, dtype=np.float32))[:, None, None, None]
    grain = _GRAIN * rng.standard_normal((_TIME, _SIZE, _SIZE, 3), np.float32)
    return np.asarray(np.clip(ground + rise * change + grain, 0, 255), np.uint8)


def _smooth(rng: np.random.Generator, width: float) -> Smooth:
    """Noise `[height, width, 3]` of standard deviation 1, blurred."""
    import cv2

    noise = rng.standard_normal((_SIZE, _SIZE, 3), np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), width)
    return np.asarray(blurred / blurred.std(), np.float32)
