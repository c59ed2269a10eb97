"""Video files: a clip's frames, decoded forward only, because seeking is not exact.

FFmpeg decodes them, through PyAV. Frames are counted by decoding, because headers are often wrong.
Interlaced frames are deinterlaced, one picture a frame; rotation and pixel aspect are applied.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Frames, Pixels
from mertk.core.errors import DataError, StorageError
from mertk.core.printing import count_noun
from mertk.core.spelling import VIDEO_ENDINGS
from mertk.datasets.media import _container_headers
from mertk.storage.cache import Cache
from mertk.storage.identity import hash_json

VIDEOS = VIDEO_ENDINGS
"""The file endings that are read as videos."""

_LOG = logging.getLogger(__name__)
_KEPT_BYTES = 64 * 2**20
_SCAN = "2"  # raise it when a scan finds other facts in the same file
_UNEVEN = 0.5  # of the usual time between two frames: what differs by more is a variable rate
_LOST, _LOST_SHARE = 0.25, 0.05  # s, and of all seconds: what a header may promise too much
_CLOCK = re.compile(r"([0-9]+):([0-9]+):([0-9.]+)")
_USUAL_FPS = 25.0  # Hz, of a file that says no rate
_MOST_DAMAGED = 10_000  # packets: then the rest of the file is given up
_DEINTERLACER = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")


@dataclass(frozen=True, slots=True, eq=False)
class VideoFacts:
    """What a video holds: the times of its frames, in seconds from the first one `[frames]`.

    `header_fps` (Hz), `header_count` and `header_seconds` are what the header says, 0 where it says
    nothing. `damaged` packets could not be decoded.
    """

    times: NDArray[np.float64]
    header_fps: float = 0.0
    header_count: int = 0
    damaged: int = 0
    interlaced: bool = False
    header_seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many frames can be decoded."""
        return len(self.times)

    @property
    def fps(self) -> float:
        """The usual frame rate in Hz: the mean one, or where it varies that of the median step."""
        if self.count < 2:
            return self.header_fps or _USUAL_FPS
        if self.is_uneven:
            return float(1 / np.median(np.diff(self.times)))
        return float((self.count - 1) / self.times[-1])

    @property
    def seconds(self) -> float:
        """How long the frames that can be decoded last."""
        return float(self.times[-1] + 1 / self.fps) if self.count else 0.0

    @property
    def is_uneven(self) -> bool:
        """Whether more than one in a hundred steps between frames is not the usual one."""
        steps = np.diff(self.times)
        return bool(len(steps) and (np.abs(steps / np.median(steps) - 1) > _UNEVEN).mean() > 0.01)

    def list_notes(self) -> list[str]:
        """What is unusual about the file, a sentence each."""
        found = []
        if self.header_count and self.header_count != self.count:
            found.append(
                f"its header says {count_noun(self.header_count, 'frame')}, {self.count} can be "
                f"decoded: it may "
                "be cut off or trimmed"
            )
        elif self.header_seconds - self.seconds > max(_LOST, _LOST_SHARE * self.header_seconds):
            found.append(
                f"its header says {self.header_seconds:.1f} s, {count_noun(self.count, 'frame')} "
                f"({self.seconds:.1f} s) can be decoded: it may be cut off"
            )
        if self.damaged:
            found.append(f"damaged packets, whose frames are missing: {self.damaged}")
        if self.interlaced:
            found.append("it is interlaced: half of the lines of each frame are interpolated")
        if self.is_uneven:
            steps = np.diff(self.times)
            found.append(
                f"its frame rate varies ({1 / steps.max():.1f} to {1 / steps.min():.1f} Hz): "
                "seconds are those of the file, but durations are judged by the usual rate"
            )
        return found


def probe_video(path: Path) -> VideoFacts:
    """Decode a video once and report what it holds; the result is cached for each file.

    Decoding takes about a millisecond a frame at 640x360. Raises `DataError` where the file is
    missing, no video, of an unknown codec, or holds no frame.
    """
    return _probe_cached(path, *_read_stamp(path))


