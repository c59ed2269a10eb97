"""Track one face through a long video: registered stretches, and the gaps between them.

The face is detected twice a second and at every cut; between two detections that belong together
its position is interpolated. A stretch ends where no single face is found, at a cut, and where the
face jumps: nothing is interpolated over a gap. Memory hardly grows with the video: a few numbers
per second of it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mertk.core.clips import Faces, Footage, Frames, Warp
from mertk.core.errors import DataError, name_component

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mertk.core.clips import Floats, Pixels
    from mertk.core.interfaces import Aligner

    Corners = NDArray[np.float64]
    """The positions of three corners of the registered picture in the video, `[3, 2]` (x, y)."""

Found = TypeVar("Found")

EVERY = 0.5
"""Seconds between two detections of the face: one costs as much as decoding thirty frames."""

_WIDEST = 640  # px: a wider frame is shrunk before the face is detected
_JUMP = 0.5  # of the registered picture's side: farther in half a second, it is another face
_CUT_CHANGE = 12.0  # least change between the frames of a cut, in grey levels
_CUT_RATIO = 6.0  # least change, as a multiple of the usual one
_THUMB = (64, 36)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A face without a break: `faces` are its registered frames, the first is `first` of the video.

    `corners` `[frames, 3, 2]` (x, y) are the positions of the registered picture's (0, 0),
    (width, 0) and (0, height) in each frame of the video, in pixels.
    """

    first: int
    faces: Faces
    corners: NDArray[np.float64]

    @property
    def last(self) -> int:
        """The last frame of the video that belongs to it, inclusive."""
        return self.first + len(self.corners) - 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames `first` … `last` of a video (inclusive) that show no single face, and why."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Detection:
    """The position of the face in one frame, or the reason why there is none."""

    at: int
    corners: Corners | None = None
    size: tuple[int, int] = (0, 0)
    landmarks: Floats | None = None
    reason: str = ""


def track_face(
    frames: Frames, fps: float, aligner: Aligner, step: Callable[[], None] = lambda: None
) -> tuple[list[Stretch], list[Gap]]:
    """Track the face through `frames`; `step` is called once a frame.

    `aligner` gives the position of the face in one frame as an affine `transform`, and raises
    `DataError` where there is no single face.
    """
    small = frames.map(shrink_picture)
    detect = functools.partial(_detect_face, frames, small, aligner=aligner)
    detections, cuts = detect_along_video(frames, fps, detect, step)
    return join_detections(frames, fps, list(detections.values()), cuts)


def join_detections(
    frames: Frames, fps: float, detections: Sequence[Detection], cuts: set[int]
) -> tuple[list[Stretch], list[Gap]]:
    """The stretches of one face, and the gaps between them, from its detections in order."""
    runs = _group_detections(detections, cuts)
    stretches = [_make_stretch(frames, fps, run) for run in runs]
    return stretches, _find_gaps(stretches, detections, len(frames))


def detect_along_video(
    frames: Frames, fps: float, detect: Callable[[int], Found], step: Callable[[], None]
) -> tuple[dict[int, Found], set[int]]:
    """What `detect` finds, by frame in order, and the first frame after each cut."""
    every = max(1, round(EVERY * fps))
    wanted = {*range(0, len(frames), every), len(frames) - 1}
    cuts: set[int] = set()
    detections: dict[int, Found] = {}
    before: Pixels | None = None
    usual = 1.0
    for at in range(len(frames)):
        thumb = _make_thumbnail(frames[at])
        if before is not None:
            change = float(np.abs(thumb.astype(np.int16) - before).mean())
            if change > max(_CUT_CHANGE, _CUT_RATIO * usual):
                cuts.add(at)
                for one in (at - 1, at):
                    detections[one] = detect(one)
            # a cut hardly changes what is usual, but light that flickers soon is
            usual = 0.9 * usual + 0.1 * min(max(change, 0.2), 3 * usual)
        if at in wanted and at not in detections:
            detections[at] = detect(at)
        before = thumb
        step()
    return {at: detections[at] for at in sorted(detections)}, cuts


def _detect_face(frames: Frames, small: Frames, at: int, aligner: Aligner) -> Detection:
    try:
        with name_component(f"aligner {type(aligner).__name__}"):
            faces = aligner.align(Footage(frames=small, onset=at, offset=at))
    except DataError as error:
        size = (
            f" ({small.shape[2]}x{small.shape[1]})"  # of the reduced picture, which no reader knows
        )
        return Detection(at, reason=str(error).partition(";")[0].replace(size, ""))
    return locate_face(aligner, faces, at, frames.shape[2] / small.shape[2])


