"""One face, followed through a long video: registered stretches, and the gaps between them.

The face is looked for twice a second and wherever the picture is cut; between two finds that belong
together its place is interpolated. A stretch ends where no single face is found, where the picture
is cut, and where the face jumps: nothing is carried over a gap. Memory does not grow with the
video, but for a few numbers per second of it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Faces, Footage, Frames, Warp
from mertk.core.errors import DataError, name_component

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mertk.core.clips import Floats, Pixels
    from mertk.core.interfaces import Aligner

    Places = NDArray[np.float64]
    """Where three corners of the registered picture lie in the video `[3, 2]` (x, y)."""

EVERY = 0.5
"""Seconds between two looks for the face: a look costs as much as decoding thirty frames."""

_SEEN = 640  # px: what is wider is shrunk before the face is looked for
_JUMP = 0.5  # of the registered picture's side: farther in half a second, it is another face
_CUT = (
    12.0,
    6.0,
)  # grey levels, and times what is usual here: one frame that differs more is a cut
_THUMB = (64, 36)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A face without a break: `faces` are its registered frames, the first is `first` of the video.

    `places` `[frames, 3, 2]` (x, y) say where the registered picture's (0, 0), (width, 0) and
    (0, height) lie in each frame of the video, in pixels.
    """

    first: int
    faces: Faces
    places: NDArray[np.float64]

    @property
    def last(self) -> int:
        """The last frame of the video that belongs to it, inclusive."""
        return self.first + len(self.places) - 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames `first` … `last` of a video (inclusive) that show no single face, and why."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found in one frame: the face's place, or why there is none."""

    at: int
    places: Places | None = None
    size: tuple[int, int] = (0, 0)
    landmarks: Floats | None = None
    reason: str = ""


def track_face(
    frames: Frames, fps: float, aligner: Aligner, step: Callable[[], None] = lambda: None
) -> tuple[list[Stretch], list[Gap]]:
    """Follow the face through `frames`; `step` is called once a frame.

    `aligner` says where the face is in one frame, by an affine `transform`, and raises `DataError`
    where it is not.
    """
    looks, cuts = _look_along_video(frames, fps, aligner, step)
    runs = _group_looks(looks, cuts)
    stretches = [_make_stretch(frames, fps, run) for run in runs]
    return stretches, _find_gaps(stretches, looks, len(frames))


def _look_along_video(
    frames: Frames, fps: float, aligner: Aligner, step: Callable[[], None]
) -> tuple[list[_Look], set[int]]:
    """Every look at the face, in order, and the frames that a cut comes before."""
    every = max(1, round(EVERY * fps))
    small = frames.map(_shrink_picture)
    wanted = {*range(0, len(frames), every), len(frames) - 1}
    cuts: set[int] = set()
    looks: dict[int, _Look] = {}
    before: Pixels | None = None
    usual = 1.0
    for at in range(len(frames)):
        thumb = _make_thumbnail(frames[at])
        if before is not None:
            change = float(np.abs(thumb.astype(np.int16) - before).mean())
            if change > max(_CUT[0], _CUT[1] * usual):
                cuts.add(at)
                looks |= {one: _look_at_frame(frames, small, one, aligner) for one in (at - 1, at)}
            # a cut hardly changes what is usual, but light that flickers soon is
            usual = 0.9 * usual + 0.1 * min(max(change, 0.2), 3 * usual)
        if at in wanted and at not in looks:
            looks[at] = _look_at_frame(frames, small, at, aligner)
        before = thumb
        step()
    return [looks[at] for at in sorted(looks)], cuts


def _look_at_frame(frames: Frames, small: Frames, at: int, aligner: Aligner) -> _Look:
    scale = frames.shape[2] / small.shape[2]
    try:
        with name_component(f"aligner {type(aligner).__name__}"):
            faces = aligner.align(Footage(frames=small, onset=at, offset=at))
    except DataError as error:
        return _Look(at, reason=str(error).partition(";")[0])
    if faces.transform is None:
        raise DataError(
            f"the aligner {type(aligner).__name__} gives no transform, so that a face cannot be "
            "followed with it; use one that does, such as eye_similarity"
        )
    width, height = faces.size
    corners = np.array([[0, 0], [width, 0], [0, height]], float)
    turn, shift = faces.transform[:, :2], faces.transform[:, 2]
    places = (corners - shift) @ np.linalg.inv(turn).T
    # integer coordinates are pixel centres: a corner of the picture lies half a pixel outside
    return _Look(at, (places + 0.5) * scale - 0.5, faces.size, faces.landmarks)