@functools.lru_cache(maxsize=256)
def _probe_cached(path: Path, size: int, changed: int) -> VideoFacts:
    import av

    cache = Cache()
    key = hash_json(["video", _SCAN, str(path.absolute()), size, changed, av.__version__])
    stored = cache.get(key)
    if stored is not None:
        return VideoFacts(np.array(stored.arrays["times"]), **stored.about)
    facts = _scan_video(path)
    about = asdict(facts)
    try:
        cache.put(key, {"times": about.pop("times")}, about)
    except StorageError as error:
        _LOG.warning("%s is counted again next time: %s", path, error)
    return facts


def _scan_video(path: Path) -> VideoFacts:
    damaged: list[str] = []
    times: list[float | None] = []
    interlaced = False
    with _open_stream(path) as (container, stream):
        rate, count = float(stream.average_rate or 0), int(stream.frames)
        seconds = _read_duration(container, stream)
        for frame in _decode_frames(container, stream, damaged):
            times.append(frame.time)
            interlaced = interlaced or frame.interlaced_frame
    if not times:
        why = f": {damaged[0]}" if damaged else ""
        raise DataError(f"{path}: the video holds no frame that can be decoded{why}")
    return VideoFacts(
        times=_fill_times(times, rate),
        header_fps=rate,
        header_count=count,
        damaged=len(damaged),
        interlaced=bool(interlaced),
        header_seconds=seconds,
    )


def _read_duration(container: Any, stream: Any) -> float:
    """The seconds of the pictures by the header; 0 where it says nothing of them."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    if clock := _CLOCK.fullmatch(stream.metadata.get("DURATION", "")):
        hours, minutes, rest = map(float, clock.groups())
        return 3600 * hours + 60 * minutes + rest
    if container.duration and not container.streams.audio:
        return float(container.duration / 1e6)
    return 0.0


def _fill_times(times: list[float | None], rate: float) -> NDArray[np.float64]:
    """Seconds from the first frame; by the rate where the file holds no growing times."""
    known = np.array([np.nan if one is None else one for one in times], float)
    if np.isfinite(known).all() and (np.diff(known) > 0).all():
        return np.asarray(known - known[0])
    return np.arange(len(times)) / (rate if rate > 0 else _USUAL_FPS)


def of_video(path: Path, start: int, count: int) -> Frames:
    """The frames `start` … `start + count - 1` of a video, decoded when they are read."""
    return Frames(_VideoReader(path, start), count)


@dataclass(frozen=True, slots=True)
class _VideoReader:
    """Reads the frame at a position after `start`; a class so that it can be pickled."""

    path: Path
    start: int

    def __call__(self, at: int) -> Pixels:
        return _open_tape(self.path, *_read_stamp(self.path)).read(self.start + at)


def _read_stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file; raises `DataError` where there is none."""
    if path.is_dir():
        raise DataError(f"{path}: is a folder, not a video file")
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such video file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    return found.st_size, found.st_mtime_ns


