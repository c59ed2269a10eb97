"""Features that others have computed: `.npy`, `.npz`, and tables with a row a frame.

Tables are those of OpenFace, py-feat and LibreFace: their columns become the streams `au`,
`au_presence`, `landmarks`, `gaze`, `pose` and `emotion`. A table without any of these is one
stream, `features`, of all its columns of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mertk.core.clips import Floats
from mertk.core.errors import DataError
from mertk.datasets.media import arrays
from mertk.datasets.spreadsheets import normalise_name, read_cells

ENDINGS = frozenset({".npy", ".npz", ".csv"})
"""The file endings that are read as features."""

_STREAMS = {
    "au": r"au\d+(r|intensity)?",
    "au_presence": r"au\d+(c|presence|detection)",
    "landmarks": r"(lm|landmark)?[xy]\d+|(lm|landmark)\d+[xy]|(lm|landmark)mp\d+[xy]",
    "gaze": r"gaze(angle)?\d?[xyz]",
    "pose": r"pose[tr][xyz]|pitch|yaw|roll",
    "emotion": r"anger|contempt|disgust|fear|happiness|sadness|surprise|neutral",
}
_OF_THE_TABLE = frozenset(
    {
        "",
        "frame",
        "frameidx",
        "framenumber",
        "timestamp",
        "time",
        "faceid",
        "face",
        "confidence",
        "success",
        "input",
        "approxtime",
        "facescore",
        "facerectx",
        "facerecty",
        "facerectwidth",
        "facerectheight",
    }
)


@dataclass(frozen=True, slots=True)
class FeatureFile:
    """The streams of a file: `[time, features]` where there are `count` frames, else any shape."""

    streams: Mapping[str, Floats]
    count: int | None

    def cut(self, onset: int, offset: int) -> dict[str, Floats]:
        """Streams `[1, time, features]` of the frames onset … offset, or `[1, …]` of the clip."""
        part = slice(None) if self.count is None else slice(onset, offset + 1)
        return {name: array[part][None] for name, array in self.streams.items()}


def read_features(path: Path) -> FeatureFile:
    """What a feature file holds; raises `DataError` where it is no finite numbers.

    A `.npy` or `.npz` array `[time, features]` has a row a frame, and `[features]` is of the clip.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        streams = _read_table(path)
    elif suffix == ".npz":
        streams = arrays.read_named_arrays(path)
    elif suffix == ".npy":
        streams = {"features": arrays.read_numbers(path)}
    else:
        raise DataError(f"{path}: features are read from .npy, .npz and .csv files")
    for name, array in streams.items():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        if bad or not array.size:
            raise DataError(
                f"{path}: {bad} of {array.size} values of '{name}' are NaN or infinite; leave the "
                "frames out in which no face was found, or interpolate them"
            )
    counts = {len(array) for array in streams.values() if array.ndim == 2}
    if len(counts) > 1 or (counts and any(array.ndim != 2 for array in streams.values())):
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in streams.items())
        raise DataError(f"{path}: arrays with other numbers of frames: {shapes}")
    return FeatureFile(streams, counts.pop() if counts else None)


def _read_table(path: Path) -> dict[str, Floats]:
    header, *rows = [row for row in read_cells(path) if any(row)]
    names = list(map(normalise_name, header))
    if not rows:
        raise DataError(f"{path}: a header but no rows")
    _check_one_face(path, names, rows)
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        if re.fullmatch(r"[XYZ]_\d+", header[at]):
            continue  # OpenFace's points in space, beside x_0, y_0 in the picture
        for stream, pattern in _STREAMS.items():
            if re.fullmatch(pattern, name):
                found.setdefault(stream, []).append(at)
                break
    if not found:
        found["features"] = [at for at, name in enumerate(names) if name not in _OF_THE_TABLE]
    streams = {}
    for stream, columns in found.items():
        numbers = [_read_numbers(path, header, row, columns) for row in rows]
        streams[stream] = np.array(numbers, np.float32)
    return streams


def _check_one_face(path: Path, names: list[str], rows: list[list[str]]) -> None:
    """Refuse a table with two rows of one frame: it is of several faces."""
    if "frame" not in names:
        return
    frames = [row[names.index("frame")] for row in rows]
    twice = next((frame for frame in frames if frames.count(frame) > 1), None)
    if twice is not None:
        raise DataError(f"{path}: frame {twice} has two rows, of several faces; keep one face")


def _read_numbers(path: Path, header: list[str], row: list[str], columns: list[int]) -> list[float]:
    found = []
    for at in columns:
        text = row[at] if at < len(row) else ""
        try:
            found.append(float(text or "nan"))
        except ValueError:
            raise DataError(f"{path}, column '{header[at]}': '{text}' is no number") from None
    return found
