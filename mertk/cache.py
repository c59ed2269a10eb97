"""Results of the pure stages on disk: content-addressed arrays, memory-mapped when read.

An entry is one safetensors file: named arrays, and a little JSON beside them. Its key says
everything that the content depends on, so an entry is never updated, only written once or thrown
away. Two processes that write the same key write the same content.
"""

from __future__ import annotations

import json
import logging
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import platformdirs

from mertk.errors import StorageError
from mertk.files import check_writable, is_leftover, write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[0-9a-f]{64}\.safetensors")
_DTYPES = {
    "U8": np.uint8, "I8": np.int8, "I16": np.int16, "U16": np.uint16, "I32": np.int32,
    "U32": np.uint32, "I64": np.int64, "U64": np.uint64, "F16": np.float16, "F32": np.float32,
    "F64": np.float64, "BOOL": np.bool_,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as read: memory-mapped arrays and the JSON beside them."""

    arrays: Mapping[str, NDArray[Any]]
    about: Mapping[str, Any]


class Cache:
    """A folder of entries; `root` defaults to `MERTK_CACHE` or the user's cache folder."""

    def __init__(self, root: Path | None = None) -> None:
        given = root or os.environ.get("MERTK_CACHE") or platformdirs.user_cache_dir("mertk")
        self.root = Path(given)

    def get(self, key: str) -> Stored | None:
        """The entry of a key, or None; a damaged one is thrown away with a warning."""
        path = self._path(key)
        try:
            stored = _read(path)
            os.utime(path)  # least recently used entries are pruned first
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, OSError) as error:
            if isinstance(error, PermissionError):
                raise StorageError(f"cannot read the cache at {path}: {error.strerror}") from error
            _LOG.warning("cache entry %s is damaged (%s); it is computed again", path.name, error)
            path.unlink(missing_ok=True)
            return None
        return stored

    def put(
        self, key: str, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any] | None = None
    ) -> None:
        """Write an entry; raises `StorageError` where the disk is full or read-only."""
        from safetensors.numpy import save

        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        sums = {
            name: zlib.crc32(array.data.cast("B") if array.size else b"")
            for name, array in whole.items()
        }
        note = json.dumps({"sums": sums, "about": dict(about or {})}, allow_nan=False)
        data = save(whole, metadata={"mertk": note})
        write_whole(self._path(key), lambda path: path.write_bytes(data))

    def check_writable(self) -> None:
        """Raise `StorageError`, naming `MERTK_CACHE`, where no entry can be written."""
        check_writable(self.root, "set MERTK_CACHE to a folder for cached features")

    def bytes_of(self, key: str) -> int | None:
        """The size of an entry, unread; None where there is none."""
        path = self._path(key)
        return path.stat().st_size if path.is_file() else None

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
        found = sorted((p.stat().st_mtime, p.stat().st_size, p) for p in self.entries())
        left, removed, freed = sum(size for _, size, _ in found), 0, 0
        for _, size, path in found:
            if left - freed <= keep_bytes:
                break
            path.unlink(missing_ok=True)
            removed, freed = removed + 1, freed + size
        return removed, freed

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.safetensors"


def _read(path: Path) -> Stored:
    """Map an entry's arrays; raises `ValueError` where the file does not hold what it says."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length < path.stat().st_size:
            raise ValueError("its header is cut off")
        header = json.loads(file.read(length))
    note = json.loads(header.pop("__metadata__")["mertk"])
    arrays = {}
    for name, info in header.items():
        shape, (start, end) = tuple(info["shape"]), info["data_offsets"]
        if end == start:
            arrays[name] = np.empty(shape, _DTYPES[info["dtype"]])
            continue
        array = np.memmap(path, _DTYPES[info["dtype"]], "r", 8 + length + start, shape)
        if zlib.crc32(array.data.cast("B")) != note["sums"][name]:
            raise ValueError("its checksum is wrong")
        arrays[name] = array
    return Stored(arrays, note["about"])