class _Tape:
    """Plays one video forward and keeps the latest pictures: frame by frame stays linear."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._playing: Iterator[_Played] | None = None
        self._next = 0
        self._kept: OrderedDict[int, Pixels] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, at: int) -> Pixels:
        with self._lock:
            if at not in self._kept:
                self._keep_frame(at, self._decode_frame(at))
            return self._kept[at].copy()

    def _decode_frame(self, at: int) -> Pixels:
        if self._playing is None or at < self._next:
            self._playing, self._next = _play_video(self._path), 0
        for played in self._playing:
            self._next += 1
            if self._next > at:
                return played.make_picture()
        ended, self._playing = self._next, None
        raise DataError(
            f"{self._path}: the video ends after {count_noun(ended, 'frame')}, but frame {at} "
            "(0-based) is needed: it is truncated, or shorter than its header says"
        )

    def _keep_frame(self, at: int, picture: Pixels) -> None:
        self._kept[at] = picture
        while len(self._kept) > max(2, _KEPT_BYTES // max(1, picture.nbytes)):
            self._kept.popitem(last=False)


@functools.lru_cache(maxsize=2)
def _open_tape(path: Path, _size: int, _changed: int) -> _Tape:
    return _Tape(path)


@dataclass(frozen=True, slots=True)
class _Played:
    """A decoded frame, with the width of a pixel by its height, and its quarter turns."""

    frame: Any
    aspect: float
    turns: int

    def make_picture(self) -> Pixels:
        """The frame as it is meant to be seen, uint8 RGB `[height, width, 3]`."""
        import cv2

        rgb = self.frame.to_ndarray(format="rgb24")
        height, width = rgb.shape[:2]
        wide = max(1, round(width * self.aspect))
        if wide != width:
            rgb = cv2.resize(rgb, (wide, height), interpolation=cv2.INTER_LINEAR)
        picture: Pixels = np.ascontiguousarray(np.rot90(rgb, self.turns))
        return picture


def _play_video(path: Path) -> Iterator[_Played]:
    """The frames of a video in order, deinterlaced where they are marked as interlaced."""
    with _open_stream(path) as (container, stream):
        aspect = float(stream.sample_aspect_ratio or 1)
        turns = 0
        graph = None
        for frame in _decode_frames(container, stream, []):
            turns = round(frame.rotation / 90) % 4
            if graph is None and frame.interlaced_frame:
                graph = _make_deinterlacer(frame, stream.time_base)
            if graph is None:
                yield _Played(frame, aspect or 1.0, turns)
                continue
            graph.push(frame)
            yield from (_Played(one, aspect or 1.0, turns) for one in _pull_frames(graph))
        if graph is not None:
            graph.push(None)
            yield from (_Played(one, aspect or 1.0, turns) for one in _pull_frames(graph))


def _make_deinterlacer(frame: Any, time_base: Any) -> Any:
    import av.filter

    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=time_base
    )
    graph.link_nodes(source, graph.add(*_DEINTERLACER), graph.add("buffersink")).configure()
    return graph


def _pull_frames(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.pull()
        except (BlockingIOError, EOFError):  # it waits for the next frame, or has given the last
            return


@contextmanager
def _open_stream(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container of a video and its picture stream; raises `DataError` where there is none."""
    import av

    size, _ = _read_stamp(path)
    try:
        container = av.open(f"file:{path}")  # else `12:30.mp4` has the protocol `12`
    except (av.FFmpegError, OSError, ValueError) as error:
        _container_headers.check_index(path)
        raise DataError(
            f"{path}: cannot be opened as a video ({size} bytes): it is damaged, truncated, or of "
            f"a kind that FFmpeg does not read ({_say(error)})"
        ) from error
    with container:
        cover = av.stream.Disposition.attached_pic
        streams = [one for one in container.streams.video if not one.disposition & cover]
        if not streams:
            _container_headers.check_index(path)
            raise DataError(f"{path}: holds no pictures, only sound or other data")
        if streams[0].codec_context is None:
            codec = _container_headers.read_codec_name(path)
            raise DataError(
                f"{path}: no decoder for its codec{codec}; convert it with a "
                "program that plays it to a codec that is read, for instance: "
                f"ffmpeg -i {path.name} -c:v ffv1 {path.stem}.mkv"
            )
        yield container, streams[0]


def _decode_frames(container: Any, stream: Any, damaged: list[str]) -> Iterator[Any]:
    """All frames of a stream; what cannot be decoded is left out and named in `damaged`."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            if packet.dts is not None and not packet.size:
                continue  # a frame that the recorder dropped: decoding it would end the stream
            frames = packet.decode()
        except EOFError:
            return
        except av.FFmpegError as error:
            damaged.append(_say(error))
            if len(damaged) > _MOST_DAMAGED:
                return
            continue
        yield from frames


def _say(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
