"""Clips that hold no signal: smooth noise that grows and fades, on a ground that is the person's.

Whoever learns can tell people apart, and nothing else. The frames lie in folders named after the
labels, as those of real data sets do, so that a component which peeks at paths gives itself away.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mertk.clips import Clip, Footage
from mertk.data import arrays
from mertk.recipe import Use

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.clips import Floats, Pixels
    from mertk.registry import Registry

    Smooth = NDArray[np.float32]

_TIME = 9
_STRENGTH = 12.0  # grey values, of the change at its peak
_GRAIN = 2.0


def noise_clips(
    registry: Registry, clips: Sequence[Clip], labels: NDArray[np.int64], folder: Path, seed: int
) -> list[Clip]:
    """One clip of noise for each clip, with its names, its label's folder, and a face's landmarks.

    `labels` are `[clips]`, or `[clips, classes]`.
    """
    template = registry.build("dataset", Use("synthetic", subjects=1, clips=1)).index(None)[0]
    return [
        _clip(clip, label, template.footage, folder, (seed, at))
        for at, (clip, label) in enumerate(zip(clips, labels, strict=True))
    ]


def _clip(
    clip: Clip, label: NDArray[np.int64], face: Footage, folder: Path, seed: tuple[int, int]
) -> Clip:
    _, height, width, _ = face.frames.shape
    pixels = _pixels(clip.person, (height, width), np.random.default_rng(seed))
    name = "-".join(str(part) for part in np.atleast_1d(label))
    file = folder / name / f"{seed[1]}.npy"
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, pixels)
    return Clip(
        dataset=clip.dataset,
        subject=clip.subject,
        name=clip.name,
        footage=_footage(file, face.landmarks),
        fingerprint="",
    )


def _footage(file: Path, landmarks: Floats | None) -> Footage:
    return Footage(
        frames=arrays.of_array(file, 0, _TIME),
        onset=0,
        apex=_TIME // 2,
        offset=_TIME - 1,
        landmarks=landmarks,
    )


def _pixels(person: str, size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    own = np.random.default_rng(list(person.encode()))
    ground = 128 + 40 * _smooth(size, own, 9)
    change = _STRENGTH * _smooth(size, rng, 15)
    rise = np.sin(np.linspace(0, np.pi, _TIME))[:, None, None, None]
    grain = rng.normal(scale=_GRAIN, size=(_TIME, *size, 3))
    return np.asarray(np.clip(ground + rise * change + grain, 0, 255), np.uint8)


def _smooth(size: tuple[int, int], rng: np.random.Generator, width: int) -> Smooth:
    """Noise `[height, width, 3]` of standard deviation 1, blurred."""
    import cv2

    blurred = cv2.GaussianBlur(rng.normal(size=(*size, 3)).astype(np.float32), (0, 0), width)
    return np.asarray(blurred / blurred.std(), np.float32)


def disturbed(clip: Clip) -> Clip:
    """The clip with other pixels: every frame as a negative, its motion with them."""
    footage = clip.footage
    other = Footage(
        frames=footage.frames.map(_negative),
        onset=footage.onset,
        apex=footage.apex,
        offset=footage.offset,
        fps=footage.fps,
        landmarks=footage.landmarks,
        flow=None if footage.flow is None else -footage.flow,
    )
    return Clip(
        dataset=clip.dataset,
        subject=clip.subject,
        name=clip.name,
        footage=other,
        fingerprint=f"{clip.fingerprint}, disturbed",
    )


def _negative(picture: Pixels) -> Pixels:
    return np.subtract(255, picture[::-1], dtype=np.uint8)
