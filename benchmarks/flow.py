"""Flow with strain against OpenCV's Farneback call alone, and the methods against each other.

Run: OMP_NUM_THREADS=1 python -m benchmarks.flow
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import cv2
import numpy as np
from skimage.data import astronaut

from benchmarks._clock import medians, show
from mertk import Faces, Frames
from mertk.vision import optical_flow

if TYPE_CHECKING:
    from collections.abc import Callable


def pair() -> tuple[np.ndarray, np.ndarray]:
    """A face `[224, 224, 3]` and the same face moved by 0.6 and -0.3 pixels."""
    face = np.ascontiguousarray(astronaut()[:224, 110:334])  # type: ignore[no-untyped-call]
    move = np.array([[1, 0, 0.6], [0, 1, -0.3]])
    moved = cv2.warpAffine(face, move, (224, 224), borderMode=cv2.BORDER_REFLECT)
    return face, moved


def error(found: np.ndarray) -> float:
    """Mean endpoint error in pixels, away from the border."""
    inner = found[16:-16, 16:-16, :2] - np.array([0.6, -0.3])
    return float(np.hypot(inner[..., 0], inner[..., 1]).mean())


def main() -> None:
    """Print every comparison."""
    cv2.setNumThreads(1)
    face, moved = pair()
    onset, apex = optical_flow.convert_to_grey(face), optical_flow.convert_to_grey(moved)
    faces = Faces(frames=Frames.of(np.stack([face, moved])), onset=0, apex=1, offset=1)
    bare = partial(cv2.calcOpticalFlowFarneback, onset, apex, None, 0.5, 3, 15, 3, 5, 1.2, 0)
    calls: dict[str, Callable[[], Any]] = {
        "cv2.calcOpticalFlowFarneback alone": bare,
        "optical_flow.onset_apex (grey, flow, strain)": partial(optical_flow.onset_apex, faces),
        "optical_flow.strain alone": partial(
            optical_flow.strain, optical_flow.optical_flow(onset, apex)
        ),
    }
    show("Onset to apex at 224 x 224", medians(calls, 30))
    methods = get_args(optical_flow.Method)
    calls = {name: partial(optical_flow.optical_flow, onset, apex, name) for name in methods}
    show("The flow methods at 224 x 224", medians(calls, 3))
    print("\nMean endpoint error in pixels of a translation by (0.6, -0.3)")
    for name, call in calls.items():
        print(f"  {name:<52} {error(call()):10.3f}")


if __name__ == "__main__":
    main()
