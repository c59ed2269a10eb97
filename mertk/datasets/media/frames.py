"""Pictures on disk: find a clip's frames by number, read one at a time, notice when they change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core.clips import Frames, Pixels
from mertk.core.errors import DataError
from mertk.core.reading import read_file
from mertk.datasets.media import _picture_headers
from mertk.storage.clip_sources import stamp_files

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
"""The file endings that count as frames; all others in a frame folder are ignored."""

_COPY = re.compile(  # as Windows, macOS and Linux name it, in some languages
    r"(?P<of>.*\d.*?)(?: ?\(\d+\)| [2-9]"
    r"|(?: -)?[ _-]\(?(?:another )?(?:copy|kopie|copie|copia|副本)\)?(?: ?\(?\d+\)?)?)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r".* [2-9]")  # only beside its original a copy, else a number
_MOST_COPIES = 2  # of one picture; more are frames that a program has numbered

_MOST_BYTES = 2**30  # of a picture
_JPEG = b"\xff\xd8"
_BYTE = 8  # bits
_DEEP = frozenset({".png", ".tif", ".tiff", ".webp"})
_DECODING = "2"  # raise it when the same files come out as other pixels: fingerprints change


def number_pictures(folder: Path) -> dict[int, Path]:
    """The pictures of a folder by frame number, in the order of the numbers.

    The number is the last integer of the file name (`reg_img046.jpg` is 46), so zero padding
    never matters. Thumbs.db, .DS_Store, gif, avi and hidden files are ignored, and copies that a
    file manager made of a picture (`Image 1 (2).JPG`). Raises `DataError` where the folder cannot
    be read, or where the names do not give every picture its own number.
    """
    return sort_pictures(folder)[0]


def sort_pictures(folder: Path) -> tuple[dict[int, Path], list[str]]:
    """What `number_pictures` gives, and the names of the copies that are left out."""
    found: dict[int, Path] = {}
    names, copies = _sort_copies(_list_pictures(folder))
    for name, stem in names.items():
        digits = re.findall(r"\d+", stem)
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
    return dict(sorted(found.items())), copies


def describe_copies(names: Sequence[str]) -> str:
    """A note on copies that are left out."""
    more = f" and {len(names) - 1} more are" if len(names) > 1 else " is"
    return f"{names[0]}{more} left out as a copy of another frame"


def _sort_copies(names: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The names of frames with the part that holds the number, and the names of copies.

    A copy is left out beside its original. Alone it is used, with the number of the original; but
    several names that differ in the number of a copy alone are frames: `shot (1).jpg` ….
    """
    stems: dict[str, list[str]] = {}
    for name in names:
        path = PurePath(name)
        if match := _COPY.fullmatch(path.stem):
            original = f"{match['of']}{path.suffix}".lower()
            stems.setdefault(original, []).append(name)
    whole = {name.lower() for name in names}
    found = {name: PurePath(name).stem for name in names}
    copies = []
    for original, made in stems.items():
        if original in whole and len(made) <= _MOST_COPIES:
            copies += made
        elif len(made) == 1 and len(names) > 1 and not _NUMBERED.fullmatch(PurePath(made[0]).stem):
            found[made[0]] = PurePath(original).stem
    return {name: stem for name, stem in found.items() if name not in copies}, sorted(copies)


def _list_pictures(folder: Path) -> list[str]:
    try:
        names = [file.name for file in folder.iterdir()]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read as a folder: {error.strerror}") from error
    return sorted(n for n in names if is_picture(n))


def is_picture(name: str) -> bool:
    """Whether a file of this name is a frame; `._img1.jpg`, left by macOS, is not."""
    return not name.startswith(".") and PurePath(name).suffix.lower() in PICTURES


def of_files(files: Sequence[Path], bits: int | None = None) -> Frames:
    """Frames that are read from these pictures, in this order, when they are needed.

    `bits` is how many bits the camera recorded, of pictures of more than 8.
    """
    return Frames(_PictureReader(tuple(files), bits), len(files))


@dataclass(frozen=True, slots=True)
class _PictureReader:
    """Reads the picture at a position; a class so that it can be pickled."""

    files: tuple[Path, ...]
    bits: int | None = None

    def __call__(self, at: int) -> Pixels:
        return read_picture(self.files[at], self.bits)

    def read_grey(self, at: int) -> Pixels:
        """The picture in grey `[height, width]`: a JPEG's own luma, which is faster to decode."""
        return _read_grey(self.files[at], self.bits)


