"""Checks of an aligner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Faces
from mertk.testing.checks import common, learning
from mertk.testing.comparison import call_verb, thaw_arrays
from mertk.testing.outcome import BrokenPromise

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def gives_faces(subject: ComponentUnderTest) -> None:
    """It gives `Faces`: frames `[time, height, width, 3]` uint8, as many as the footage has."""
    footage = subject.test_inputs[-1]
    faces = call_verb(subject.kind, subject.ready(), thaw_arrays(footage))
    if not isinstance(faces, Faces):
        raise BrokenPromise(f"it gives {type(faces).__name__}, not Faces")
    frames = np.asarray(faces.frames[:])
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise BrokenPromise(
            f"its frames are {frames.dtype} {list(frames.shape)}, not uint8 [time, h, w, 3]"
        )
    if not faces.onset <= faces.peak <= faces.offset < len(frames):
        raise BrokenPromise(
            f"onset {faces.onset}, apex {faces.peak}, offset {faces.offset} do not fit "
            f"{len(frames)} frames"
        )
    for name, shape in {"landmarks": (None, 2), "transform": (2, 3)}.items():
        found = getattr(faces, name)
        if found is not None and (found.ndim != 2 or found.shape[1] != shape[1]):
            raise BrokenPromise(f"its {name} are {list(found.shape)}, see mertk.Faces")


CHECKS = (*common.DECLARED, *common.RUN, gives_faces, *common.LOOKS, *learning.CHECKS)
