"""What FFmpeg does not say: the name of an unknown codec, and that the end of a file is lost."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from mertk.core.errors import DataError

_HEADER_BYTES = 2**20
_FIRST_BOXES = frozenset({b"ftyp", b"wide", b"mdat", b"moov", b"free", b"skip"})
_CODEC_NAMES = (
    re.compile(rb"strh.{4}vids([ -~]{4})", re.DOTALL),  # AVI
    re.compile(rb"stsd.{12}([ -~]{4})", re.DOTALL),  # MP4, MOV
    re.compile(
        rb"[(-~]\x00{3}.{8}\x01\x00[\x08-\x20]\x00([ -~]{4})", re.DOTALL
    ),  # ASF, and VFW in Matroska
    re.compile(rb"\x86.(V_[A-Z0-9/_]+)", re.DOTALL),  # Matroska, WebM
)
_SOUND = frozenset(
    {b"mp4a", b"ac-3", b"sowt", b"twos", b"lpcm", b"in24", b"samr", b"ulaw", b"alaw"}
)


def read_codec_name(path: Path) -> str:
    """The name of the codec in the container's header, in quotes; '' where it is not found."""
    with path.open("rb") as opened:
        content = opened.read(_HEADER_BYTES)
        opened.seek(max(0, path.stat().st_size - _HEADER_BYTES))
        content += opened.read()  # the header of MP4 and MOV may come last
    for pattern in _CODEC_NAMES:
        for found in pattern.findall(content):
            if found not in _SOUND:
                return f" '{found.decode()}'"
    return ""


def check_index(path: Path) -> None:
    """Raise `DataError` for an MP4 or MOV file whose end, with the list of its frames, is lost."""
    if _lacks_index(path):
        raise DataError(
            f"{path}: cannot be opened as a video: it is cut off, and the list of its frames "
            "('moov'), which stood at the end, is lost; copy it again from the original"
        )


def _lacks_index(path: Path) -> bool:
    """Whether an MP4 or MOV file has no `moov` box, which says where its frames are."""
    with path.open("rb") as opened:
        size, at = path.stat().st_size, 0
        while at + 8 <= size:
            opened.seek(at)
            length, name = struct.unpack(">I4s", opened.read(8))
            if at == 0 and name not in _FIRST_BOXES:
                return False
            if name == b"moov":
                return bool(at + length > size)
            if length == 1:
                length = struct.unpack(">Q", opened.read(8))[0]
            at += length or size
    return size > 0
