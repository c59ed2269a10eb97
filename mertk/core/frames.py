"""The frames of a clip, read on demand, and one affine warp of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mertk.core.errors import DataError
from mertk.core.showing import Shown

Pixels = NDArray[np.uint8]


class Frames(Shown):
    """The frames of one clip, read on demand: indexed like `[time, height, width, 3]` uint8 RGB.

    `frames[7]` is one picture, `frames[2:9]` and `frames[[0, 4]]` are stacks. Nothing but
    the size is kept: a picture that is requested twice is read twice.

    Examples:
        >>> frames = mertk.Frames.of(np.zeros((16, 48, 64, 3), np.uint8))
        >>> frames
        <Frames frames: 16, size: 64x48>
        >>> frames[2:5].shape
        (3, 48, 64, 3)
    """

    __slots__ = ("_array", "_count", "_kept", "_read", "_size")

    def __init__(self, read: Callable[[int], Pixels], count: int) -> None:
        self._read = read
        self._count = count
        self._array: Pixels | None = None
        self._kept: _Kept | None = None
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

    def _list_facts(self) -> dict[str, object]:
        size = self._size if self._array is None else self._array.shape[1:3]
        return {"frames": self._count, "size": size and f"{size[1]}x{size[0]}"}

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
            return self._read_picture(range(self._count)[at])
        positions = range(self._count)[at] if isinstance(at, slice) else list(at)
        pictures = [self._read_picture(range(self._count)[i]) for i in positions]
        return _stack_pictures(pictures, positions)

    def _read_picture(self, at: int) -> Pixels:
        return self._read(at) if self._kept is None else self._kept.read("colour", self._read, at)

    def read_grey(self, at: int) -> Pixels:
        """One frame in grey `[height, width]`: 0.299 R + 0.587 G + 0.114 B.

        Pictures that are stored with a luma of their own, such as JPEG, are decoded to that alone,
        and one warp of them is applied to that: it may differ by rounding, and is faster.
        """
        import cv2

        grey = None if self._array is not None else self.find_grey_reader()
        if grey is not None:
            return grey(range(self._count)[at])
        return cv2.cvtColor(self[at], cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]

    def find_grey_reader(self) -> Callable[[int], Pixels] | None:
        """What gives frames in grey without their colours; None where nothing does."""
        read = self._read
        if isinstance(read, _Chain) and isinstance(change := read.change, Warp):
            source = read.frames.find_grey_reader()
            return None if source is None else lambda at: change(source(at))
        if not isinstance(read, ReadsGrey):
            return None
        kept = self._kept
        return read.read_grey if kept is None else partial(kept.read, "grey", read.read_grey)

    @contextmanager
    def keep_pictures(self, limit: int) -> Iterator[None]:
        """Meanwhile, read each picture once, as long as those kept take `limit` bytes or less.

        Pictures in colour and those in grey are kept apart. Frames in memory are left as they are.
        """
        if isinstance(self._read, _Chain):
            with self._read.frames.keep_pictures(limit):
                yield
            return
        self._kept = None if self._array is not None else _Kept(limit)
        try:
            yield
        finally:
            self._kept = None

    def __iter__(self) -> Iterator[Pixels]:
        return (self[i] for i in range(self._count))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)


class _Kept:
    """Pictures that were read, until they are more than so many bytes; given as copies."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._pictures: dict[tuple[str, int], Pixels] = {}

    def read(self, kind: str, read: Callable[[int], Pixels], at: int) -> Pixels:
        """The picture at a position, read if it is not kept."""
        found = self._pictures.get((kind, at))
        if found is not None:
            return found.copy()
        found = read(at)
        if found.nbytes <= self._left:
            self._left -= found.nbytes
            self._pictures[kind, at] = found.copy()
        return found


@runtime_checkable
class ReadsGrey(Protocol):
    """A reader of frames that gives them in grey `[height, width]` as well."""

    def read_grey(self, at: int, /) -> Pixels:
        """The frame at a position in grey."""


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
        """One frame `[height, width, 3]` or `[height, width]`, warped to `size`."""
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
