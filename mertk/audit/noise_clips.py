"""Clips that hold no signal: smooth noise that grows and fades, on a ground that is the person's.

A model can learn to distinguish people, and nothing else. Folders and files are named after the
labels, as those of real data sets are, so that a component which peeks at paths gives itself away.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mertk.audit.clip_facts import files_of
from mertk.core.clips import Clip, Footage, Frames, Pixels
from mertk.core.recipe import Use
from mertk.datasets.media import arrays, frames
from mertk.pipeline.fold import LabelledClips
from mertk.plugins.registry import Registry

Smooth = NDArray[np.float32]

_TIME = 9
_SIZE = 128  # of the faces, in pixels
_STRENGTH = 12.0  # grey values, of the change at its peak
_GRAIN = 2.0


def noise_clips(
    registry: Registry,
    clips: Sequence[Clip],
    sample: LabelledClips,
    folder: Path,
    seed: int,
    *,
    disturbed: int | None = None,
) -> list[Clip]:
    """One clip of noise for each clip, with its names and a face's landmarks.

    It is an array, or pictures where the clip is, in the existing `folder`, under the label that
    `sample` has for it: `2/anger-2-7.npy` is clip 7 with label 2, which is anger. The clip at
    `disturbed` has other pixels than it would have: a negative, upside down.
    """
    face = Use("synthetic", subjects=1, clips=1, size=_SIZE)
    landmarks = registry.build("dataset", face).index(None)[0].footage.landmarks
    found = []
    for at, (clip, label) in enumerate(zip(clips, sample.labels, strict=True)):
        pixels = _draw_pixels(clip.person, np.random.default_rng([seed, at]))
        if at == disturbed:
            pixels = 255 - pixels[:, ::-1]
        number = "-".join(map(str, np.atleast_1d(label)))
        stem = folder / number / f"{_spell_label(label, sample.classes)}-{number}-{at}"
        stem.parent.mkdir(exist_ok=True)
        footage = Footage(
            frames=_write_pixels(stem, pixels, files_of(clip.footage.frames)),
            onset=0,
            apex=_TIME // 2,
            offset=_TIME - 1,
            landmarks=landmarks,
            features=_draw_features(clip, [seed, at, at == disturbed]),
        )
        found.append(replace(clip, footage=footage, fingerprint="", record={}))
    return found


def _draw_features(clip: Clip, seed: Sequence[int]) -> dict[str, Smooth]:
    """Noise of the shapes of the clip's features, on a ground that is the person's."""
    own, rng = (np.random.default_rng(one) for one in (list(clip.person.encode()), seed))
    return {
        name: own.standard_normal(array.shape[-1], np.float32)
        + rng.standard_normal(array.shape, np.float32)
        for name, array in clip.footage.features.items()
    }


def _spell_label(label: NDArray[np.int64], classes: Sequence[str]) -> str:
    """The label's class in words that a file may be named by, or all that are present."""
    present = np.flatnonzero(label).tolist() if np.ndim(label) else [int(label)]
    return "-".join(re.sub(r"\W+", "_", classes[at]) for at in present) or "none"


def _write_pixels(stem: Path, pixels: Pixels, like: Sequence[Path]) -> Frames:
    """Frames in pictures, if the files that they are to be like are pictures, else in an array."""
    import cv2

    if not frames.PICTURES & {file.suffix.lower() for file in like}:
        array = stem.with_name(f"{stem.name}.npy")
        np.save(array, pixels)
        return arrays.of_array(array, 0, _TIME)
    files = [stem.with_name(f"{stem.name}-{at}.png") for at in range(_TIME)]
    for file, picture in zip(files, pixels, strict=True):
        cv2.imwrite(str(file), picture[..., ::-1])
    return frames.of_files(files)


def _draw_pixels(person: str, rng: np.random.Generator) -> Pixels:
    own = np.random.default_rng(list(person.encode()))
    ground = 128 + 40 * _draw_smooth_noise(own, _SIZE / 8)
    change = _STRENGTH * _draw_smooth_noise(rng, _SIZE / 16)
    rise = np.sin(np.linspace(0, np.pi, _TIME, dtype=np.float32))[:, None, None, None]
    grain = _GRAIN * rng.standard_normal((_TIME, _SIZE, _SIZE, 3), np.float32)
    return np.asarray(np.clip(ground + rise * change + grain, 0, 255), np.uint8)


def _draw_smooth_noise(rng: np.random.Generator, width: float) -> Smooth:
    """Noise `[height, width, 3]` of standard deviation 1, blurred."""
    import cv2

    noise = rng.standard_normal((_SIZE, _SIZE, 3), np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), width)
    return np.asarray(blurred / blurred.std(), np.float32)
