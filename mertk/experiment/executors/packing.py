"""Pack units of work for another process."""

from __future__ import annotations

import io
import mmap
import pickle
import zlib
from collections import ChainMap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import cloudpickle
import numpy as np

from mertk.core.errors import ComponentError
from mertk.plugins.loader import load_plugins


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed unit of work; plug-in files are loaded before it is unpacked.

    A memory-mapped array is packed as the name of its file.
    """

    files: tuple[str, ...]
    data: bytes

    @classmethod
    def of(cls, unit: Callable[[], Any], files: tuple[str, ...]) -> Packed:
        """Pack a unit; raises `ComponentError` where it holds what cannot be sent."""
        packed = io.BytesIO()
        try:
            _Pickler(packed).dump(unit)
        except Exception as error:
            raise ComponentError(
                f"a unit of work cannot be sent to a worker ({error}); --jobs 1 needs none, and a "
                "data set's frame reader that is a plain class can be sent"
            ) from error
        return cls(files, zlib.compress(packed.getvalue(), 1))

    def __call__(self) -> Any:
        """Unpack the unit and do it."""
        load_plugins(self.files)
        return pickle.loads(zlib.decompress(self.data))()  # noqa: S301  packed by this run


def _pickle_memmap(array: np.memmap[Any, Any]) -> Any:
    """Pickle a memory-mapped array as the name of its file, unless it is a view of another one."""
    if not isinstance(array.base, mmap.mmap):
        return np.asarray(array).__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    order = "C" if array.flags.c_contiguous else "F"
    return np.memmap, (array.filename, array.dtype, "r", array.offset, array.shape, order)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    dispatch_table: ClassVar[Any] = ChainMap(
        {np.memmap: _pickle_memmap}, cloudpickle.Pickler.dispatch_table
    )
