"""Pictures on disk: find a clip's frames by number, read one at a time, notice when they change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from mertk.core.clips import Frames
from mertk.core.errors import DataError
from mertk.core.reading import read_file
from mertk.storage.clip_sources import stamp_files

if TYPE_CHECKING:
    from mertk.core.clips import Pixels

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})
"""The file endings that count as frames; all others in a frame folder are ignored."""

_MOST_BYTES = 2**30  # of a picture
_DECODING = "1"  # raise it when the same files come out as other pixels: fingerprints change


def number_pictures(folder: Path) -> dict[int, Path]:
    """The pictures of a folder by frame number, in the order of the numbers.

    The number is the last integer of the file name (`reg_img046.jpg` is 46), so zero padding
    never matters. Thumbs.db, .DS_Store, gif, avi and hidden files are ignored. Raises `DataError`
    where the folder cannot be read, or where the names do not give every picture its own number.
    """
    found: dict[int, Path] = {}
    for name in _list_pictures(folder):
        digits = re.findall(r"\d+", PurePath(name).stem)
        if not digits:
            raise DataError(
                f"{folder / name}: a frame's file name needs a number, such as img0001.jpg; "
                "rename the picture or move it out of the folder"
            )
        file = found.setdefault(int(digits[-1]), folder / name)
        if file.name != name:
            raise DataError(
                f"{folder}: {file.name} and {name} are both frame {int(digits[-1])}; frames are "
                "ordered by the last number in their names, which must be different"
            )
    return dict(sorted(found.items()))


def _list_pictures(folder: Path) -> list[str]:
    try:
        names = [file.name for file in folder.iterdir()]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read as a folder: {error.strerror}") from error
    return sorted(n for n in names if is_picture(n))


def is_picture(name: str) -> bool:
    """Whether a file of this name is a frame; `._img1.jpg`, left by macOS, is not."""
    return not name.startswith(".") and PurePath(name).suffix.lower() in PICTURES


def of_files(files: Sequence[Path]) -> Frames:
    """Frames that are read from these pictures, in this order, when they are needed."""
    return Frames(_PictureReader(tuple(files)), len(files))


@dataclass(frozen=True, slots=True)
class _PictureReader:
    """Reads the picture at a position; a class so that it can be pickled."""

    files: tuple[Path, ...]

    def __call__(self, at: int) -> Pixels:
        return read_picture(self.files[at])


def read_picture(file: Path) -> Pixels:
    """A picture as uint8 RGB `[height, width, 3]`; grey is repeated in all channels.

    Raises `DataError` naming the file where it is missing, truncated or no picture.
    """
    import cv2

    content = read_file(file, _MOST_BYTES)
    if not content:
        raise DataError(f"{file}: the file is empty (0 bytes); copy it again from the original")
    # Some decoders fill what a truncated file lacks with grey and raise no error.
    picture = None
    if not _is_truncated(content):
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise DataError(
            f"{file}: truncated or not a picture ({len(content)} bytes); "
            "copy it again from the original"
        )
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def _is_truncated(content: bytes) -> bool:
    if content.startswith(b"\xff\xd8"):
        # The end marker must follow the last scan: a thumbnail in the header has its own.
        return content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda") or b"\xff\xd9" not in content
    return content.startswith(b"\x89PNG") and b"IEND" not in content[-1024:]


def hash_files(paths: Iterable[Path], *facts: object) -> str:
    """A hash over name, size and modification time of the files, and over further facts.

    Cheap: no file is opened. Moving a data set keeps its fingerprints. `facts` are what else
    distinguishes a clip from others and from its former state: its id, its folder below the data
    set's, onset and offset. Raises `DataError` where a file is missing.
    """
    return stamp_files(paths, _DECODING, *facts)
