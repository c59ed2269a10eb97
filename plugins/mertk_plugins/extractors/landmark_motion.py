"""How far each of the 68 landmarks moves after the onset, at several moments of a clip."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk.vision import optical_flow
from mertk_plugins.rois._landmarks import eye_distance, require_landmarks

_BLUR = 0.08  # of the distance between the eyes
_LEAST_EYES = 1.0  # px


class LandmarkMotion:
    """Motion of the 68 landmarks from the onset to later frames, without head motion.

    Gives `[1, time, 68, 2]`: to the right and down, in hundredths of the distance between the eyes.
    The landmarks of the onset frame are carried by optical flow, as a detector's errors from frame
    to frame are as large as the motion. The shift, turn and scale that most of the face shares is
    taken out.

    Args:
        frames: number of moments, spread evenly after the onset up to the last one, 1 or more.
        until: the last moment: `apex`, or the middle where no apex is known; or `offset`.
        method: see `mertk.vision.optical_flow.optical_flow`.
    """

    def __init__(
        self,
        *,
        frames: int = 4,
        until: Literal["apex", "offset"] = "apex",
        method: optical_flow.Method = "farneback",
    ) -> None:
        if frames < 1:
            raise ValueError(f"frames={frames}; at least 1")
        self.frames, self.until, self.method = frames, until, method

    def extract(self, faces: mertk.Faces, _regions: mertk.Regions, /) -> NDArray[np.float32]:
        """`[1, time, 68, 2]`; raises `DataError` without frames, or without landmarks."""
        if not len(faces.frames):
            raise mertk.DataError("landmark_motion needs frames; this clip has none")
        points = require_landmarks("landmark_motion", faces)
        last = faces.peak if self.until == "apex" else faces.offset
        moments = np.linspace(faces.onset, last, self.frames + 1)[1:].round().astype(np.int64)
        unit = max(eye_distance(points), _LEAST_EYES)
        found = {at: self._read_motion(faces, int(at), points, unit) for at in np.unique(moments)}
        return np.stack([found[at] for at in moments])[None]

    def _read_motion(
        self, faces: mertk.Faces, at: int, points: NDArray[np.float64], unit: float
    ) -> NDArray[np.float32]:
        """The motion of each point from the onset to the frame `at` `[68, 2]`."""
        import cv2

        onset, frame = faces.frames.read_grey(faces.onset), faces.frames.read_grey(at)
        flow = optical_flow.optical_flow(onset, frame, self.method)
        flow = optical_flow.remove_head_motion(flow, _mark_face(points, flow.shape[:2]))
        flow = np.asarray(cv2.GaussianBlur(flow, (0, 0), _BLUR * unit), np.float32)
        x, y = points.astype(np.float32).T
        read = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(100 / unit * read.reshape(-1, 2), np.float32)


def _mark_face(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where the face is `[h, w]`: the box of its landmarks; everywhere, if that is too small."""
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(np.int64), 0)
    right, bottom = np.ceil(points.max(axis=0)).astype(np.int64) + 1
    mask = np.zeros(size, np.bool_)
    mask[top:bottom, left:right] = True
    return mask if mask.sum() >= size[0] * size[1] // 16 else np.ones(size, np.bool_)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.extractor("landmark_motion", LandmarkMotion)