def read_picture(file: Path, bits: int | None = None) -> Pixels:
    """A picture as uint8 RGB `[height, width, 3]`; grey is repeated in all channels.

    Args:
        file: the picture.
        bits: how many bits the camera recorded, of a picture of more than 8: the 8 highest are
            used. A PNG may state them, and a value of 2^14 or more shows that they are 16.

    Raises:
        DataError: the file is missing, truncated or no single picture; or it holds more than 8 bits
            and it is not known how many are used.
    """
    import cv2

    content = _read_content(file)
    picture = _decode(file, content, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if picture.dtype != np.uint8:
        header = _picture_headers.read_header(content)
        # OpenCV spreads packed samples of 10, 12 and 14 bits over 16.
        known = 16 if _BYTE < header.depth < 16 else bits or header.stated
        picture = _reduce_depth(file, picture, known)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def check_depth(file: Path, bits: int | None) -> None:
    """Raise `DataError` where a picture has too many bits; only a deep one is decoded.

    `bits` is how many bits the camera recorded.
    """
    content = _read_content(file) if file.suffix.lower() in _DEEP else b""
    header = _picture_headers.read_header(content)
    if header.depth > _BYTE or header.pictures > 1:
        read_picture(file, bits)


def _read_grey(file: Path, bits: int | None) -> Pixels:
    import cv2

    content = _read_content(file)
    if content.startswith(_JPEG):
        return _decode(file, content, cv2.IMREAD_GRAYSCALE)
    return cv2.cvtColor(read_picture(file, bits), cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def _read_content(file: Path) -> bytes:
    content = read_file(file, _MOST_BYTES)
    if not content:
        raise DataError(f"{file}: the file is empty (0 bytes); copy it again from the original")
    return content


def _decode(file: Path, content: bytes, how: int) -> NDArray[Any]:
    import cv2

    header = _picture_headers.read_header(content)
    if header.pictures > 1:
        raise DataError(
            f"{file}: {header.kind} of {header.pictures} pictures, of which only the first would "
            "be read; write each frame as a file of its own"
        )
    if header.kind == "floats" or header.depth > 16:
        values = "floats" if header.kind == "floats" else "values"
        raise DataError(
            f"{file}: holds {header.depth}-bit {values}, "
            "whose black and white are not known; write it with 8 bits, or with 16 and say how "
            "many are used in the column bits"
        )
    # Some decoders fill what a truncated file lacks with grey and raise no error.
    picture = None
    if not _is_truncated(content):
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    if picture is None:
        raise DataError(
            f"{file}: truncated or not a picture ({len(content)} bytes); "
            "copy it again from the original"
        )
    return picture


def _reduce_depth(file: Path, picture: NDArray[Any], bits: int | None) -> Pixels:
    """The 8 highest of the bits that are used; raises `DataError` where they are not known."""
    brightest = int(picture.max())
    if brightest >= 2**14:
        bits = bits or 16
    if bits is None and brightest:
        raise DataError(
            f"{file}: a picture of 16 bits whose brightest value is {brightest}: the camera "
            f"recorded {max(_BYTE, brightest.bit_length())} bits or more. Say how many: folder:bits"
            "=12, or a column bits in index.csv (of 8 … 16)"
        )
    if brightest >= 2 ** (bits or 16):
        raise DataError(f"{file}: holds the value {brightest}, which has more than {bits} bits")
    return (picture >> ((bits or 16) - _BYTE)).astype(np.uint8)


def _is_truncated(content: bytes) -> bool:
    if content.startswith(_JPEG):
        # The end marker must follow the last scan: a thumbnail in the header has its own.
        end = content.rfind(b"\xff\xd9")
        return end < 0 or content.rfind(b"\xff\xda", end) >= 0
    return content.startswith(b"\x89PNG") and b"IEND" not in content[-1024:]


def hash_files(paths: Iterable[Path], *facts: object) -> str:
    """A hash over name, size and modification time of the files, and over further facts.

    Cheap: no file is opened. Moving a data set keeps its fingerprints. `facts` are what else
    distinguishes a clip from others and from its former state: its id, its folder below the data
    set's, onset and offset. Raises `DataError` where a file is missing.
    """
    return stamp_files(paths, _DECODING, *facts)
