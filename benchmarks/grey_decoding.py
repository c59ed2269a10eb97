"""LBP-TOP on clips of JPEG frames: decoded to grey, against decoded to colour and then to grey.

One clip of 40 frames of 640x480 pixels, whose landmarks are known, from the files to the features
of `lbptop` in its default. Run: OMP_NUM_THREADS=1 python -m benchmarks.grey_decoding
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

import mertk
from benchmarks._clock import medians, show
from mertk.datasets.media import frames

if TYPE_CHECKING:
    from mertk.core.clips import Clip, Pixels

_FRAMES, _SIZE = 40, (640, 480)


def write_clip(folder: Path) -> Clip:
    """A synthetic face in the middle of frames such as the camera of a laboratory writes."""
    use = f"synthetic:subjects=2,clips=1,size={_SIZE[1]},frames={_FRAMES}"
    clip = mertk.load_dataset(use)[0]
    border = (_SIZE[0] - _SIZE[1]) // 2
    files = []
    for at, picture in enumerate(clip.footage.frames):
        wide = cv2.copyMakeBorder(picture, 0, 0, border, border, cv2.BORDER_REFLECT)
        files.append(folder / f"img{at:03d}.jpg")
        cv2.imwrite(str(files[-1]), wide[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    known = clip.footage.landmarks
    if known is None:
        raise mertk.DataError("synthetic clips have landmarks")
    moved = np.add(known, (border, 0), dtype=np.float32)
    footage = replace(clip.footage, frames=frames.of_files(files), landmarks=moved)
    return replace(clip, footage=footage)


@dataclass(frozen=True, slots=True, eq=False)
class _ColourAlone:
    """Reads a frame in colour, and cannot read it in grey."""

    frames: mertk.Frames

    def __call__(self, at: int) -> Pixels:
        return self.frames[at]


def main() -> None:
    """Print the median seconds and their ratio; both calls take turns."""
    with tempfile.TemporaryDirectory() as folder:
        grey = write_clip(Path(folder))
        source = grey.footage.frames
        alone = mertk.Frames(_ColourAlone(source), len(source))
        colour = replace(grey, footage=replace(grey.footage, frames=alone))
        calls = {
            "decoded to grey": lambda: mertk.extract(grey, "lbptop"),
            "decoded to colour, then grey": lambda: mertk.extract(colour, "lbptop"),
            "decoding to grey alone": lambda: [source.read_grey(at) for at in range(_FRAMES)],
            "decoding to colour alone": lambda: [source[at] for at in range(_FRAMES)],
        }
        show(f"LBP-TOP, {_FRAMES} frames of {_SIZE[0]}x{_SIZE[1]}", medians(calls, repeats=9))


if __name__ == "__main__":
    main()
