"""What flows between the stages of a recipe.

The types are the leak boundary: `Footage` and `Faces` carry no label and no subject, `TrainingSet`
carries no test clip, and prediction receives the streams of one clip. Only the harness and the
protocol ever hold a `Clip`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from mertk.core.errors import ComponentError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]

Streams = Mapping[str, "Floats"]
"""The features of one clip: stream name → `[regions, …]` or `[regions, time, …]`.

An extractor may give pixels as uint8, for networks to scale: they stay so, in the cache too.
"""

T = TypeVar("T")


class Frames:
    """The frames of one clip, read on demand: indexed like `[time, height, width, 3]` uint8 RGB.

    `frames[7]` is one picture, `frames[2:9]` and `frames[[0, 4]]` are stacks. Nothing but
    the size is kept: a picture that is requested twice is read twice.
    """

    __slots__ = ("_array", "_count", "_read", "_size")

    def __init__(self, read: Callable[[int], Pixels], count: int) -> None:
        self._read = read
        self._count = count
        self._array: Pixels | None = None
        self._size: tuple[int, int] | None = None if count else (0, 0)

    @classmethod
    def of(cls, array: Pixels) -> Frames:
        """Wrap pixels `[time, height, width, 3]` that are in memory or memory-mapped already."""
        if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] != 3:
            found = f"{array.dtype} {list(array.shape)}"
            raise DataError(f"frames are {found}; expected uint8 [time, height, width, 3]")
        frames = cls(array.__getitem__, len(array))
        frames._array = array
        return frames

    def map(self, change: Callable[[Pixels], Pixels]) -> Frames:
        """The same frames, each passed through `change` when it is read."""
        frames = Frames(_Chain(self, change), self._count)
        if self._count and isinstance(change, Warp):
            frames._size = change.size[1], change.size[0]
        return frames

    def warp_of(self, source: Frames) -> Warp | None:
        """The warp by which these frames come from `source`, if that is how they were made."""
        read = self._read
        change = read.change if isinstance(read, _Chain) and read.frames is source else None
        return change if isinstance(change, Warp) else None

    @property
    def makers(self) -> tuple[Callable[[Any], Any], ...]:
        """What reads a frame, and then what changes it, in this order; none of pixels in memory."""
        if self._array is not None:
            return ()
        read = self._read
        return (*read.frames.makers, read.change) if isinstance(read, _Chain) else (read,)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(time, height, width, 3)`; the size is that of the first frame."""
        if self._size is None:
            height, width, _ = self[0].shape
            self._size = height, width
        return self._count, *self._size, 3

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Pixels: ...
    @overload
    def __getitem__(self, at: slice | Sequence[int] | NDArray[np.integer[Any]]) -> Pixels: ...
    def __getitem__(self, at: int | slice | Sequence[int] | NDArray[np.integer[Any]]) -> Pixels:
        if self._array is not None:
            return self._array[at]
        if isinstance(at, (int, np.integer)):
            return self._read(range(self._count)[at])
        positions = range(self._count)[at] if isinstance(at, slice) else list(at)
        return _stack_pictures([self._read(range(self._count)[i]) for i in positions], positions)

    def __iter__(self) -> Iterator[Pixels]:
        return (self[i] for i in range(self._count))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Reads a frame and changes it; a class so that it can be pickled."""

    frames: Frames
    change: Callable[[Any], Any]

    def __call__(self, at: int) -> Any:
        return self.change(self.frames[at])


def _stack_pictures(pictures: list[Pixels], positions: Sequence[int]) -> Pixels:
    if not pictures:
        return np.empty((0, 0, 0, 3), np.uint8)
    height, width, _ = pictures[0].shape
    for at, picture in zip(positions, pictures, strict=True):
        if picture.shape != pictures[0].shape:
            raise DataError(
                f"mixed frame sizes: frame {positions[0]} is {width}x{height}, frame {at} is "
                f"{picture.shape[1]}x{picture.shape[0]}; all frames of a clip must have one size"
            )
    return np.stack(pictures)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Footage:
    """What an aligner may look at: one clip's frames and timing, with no label and no subject.

    `onset`, `apex` and `offset` are positions in `frames`, 0-based and inclusive. `landmarks` are
    the 68 points `[68, 2]` (x, y in pixels) of the onset frame, if the data set knows them.
    `flow` is a precomputed onset→apex map `[height, width, 3]` (u, v, strain); a clip that has
    one may have no frames at all.
    """

    frames: Frames
    onset: int
    offset: int
    apex: int | None = None
    fps: float = 200.0
    landmarks: Floats | None = None
    flow: Floats | None = None

    def __post_init__(self) -> None:
        onset, apex, offset, count = self.onset, self.apex, self.offset, len(self.frames)
        if onset > offset:
            raise DataError(f"onset {onset} lies after offset {offset}")
        if onset < 0 or (count and offset >= count):
            raise DataError(f"onset {onset} … offset {offset} do not fit {count} frames (0-based)")
        if apex is not None and not onset <= apex <= offset:
            raise DataError(f"apex {apex} lies outside onset {onset} … offset {offset}")
        if not self.fps > 0:
            raise DataError(f"the frame rate is {self.fps}; it must be above 0")
        if not count and self.flow is None:
            raise DataError("a clip needs frames or a precomputed flow map; this one has neither")

    def faces(
        self,
        frames: Frames | None = None,
        *,
        landmarks: Floats | None = None,
        transform: NDArray[np.float64] | None = None,
    ) -> Faces:
        """Faces with this footage's timing; `frames` are the registered ones (default: as is)."""
        return Faces(
            frames=self.frames if frames is None else frames,
            onset=self.onset,
            offset=self.offset,
            apex=self.apex,
            fps=self.fps,
            landmarks=landmarks,
            transform=transform,
            flow=self.flow,
        )

    def warped(
        self,
        transform: NDArray[np.float64],
        size: tuple[int, int],
        *,
        landmarks: Floats | None = None,
        border: int = 0,
        window: tuple[int, int, int, int] | None = None,
    ) -> Faces:
        """Faces of `size` (width, height) by one affine `transform` `[2, 3]` for all frames.

        `landmarks` are in the footage's pixels and are moved along. Frames are warped when read;
        pixels from outside the picture get the grey value `border`, and so do those outside
        `window` (x0, y0, x1, y1 in registered pixels, x1 and y1 exclusive), if one is given.
        """
        transform = np.asarray(transform, np.float64)
        moved = None
        if landmarks is not None:
            moved = (landmarks @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
        warp = Warp(tuple(transform.ravel().tolist()), size, border, window)
        return self.faces(self.frames.map(warp), landmarks=moved, transform=transform)


@dataclass(frozen=True, slots=True)
class Warp:
    """One affine warp, applied to each frame when it is read: bilinear, area where it shrinks.

    Pixels that come from outside the picture, or that lie outside `window`, are grey `border`.
    """

    transform: tuple[float, ...]
    size: tuple[int, int]
    border: int = 0
    window: tuple[int, int, int, int] | None = None

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The transform as `[2, 3]`."""
        return np.asarray(self.transform, np.float64).reshape(2, 3)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Warp:
        """The warp whose fields were written as JSON."""
        known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**known)

    def __call__(self, picture: Pixels) -> Pixels:
        """One frame `[height, width, 3]`, warped to `size`."""
        import cv2

        matrix = self.matrix
        shrink = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        if shrink < 0.5:  # halve by area first: bilinear sampling alone would skip pixels
            small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            grow = np.array(picture.shape[1::-1]) / np.array(small.shape[1::-1])
            back = np.array([[grow[0], 0, (grow[0] - 1) / 2], [0, grow[1], (grow[1] - 1) / 2]])
            matrix = matrix @ np.vstack([back, [0, 0, 1]])
            picture = small  # type: ignore[assignment]
        warped = cv2.warpAffine(
            picture,
            matrix,
            self.size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(self.border,) * 3,
        )
        if self.window is None:
            return warped  # type: ignore[return-value]
        x0, y0, x1, y1 = self.window
        framed = np.full_like(warped, self.border)
        framed[y0:y1, x0:x1] = warped[y0:y1, x0:x1]
        return framed  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """What an aligner gives: registered frames `[time, height, width, 3]` and what is known.

    `landmarks` `[points, 2]` (x, y) are those of the onset frame in registered coordinates;
    `transform` `[2, 3]` maps footage pixels to registered ones where the registration is affine.
    """

    frames: Frames
    onset: int
    offset: int
    apex: int | None = None
    fps: float = 200.0
    landmarks: Floats | None = None
    transform: NDArray[np.float64] | None = None
    flow: Floats | None = None

    @property
    def peak(self) -> int:
        """The apex, or the middle of onset … offset where no apex is annotated."""
        return (self.onset + self.offset) // 2 if self.apex is None else self.apex

    @property
    def expression(self) -> slice:
        """The positions onset … offset, to slice `frames` with."""
        return slice(self.onset, self.offset + 1)

    @property
    def size(self) -> tuple[int, int]:
        """`(width, height)` in pixels, of the frames or else of the precomputed flow."""
        if len(self.frames) or self.flow is None:
            _, height, width, _ = self.frames.shape
            return width, height
        return self.flow.shape[1], self.flow.shape[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regions:
    """Named regions of the registered face: geometry, not pixels.

    `boxes` `[regions, 4]` are x0, y0, x1, y1 in pixels, x1 and y1 exclusive. Where `polygons` are
    given (`[points, 2]` each), a box is the bounding box of its polygon.
    """

    names: tuple[str, ...]
    boxes: NDArray[np.int64]
    polygons: tuple[Floats, ...] | None = None

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes)
        if boxes.shape != (len(self.names), 4):
            given = f"{len(self.names)} region names, but boxes {list(boxes.shape)}"
            raise ComponentError(f"{given}; expected [regions, 4]")
        if len(set(self.names)) != len(self.names):
            raise ComponentError(f"region names repeat: {', '.join(self.names)}")
        if (boxes[:, 2:] <= boxes[:, :2]).any() or (boxes[:, :2] < 0).any():
            raise ComponentError("a region is empty or begins outside the picture")

    def __len__(self) -> int:
        return len(self.names)

    def windows(self) -> list[tuple[slice, slice]]:
        """Per region its (rows, columns): `frames[:, rows, columns]` is the region's pixels."""
        return [(slice(y0, y1), slice(x0, x1)) for x0, y0, x1, y1 in self.boxes.tolist()]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """One annotated expression, as only the harness, the protocol and the reports see it.

    `record` is the row of the data set's index (see `mertk.datasets.record`); protocols read labels
    from it. `fingerprint` changes whenever the clip's pixels or timing may have changed. `files`
    are those that frames, flow map and landmarks are read from: `mertk cache --verify` compares
    their content with what it was when something was computed from it.
    """

    dataset: str
    subject: str
    name: str
    footage: Footage
    fingerprint: str
    record: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Path] = ()

    @property
    def uid(self) -> str:
        """`dataset/subject/name`: unique over all data sets."""
        return f"{self.dataset}/{self.subject}/{self.name}"

    @property
    def person(self) -> str:
        """`dataset/subject`: two data sets' `sub01` are two people."""
        return f"{self.dataset}/{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingSet(Generic[T]):
    """The training part of one fold: what `fit` may see, and there is no more.

    `inputs[i]` is what the component's verb is handed for clip i: `Footage` for an aligner,
    `Faces` for a ROI scheme, `(Faces, Regions)` for an extractor, `Streams` for fusion and
    classifier. `labels` `[clips]` index into `classes`; a class may have no training clip. Under a
    multi-label protocol they are `[clips, classes]` of 0 and 1, and a clip may have none or many.
    """

    inputs: Sequence[T]
    labels: NDArray[np.int64]
    people: NDArray[np.str_]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def multilabel(self) -> bool:
        """Whether a clip may have any number of the classes at once."""
        return self.labels.ndim == 2

    @property
    def shares(self) -> NDArray[np.float64]:
        """The share of the clips that has each class `[classes]`."""
        if self.multilabel:
            return np.asarray(self.labels.mean(axis=0))
        return np.bincount(self.labels, minlength=len(self.classes)) / len(self)


def flatten(streams: Streams) -> Floats:
    """All streams of one clip as one vector `[features]`, streams in the order of their names."""
    parts = [np.asarray(streams[name], np.float32).ravel() for name in sorted(streams)]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def design_matrix(inputs: Sequence[Streams]) -> Floats:
    """The clips as rows `[clips, features]`; raises `ComponentError` where lengths differ."""
    rows = list(map(flatten, inputs))
    lengths = sorted(set(map(len, rows)))
    if len(lengths) > 1:
        raise ComponentError(
            f"clips give vectors of {len(lengths)} lengths ({lengths[0]} … {lengths[-1]}): their "
            "time axes differ; put a fusion block such as pad_time before this classifier"
        )
    return np.stack(rows) if rows else np.empty((0, 0), np.float32)
