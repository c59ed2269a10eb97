"""What the header of a PNG, TIFF or WebP file says: bits of a sample, number of pictures."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_SUBFILE, _BITS_PER_SAMPLE, _SAMPLE_FORMAT = 254, 258, 339  # tags of TIFF
_READ = frozenset({_BITS_PER_SAMPLE, _SAMPLE_FORMAT})
_REDUCED, _FLOATS, _LONG = 1, 3, 4
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """`depth`: bits of a stored sample; `stated`: how many of them are used, where it says so.

    `kind` is what several `pictures` are called, or `floats`, where samples are no whole numbers.
    """

    depth: int = 8
    stated: int | None = None
    pictures: int = 1
    kind: str = "picture"


def read_header(content: bytes) -> PictureHeader:
    """The header of a picture file; of files of another kind, the default."""
    try:
        if content.startswith(_PNG):
            return _read_png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            pictures = content.count(b"ANMF")
            return PictureHeader(8, None, max(1, pictures), "an animated WebP")
        if content[:4] in (b"II*\0", b"MM\0*"):
            return _read_tiff(content)
    except (struct.error, IndexError):  # truncated: the decoder will say so
        return PictureHeader()
    return PictureHeader()


def _read_png(content: bytes) -> PictureHeader:
    depth, stated, pictures, at = content[24], None, 1, len(_PNG)
    while at + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        if name == b"sBIT":
            stated = max(content[at + 8 : at + 8 + min(length, 3)])
        elif name == b"acTL":
            pictures = struct.unpack_from(">I", content, at + 8)[0]
        elif name == b"IDAT":
            break
        at += length + 12
    return PictureHeader(depth, stated, pictures, "an animated PNG" if pictures > 1 else "picture")


def _read_tiff(content: bytes) -> PictureHeader:
    order = "<" if content[:2] == b"II" else ">"
    at, pictures = struct.unpack_from(order + "I", content, 4)[0], 0
    first: dict[int, int] = {}
    while at and pictures < _MOST_PAGES:
        count = struct.unpack_from(order + "H", content, at)[0]
        tags = {}
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tags[struct.unpack_from(order + "H", content, entry)[0]] = entry
        first = first or {
            tag: _read_value(order, content, tags[tag]) for tag in _READ & tags.keys()
        }
        small = _SUBFILE in tags and _read_value(order, content, tags[_SUBFILE]) & _REDUCED
        pictures += not small  # a preview is no frame
        at = struct.unpack_from(order + "I", content, at + 2 + 12 * count)[0]
    kind = "floats" if first.get(_SAMPLE_FORMAT) == _FLOATS else "a TIFF stack"
    return PictureHeader(first.get(_BITS_PER_SAMPLE, 1), None, max(1, pictures), kind)


def _read_value(order: str, content: bytes, entry: int) -> int:
    """The first value of an entry of whole numbers."""
    kind, count = struct.unpack_from(order + "HI", content, entry + 2)
    form = order + ("I" if kind == _LONG else "H")
    where = entry + 8
    if count * struct.calcsize(form) > 4:  # they do not fit in the entry, which says where they are
        where = struct.unpack_from(order + "I", content, where)[0]
    return int(struct.unpack_from(form, content, where)[0])
