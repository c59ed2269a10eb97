"""The files behind a clip's frames, which no component is handed and any may find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mertk.core.clips import Frames


def files_of(frames: Frames) -> list[Path]:
    """The files that frames are read from, in their order; none where no file is behind them."""
    reader: Any = frames._read  # noqa: SLF001 - looked at just as a component might look at it
    while isinstance(getattr(reader, "frames", None), Frames):
        reader = reader.frames._read  # noqa: SLF001 - frames that are changed when they are read
    files = getattr(reader, "files", None) or [getattr(reader, "path", None)]
    return [file for file in files if isinstance(file, Path)]
