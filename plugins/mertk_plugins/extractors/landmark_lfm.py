"""Landmark feature maps, the changes of the distances between landmarks: Choi and Song 2020."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow, resampling

_EYES = (slice(36, 42), slice(42, 48))
_LEAST = 0.01  # px: a smaller change is rounding, and stays small


class LandmarkLFM:
    """Change of the distances between the 68 landmarks after the onset.

    Gives `[1, frames, 68, 68]`. The landmarks of the onset frame are carried to every other frame
    by optical flow from onset to there, as a detector's errors from frame to frame are as large as
    the motion.

    Args:
        frames: number of moments of onset … offset, 2 or more.
        method: see `mertk.vision.optical_flow.optical_flow`.
        scale: whether the changes are divided by the clip's largest one, so that they do not depend
            on the intensity of the expression; if not, they are shares of the distance between the
            eyes.
    """

    def __init__(
        self, *, frames: int = 10, method: optical_flow.Method = "farneback", scale: bool = True
    ) -> None:
        if frames < 2:
            raise ValueError(f"frames={frames}; a change needs at least 2")
        self.frames = frames
        self.method = method
        self.scale = scale

    def extract(self, faces: mertk.Faces, _regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[1, frames, 68, 68]`; raises `DataError` without frames, or without landmarks."""
        if not len(faces.frames) or faces.landmarks is None:
            raise mertk.DataError(
                "landmark_lfm needs frames, and landmarks of the onset frame; use an aligner that "
                "finds them, such as eye_similarity:points=68"
            )
        points = np.asarray(faces.landmarks, np.float64)
        between = _compute_distances(points[None])
        tracks = self._track_points(faces, points)
        found = resampling.resample_linearly(_compute_distances(tracks) - between, self.frames)
        left, right = (points[eye].mean(axis=0) for eye in _EYES)
        unit = np.abs(found).max() if self.scale else np.hypot(*(right - left))
        return np.asarray(found / max(unit, _LEAST), np.float32)[None]

    def _track_points(self, faces: mertk.Faces, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the points are in each frame of onset … offset `[time, 68, 2]`.

        They stay where they are in frames that resampling does not read.
        """
        onset = faces.frames.read_grey(faces.onset)
        found = np.repeat(points[None], faces.offset - faces.onset + 1, axis=0)
        for step in resampling.list_resampled_frames(len(found), self.frames)[1:]:
            target = faces.frames.read_grey(faces.onset + step)
            found[step] += _read_flow(optical_flow.optical_flow(onset, target, self.method), points)
        return found


def _read_flow(field: NDArray[np.float32], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A flow `[h, w, 2]` at points `[points, 2]`, linear between pixels; beyond it, its edge."""
    import cv2

    x, y = points.astype(np.float32).T
    read = cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, np.float64).reshape(-1, 2)


def _compute_distances(tracks: NDArray[np.float64]) -> NDArray[np.float32]:
    """Distances between the points of each frame `[time, points, points]`."""
    steps = tracks[:, :, None] - tracks[:, None]
    return np.asarray(np.sqrt((steps**2).sum(axis=-1)), np.float32)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("landmark_lfm", LandmarkLFM, paper="doi:10.1109/ACCESS.2020.3006958")
