"""NumPy files: frames and precomputed flow maps, memory-mapped, never unpickled."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Floats, Frames, Pixels
from mertk.core.errors import DataError
from mertk.datasets.media.frames import read_picture

_RGB = 3
_LANDMARKS = (68, 2)


def frame_count(path: Path) -> int:
    """How many frames an array file holds; raises `DataError` as `of_array` does."""
    return len(_map_pixels(path))


def of_array(path: Path, start: int, count: int) -> Frames:
    """Frames of a `.npy` file of uint8 `[time, height, width]` or `[time, height, width, 3]`.

    Grey is repeated in all channels. Raises `DataError` naming the file where it is missing,
    truncated, pickled, or of another type or shape.
    """
    _map_pixels(path)
    return Frames(_ArrayReader(path, start), count)


@dataclass(frozen=True, slots=True)
class _ArrayReader:
    """Reads the frame at a position after `start`; a class so that it can be pickled."""

    path: Path
    start: int

    def __call__(self, at: int) -> Pixels:
        picture = _map_pixels(self.path)[self.start + at]
        if picture.ndim == _RGB:
            return np.array(picture)
        return np.repeat(picture[..., None], _RGB, axis=2)


def read_flow(path: Path) -> Floats:
    """A precomputed flow map `[height, width, 3]` (u, v, strain) from a `.npy` file, as float32.

    Raises `DataError` naming the file where it is not a float array of that shape, or holds NaN
    or infinity.
    """
    flow = _load_array(path)
    if flow.dtype.kind != "f" or flow.ndim != _RGB or flow.shape[2] != _RGB or not flow.size:
        raise DataError(
            f"{path}: {flow.dtype} {list(flow.shape)}; "
            "expected a flow map of floats [height, width, 3] (u, v, strain)"
        )
    bad = int(np.count_nonzero(~np.isfinite(flow)))
    if bad:
        raise DataError(f"{path}: {bad} of {flow.size} flow values are NaN or infinite")
    return flow.astype(np.float32, copy=False)


def read_drawn_flow(path: Path) -> Floats:
    """A flow map that was drawn as a picture of 8 bits: red u, green v, blue strain, in 0 … 1.

    Such pictures are mostly stretched one by one, so that sign and size of the motion are lost.
    """
    return np.asarray(read_picture(path) / np.float32(255), np.float32)


def read_numbers(path: Path) -> Floats:
    """An array of numbers of any shape from a `.npy` file, as float32; raises `DataError`."""
    return _check_numbers(path, _load_array(path))


def read_named_arrays(path: Path) -> dict[str, Floats]:
    """The arrays of a `.npz` file by name, as float32; raises `DataError`."""
    try:
        with np.load(path, allow_pickle=False) as loaded:
            return {name: _check_numbers(path, loaded[name]) for name in loaded.files}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: {_explain(error)}") from error


def _check_numbers(path: Path, array: NDArray[Any]) -> Floats:
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path}: holds {array.dtype} values; expected numbers")
    return np.atleast_1d(np.asarray(array, np.float32))


def read_landmarks(path: Path) -> Floats:
    """The 68 points `[68, 2]` (x, y in pixels) of a `.npy` file, as float32.

    Raises `DataError` naming the file where it is not a float array of that shape, or holds NaN
    or infinity.
    """
    points = _load_array(path)
    if points.dtype.kind != "f" or points.shape != _LANDMARKS or not np.isfinite(points).all():
        raise DataError(
            f"{path}: {points.dtype} {list(points.shape)}; "
            "expected 68 finite landmarks as floats [68, 2] (x, y)"
        )
    return points.astype(np.float32)


def _map_pixels(path: Path) -> Pixels:
    frames = _load_array(path)
    grey, colour = frames.ndim == _RGB, frames.ndim == _RGB + 1 and frames.shape[3] == _RGB
    if frames.dtype != np.uint8 or not (grey or colour):
        raise DataError(
            f"{path}: {frames.dtype} {list(frames.shape)}; expected uint8 frames "
            "[time, height, width] or [time, height, width, 3]"
        )
    if grey and frames.shape[2] == _RGB:
        raise DataError(
            f"{path}: {list(frames.shape)} looks like one colour picture; "
            "write it as [1, height, width, 3]"
        )
    if not frames.size:
        raise DataError(f"{path}: the array {list(frames.shape)} is empty")
    return frames


def _load_array(path: Path) -> NDArray[Any]:
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: {_explain(error)}") from error
    if not isinstance(loaded, np.ndarray):
        loaded.close()
        raise DataError(f"{path}: holds several arrays; give a .npy file of one")
    return loaded


def _explain(error: Exception) -> str:
    """What is wrong with an array file; NumPy would have a pickle loaded, which runs its code."""
    if re.search("pickle|Python objects", str(error)):
        return (
            "holds Python objects or is no .npy file (such as .flo); save a plain array of numbers"
        )
    return f"damaged, truncated or not a plain array: {error}"
