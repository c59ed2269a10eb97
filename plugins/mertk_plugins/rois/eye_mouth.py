"""An eye and a mouth region between landmarks: Reddy et al. 2019."""

from __future__ import annotations

import numpy as np

import mertk

# By points of iBUG 300-W: left and right end, top and bottom.
_BOXES = {"eyes": (1, 15, 19, 1), "mouth": (2, 14, 2, 6)}


class EyeMouth:
    """Two regions from jaw to jaw: `eyes`, from the brows down, and `mouth`, from the nose down.

    Eyes: x of the points 1 … 15, y of 19 … 1. Mouth: x of 2 … 14, y of 2 … 6, with the nose in it.
    The landmarks are those of the onset frame, and so the regions stay in place all through the
    clip.
    """

    def locate(self, faces: mertk.Faces) -> mertk.Regions:
        """The two boxes; raises `DataError` without landmarks, and where they lie off the face."""
        if faces.landmarks is None:
            raise mertk.DataError(
                "eye_mouth needs landmarks; use an aligner that finds them, such as "
                "eye_similarity:points=68"
            )
        x, y = faces.landmarks.T
        ends = [[x[a], y[c], x[b], y[d]] for a, b, c, d in _BOXES.values()]
        width, height = faces.size
        boxes = np.clip(np.rint(ends), 0, [width, height, width, height]).astype(np.int64)
        if (boxes[:, 2:] <= boxes[:, :2]).any():
            raise mertk.DataError(
                "the landmarks give no eye or mouth region: they must be the 68 points of an "
                "upright face in the order of iBUG 300-W, inside the registered picture"
            )
        return mertk.Regions(names=tuple(_BOXES), boxes=boxes)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.roi("eye_mouth", EyeMouth, paper="arxiv:1904.01390")
