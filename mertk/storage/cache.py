"""Results of the pure stages on disk: content-addressed arrays, memory-mapped when read.

An entry is one safetensors file: named arrays, and a little JSON beside them. Its key says
everything that the content depends on, so an entry is never updated, only written once or thrown
away. Two processes that write the same key write the same content.

The JSON begins with a checksum of the whole file: header, arrays and what pads them. It stands at
the same place in every entry, and its own eight characters count as zeros.
"""

from __future__ import annotations

import json
import logging
import math
import mmap
import os
import re
import stat
import uuid
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from mertk.core.errors import StorageError
from mertk.storage.atomic_files import check_writable, is_leftover, write_whole

_LOG = logging.getLogger(__name__)
_BEGIN = b'{"__metadata__":{"mertk":"'
_NO_SUM = b"0" * 8
_LENGTH = 8  # bytes that say how long the header is
_SUM_AT = _LENGTH + len(_BEGIN)
_SUM_END = _SUM_AT + len(_NO_SUM)
_NAME = re.compile(r"[0-9a-f]{64}\.safetensors")
_DTYPES = {
    "U8": np.uint8,
    "I8": np.int8,
    "I16": np.int16,
    "U16": np.uint16,
    "I32": np.int32,
    "U32": np.uint32,
    "I64": np.int64,
    "U64": np.uint64,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
    "BOOL": np.bool_,
}


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as read: memory-mapped arrays and the JSON beside them.

    `sources` is the JSON of the files that it was computed from (`clip_sources`), None where none
    was named.
    """

    arrays: Mapping[str, NDArray[Any]]
    about: Mapping[str, Any]
    sources: Mapping[str, Any] | None = None


class Cache:
    """A folder of entries; `root` defaults to `MERTK_CACHE` or the user's cache folder."""

    def __init__(self, root: Path | None = None) -> None:
        given = root or os.environ.get("MERTK_CACHE") or platformdirs.user_cache_dir("mertk")
        self.root = Path(given)

    def get(self, key: str, *, used: bool = True) -> Stored | None:
        """The entry of a key, or None; a damaged one is thrown away with one line of warning.

        `used` entries are pruned last. Raises `StorageError` where the folder cannot be read.
        """
        path = self._locate_entry(key)
        try:
            stored = _map_entry(path, key)
            if used:
                os.utime(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, OSError) as error:
            if isinstance(error, PermissionError):
                raise StorageError(f"cannot read the cache at {path}: {error.strerror}") from error
            kept = self._discard_entry(path)
            _LOG.warning(
                "cache entry %s is damaged (%s); it is computed again%s", path.name, error, kept
            )
            return None
        return stored

    def put(
        self,
        key: str,
        arrays: Mapping[str, NDArray[Any]],
        about: Mapping[str, Any] | None = None,
        sources: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an entry; raises `StorageError` where the disk is full or read-only."""
        from safetensors.numpy import save

        whole = dict(zip(arrays, map(np.ascontiguousarray, arrays.values()), strict=True))
        note = {"key": key, "about": dict(about or {}), "sources": sources and dict(sources)}
        text = _NO_SUM.decode() + json.dumps(note, allow_nan=False)
        data = bytearray(save(whole, metadata={"mertk": text}))
        data[_SUM_AT:_SUM_END] = _compute_checksum(memoryview(data))
        write_whole(self._locate_entry(key), lambda path: path.write_bytes(data))

    def check_writable(self) -> None:
        """Raise `StorageError`, naming `MERTK_CACHE`, where no entry can be written."""
        check_writable(self.root, "set MERTK_CACHE to a folder for cached features")

    def get_writing_number(self, key: str) -> int:
        """A number that is another one after each `put`, while the old content is held; 0: none."""
        path = self._locate_entry(key)
        return path.stat().st_ino if path.is_file() else 0

    def entries(self) -> Iterator[Path]:
        """The files of all entries; others that lie in the folder are none."""
        for path in self.root.glob("??/*.safetensors"):
            ours = _NAME.fullmatch(path.name) and path.name[:2] == path.parent.name
            if ours and path.is_file() and not path.is_symlink():
                yield path

    def size(self) -> tuple[int, int]:
        """How many entries there are, and their bytes."""
        sizes = [path.stat().st_size for path in self.entries()]
        return len(sizes), sum(sizes)

    def prune(self, keep_bytes: int = 0) -> tuple[int, int]:
        """Remove entries, longest unused first, until `keep_bytes` are left: entries and bytes.

        What killed writers left is removed, too; files that are no entries are left alone.
        """
        for path in filter(is_leftover, list(self.root.glob("??/.mertk-*"))):
            path.unlink(missing_ok=True)
        left, removed, freed = self.size()[1], 0, 0
        for path in sorted(self.entries(), key=lambda path: (path.stat().st_mtime, path)):
            if left - freed <= keep_bytes:
                break
            size = path.stat().st_size
            path.unlink(missing_ok=True)
            removed, freed = removed + 1, freed + size
        return removed, freed

    @staticmethod
    def _discard_entry(path: Path) -> str:
        """Take away what lies at an entry's path; says where a folder is now."""
        try:
            if not path.is_dir() or path.is_symlink():
                path.unlink(missing_ok=True)
                return ""
            aside = path.with_name(f"{path.name}-{uuid.uuid4().hex[:8]}")
            path.rename(aside)
        except OSError as error:
            raise StorageError(
                f"cannot remove the damaged cache entry {path}: {error.strerror}; remove it"
            ) from error
        return f", and the folder in its place is now {aside}"

    def _locate_entry(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.safetensors"


def _map_entry(path: Path, key: str) -> Stored:
    """Map an entry; raises `ValueError` where it is not what was written under this key."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError("it is not a file")  # to open a FIFO would wait for a writer
    with path.open("rb") as file:
        raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if raw[_LENGTH:_SUM_AT] != _BEGIN:
        raise ValueError("its header is not one of a cache entry")
    if raw[_SUM_AT:_SUM_END] != _compute_checksum(memoryview(raw)):
        raise ValueError("its checksum is wrong")
    # What follows the checksum may have been written by something else than `put`.
    start = _LENGTH + int.from_bytes(raw[:_LENGTH], "little")
    try:
        header = json.loads(raw[_LENGTH:start])
        note = json.loads(header.pop("__metadata__")["mertk"][len(_NO_SUM) :])
        sources = note["sources"] and dict(note["sources"])
        stored = Stored(_map_arrays(header, raw, start), dict(note["about"]), sources)
        written_as = note["key"]
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"its header is odd: {type(error).__name__} {error}") from error
    if written_as != key:
        raise ValueError("it is the entry of another key")
    return stored


def _compute_checksum(data: memoryview) -> bytes:
    """The CRC-32 of an entry's bytes in hex, with zeros in the place of the checksum."""
    before = zlib.crc32(_NO_SUM, zlib.crc32(data[:_SUM_AT]))
    return b"%08x" % zlib.crc32(data[_SUM_END:], before)


def _map_arrays(header: Mapping[str, Any], raw: mmap.mmap, first: int) -> dict[str, NDArray[Any]]:
    """The arrays that a header describes: side by side from byte `first` on, to the last byte."""
    arrays, end = {}, 0
    for name, info in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        kind, shape, offsets = np.dtype(_DTYPES[info["dtype"]]), info["shape"], info["data_offsets"]
        if not all(type(length) is int and length >= 0 for length in (*shape, *offsets)):
            raise ValueError(f"the shape or place of its array {name} is odd")
        start, stop = offsets
        count = math.prod(shape)
        if start != end or stop - start != count * kind.itemsize or first + stop > len(raw):
            raise ValueError(f"its array {name} does not fit")
        found = np.frombuffer(raw, kind, count, first + start) if count else np.empty(0, kind)
        arrays[name], end = found.reshape(shape), stop
    if first + end != len(raw):
        raise ValueError("its arrays do not fill it")
    return arrays
