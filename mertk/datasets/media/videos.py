"""Video files: a clip's frames, decoded forward only, because seeking is not exact."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.clips import Frames
from mertk.core.errors import DataError
from mertk.core.spelling import VIDEO_ENDINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.core.clips import Pixels

VIDEOS = VIDEO_ENDINGS
"""The file endings that are read as videos."""

_KEPT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """How many frames a video says it has, and its frame rate in Hz (0: unknown)."""

    count: int
    fps: float


def probe_video(path: Path) -> VideoFacts:
    """What the header of a video says; only its first frame is decoded, to see that this works.

    Raises `DataError` where the file is missing, no video, or holds no frame. A file that is
    shorter than its header says is noticed when the missing frames are read.
    """
    import cv2

    capture = _open_capture(path)
    try:
        if not capture.grab():
            raise DataError(f"{path}: the video holds no frame that can be decoded")
        count, fps = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
        if count < 1:  # some containers do not say
            count = 1
            while capture.grab():
                count += 1
    finally:
        capture.release()
    return VideoFacts(int(count), float(fps) if fps > 0 else 0.0)


def read_frame_times(path: Path) -> NDArray[np.float64]:
    """The time of each frame, in seconds from the first one `[frames]`.

    Every frame is decoded once, which takes about a millisecond at 640x360. Raises `DataError`
    as `probe_video` does.
    """
    import cv2

    capture = _open_capture(path)
    try:
        found = []
        while capture.grab():
            found.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        fps = float(capture.get(cv2.CAP_PROP_FPS))
    finally:
        capture.release()
    if not found:
        raise DataError(f"{path}: the video holds no frame that can be decoded")
    times: NDArray[np.float64] = np.asarray(found, float) - found[0]
    if (np.diff(times) > 0).all():
        return times
    return np.arange(len(times)) / (fps if fps > 0 else 25.0)  # the file holds no times


def of_video(path: Path, start: int, count: int) -> Frames:
    """The frames `start` … `start + count - 1` of a video, decoded when they are read."""
    return Frames(_VideoReader(path, start), count)


@dataclass(frozen=True, slots=True)
class _VideoReader:
    """Reads the frame at a position after `start`; a class so that it can be pickled."""

    path: Path
    start: int

    def __call__(self, at: int) -> Pixels:
        return _open_tape(self.path, _read_change_time(self.path)).read(self.start + at)


def _read_change_time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


class _Tape:
    """Plays one video forward and keeps the latest pictures: frame by frame stays linear."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture: Any = None
        self._next = 0
        self._kept: OrderedDict[int, Pixels] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, at: int) -> Pixels:
        with self._lock:
            if at not in self._kept:
                self._keep_frame(at, self._decode_frame(at))
            return self._kept[at].copy()

    def _decode_frame(self, at: int) -> Pixels:
        import cv2

        if self._capture is None or at < self._next:
            self._capture, self._next = _open_capture(self._path), 0
        while self._next <= at:
            if not self._capture.grab():
                ended, self._capture = self._next, None
                raise DataError(
                    f"{self._path}: the video ends after {ended} frames, but frame {at} "
                    "(0-based) is needed: it is truncated, or shorter than its header says"
                )
            self._next += 1
        decoded, picture = self._capture.retrieve()
        if not decoded:
            raise DataError(f"{self._path}: frame {at} (0-based) cannot be decoded")
        kind = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
        rgb: Pixels = cv2.cvtColor(picture, kind)
        return rgb

    def _keep_frame(self, at: int, picture: Pixels) -> None:
        self._kept[at] = picture
        while len(self._kept) > max(2, _KEPT_BYTES // max(1, picture.nbytes)):
            self._kept.popitem(last=False)


@functools.lru_cache(maxsize=2)
def _open_tape(path: Path, _changed: int) -> _Tape:
    return _Tape(path)


def _open_capture(path: Path) -> Any:
    import cv2

    if not path.is_file():
        raise DataError(f"{path}: there is no such video file")
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise DataError(
            f"{path}: cannot be opened as a video ({path.stat().st_size} bytes): it is damaged, "
            "truncated, or of a kind that this OpenCV does not read"
        )
    return capture