def locate_face(aligner: Aligner, faces: Faces, at: int, scale: float) -> Detection:
    """The position of the face that an aligner has registered in frame `at` of a video.

    `scale` is the width of the video by that of the frames that the aligner saw.
    """
    if faces.transform is None:
        raise DataError(
            f"the aligner {type(aligner).__name__} gives no transform, so that a face cannot be "
            "followed with it; use one that does, such as eye_similarity"
        )
    width, height = faces.size
    picture = np.array([[0, 0], [width, 0], [0, height]], float)
    turn, shift = faces.transform[:, :2], faces.transform[:, 2]
    corners = (picture - shift) @ np.linalg.inv(turn).T
    # integer coordinates are pixel centres: a corner of the picture lies half a pixel outside
    return Detection(at, (corners + 0.5) * scale - 0.5, faces.size, faces.landmarks)


def _group_detections(detections: Sequence[Detection], cuts: set[int]) -> list[list[Detection]]:
    """Detections that belong together: two or more in a row, without a cut or a jump."""
    runs: list[list[Detection]] = [[]]
    for found in detections:
        if found.corners is None:
            runs.append([])
        elif runs[-1] and _belong_together(runs[-1][-1], found, cuts):
            runs[-1].append(found)
        else:
            runs.append([found])
    return [run for run in runs if len(run) > 1]


def _belong_together(one: Detection, other: Detection, cuts: set[int]) -> bool:
    if one.corners is None or other.corners is None or any(one.at < c <= other.at for c in cuts):
        return False
    side = float(np.linalg.norm(one.corners[1] - one.corners[0]))
    moved = np.linalg.norm(other.corners - one.corners, axis=1)
    return float(moved.max()) < _JUMP * side


def _make_stretch(frames: Frames, fps: float, run: Sequence[Detection]) -> Stretch:
    at = np.array([found.at for found in run])
    steady = _smooth_corners(np.array([found.corners for found in run]))
    every = np.arange(at[0], at[-1] + 1)
    flat = steady.reshape(len(at), -1)
    corners = np.stack([np.interp(every, at, column) for column in flat.T], axis=1)
    corners = corners.reshape(-1, 3, 2)
    registered = Frames(_Registered(frames, int(at[0]), corners, run[0].size), len(corners))
    faces = Faces(
        frames=registered, onset=0, offset=len(corners) - 1, fps=fps, landmarks=run[0].landmarks
    )
    return Stretch(int(at[0]), faces, corners)


def _smooth_corners(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth over time: the median, then a weighted mean, of three detections."""
    padded = np.pad(corners, ((1, 1), (0, 0), (0, 0)), mode="edge")
    middle = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    padded = np.pad(middle, ((1, 1), (0, 0), (0, 0)), mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)


@dataclass(frozen=True, slots=True, eq=False)
class _Registered:
    """Reads a frame of the video and registers it by the position of the face."""

    frames: Frames
    first: int
    corners: NDArray[np.float64]
    size: tuple[int, int]

    def __call__(self, at: int) -> Pixels:
        return Warp(_compute_transform(self.corners[at], self.size), self.size)(
            self.frames[self.first + at]
        )


def _compute_transform(corners: Corners, size: tuple[int, int]) -> tuple[float, ...]:
    """The affine map that takes the corners in the video to those of the registered picture."""
    import cv2

    picture = np.array([[0, 0], [size[0], 0], [0, size[1]]], np.float32)
    found = cv2.getAffineTransform(corners.astype(np.float32), picture)
    return tuple(found.ravel().tolist())


def _find_gaps(
    stretches: Sequence[Stretch], detections: Sequence[Detection], count: int
) -> list[Gap]:
    """The frames that no stretch covers, each gap with the first reason of its detections."""
    found, first = [], 0
    for start, end in [*((one.first, one.last) for one in stretches), (count, count)]:
        if first < start:
            reasons = [one.reason for one in detections if first <= one.at < start and one.reason]
            reason = reasons[0] if reasons else "the face is seen too briefly"
            found.append(Gap(first, start - 1, reason))
        first = end + 1
    return found


def shrink_picture(picture: Pixels) -> Pixels:
    """The picture, or a smaller one in which a face is detected in less time."""
    import cv2

    height, width = picture.shape[:2]
    if width <= _WIDEST:
        return picture
    size = (_WIDEST, max(1, round(height * _WIDEST / width)))
    small: Pixels = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small


def _make_thumbnail(picture: Pixels) -> Pixels:
    import cv2

    small = cv2.resize(picture, _THUMB, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]