def _group_looks(looks: Sequence[_Look], cuts: set[int]) -> list[list[_Look]]:
    """Looks that belong together: two or more in a row, without a cut or a jump."""
    runs: list[list[_Look]] = [[]]
    for look in looks:
        if look.places is None:
            runs.append([])
        elif runs[-1] and _belong_together(runs[-1][-1], look, cuts):
            runs[-1].append(look)
        else:
            runs.append([look])
    return [run for run in runs if len(run) > 1]


def _belong_together(one: _Look, other: _Look, cuts: set[int]) -> bool:
    if one.places is None or other.places is None or any(one.at < c <= other.at for c in cuts):
        return False
    side = float(np.linalg.norm(one.places[1] - one.places[0]))
    moved = np.linalg.norm(other.places - one.places, axis=1)
    return float(moved.max()) < _JUMP * side


def _make_stretch(frames: Frames, fps: float, run: Sequence[_Look]) -> Stretch:
    at = np.array([look.at for look in run])
    steady = _smooth_corners(np.stack([look.places for look in run if look.places is not None]))
    every = np.arange(at[0], at[-1] + 1)
    flat = steady.reshape(len(at), -1)
    places = np.stack([np.interp(every, at, column) for column in flat.T], axis=1)
    places = places.reshape(-1, 3, 2)
    registered = Frames(_Registered(frames, int(at[0]), places, run[0].size), len(places))
    faces = Faces(
        frames=registered, onset=0, offset=len(places) - 1, fps=fps, landmarks=run[0].landmarks
    )
    return Stretch(int(at[0]), faces, places)


def _smooth_corners(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the jitter of single finds: the median, then a weighted mean, of three."""
    padded = np.pad(places, ((1, 1), (0, 0), (0, 0)), mode="edge")
    middle = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    padded = np.pad(middle, ((1, 1), (0, 0), (0, 0)), mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)


@dataclass(frozen=True, slots=True, eq=False)
class _Registered:
    """Reads a frame of the video and registers it by where the face is in it."""

    frames: Frames
    first: int
    places: NDArray[np.float64]
    size: tuple[int, int]

    def __call__(self, at: int) -> Pixels:
        return Warp(_compute_transform(self.places[at], self.size), self.size)(
            self.frames[self.first + at]
        )


def _compute_transform(places: Places, size: tuple[int, int]) -> tuple[float, ...]:
    """The affine map that takes the corners in the video to those of the registered picture."""
    import cv2

    corners = np.array([[0, 0], [size[0], 0], [0, size[1]]], np.float32)
    found = cv2.getAffineTransform(places.astype(np.float32), corners)
    return tuple(found.ravel().tolist())


def _find_gaps(stretches: Sequence[Stretch], looks: Sequence[_Look], count: int) -> list[Gap]:
    """What no stretch covers, each with the first reason that was given in it."""
    ends = [(-1, -1), *((s.first, s.last) for s in stretches), (count, count)]
    found = []
    for (_, before), (after, _) in itertools.pairwise(ends):
        first, last = before + 1, after - 1
        reasons = [one.reason for one in looks if first <= one.at <= last and one.reason]
        if first <= last:
            found.append(Gap(first, last, next(iter(reasons), "the face is seen too briefly")))
    return found


def _shrink_picture(picture: Pixels) -> Pixels:
    import cv2

    height, width = picture.shape[:2]
    if width <= _SEEN:
        return picture
    size = (_SEEN, max(1, round(height * _SEEN / width)))
    small: Pixels = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small


def _make_thumbnail(picture: Pixels) -> Pixels:
    import cv2

    small = cv2.resize(picture, _THUMB, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]
