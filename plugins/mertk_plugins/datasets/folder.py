"""The user's own clips, listed in a table with their files and labels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import mertk
from mertk import datasets
from mertk.core import spelling
from mertk_plugins.datasets._folder_media import Media, cut_frames, probe_media
from mertk_plugins.datasets._folder_record import (
    REQUIRED,
    Timing,
    clip_name,
    dataset_of,
    record_of,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mertk.datasets.spreadsheets import Row, Table

_LINES = 10

T = TypeVar("T")

LAYOUT = (
    "It needs the columns subject, clip, path (a folder of frames, a video, or a .npy array, "
    "relative to the csv) and label; optional are onset, apex, offset (positions, the first frame "
    "is 0), fps, flow (a .npy map of u, v, strain; path may then be empty), landmarks (a .npy of "
    "the onset frame's 68 points) and dataset. All other columns are kept and can serve as labels."
)


class Folder:
    """Your own clips, listed in index.csv: subject, clip, path, label and optional timing.

    The root is the folder with index.csv, or the csv itself. Every row is checked before anything
    is read, and all problems are reported together. In what `mertk data prepare` has written, a
    column `uid` names the clips and the record of each is read back, so that protocols find what
    they find in the data set itself.

    Args:
        fps: frame rate in Hz, above 0, where neither the table nor a video says it.
    """

    default_protocol = "loso"
    obtain = "your own: write index.csv"

    def __init__(self, *, fps: float = 200.0) -> None:
        if not fps > 0:
            raise ValueError(f"fps={fps} must be above 0")
        self.fps = float(fps)

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row; raises one `DataError` that lists what is wrong with the table."""
        file = _table_file(root)
        table = _read_table(file)
        problems: list[str] = []
        reading = _Reading(table, self.fps)
        clips = [reading.clip(row, problems) for row in table.rows]
        if problems:
            raise mertk.DataError(_summarise_problems(file, problems))
        return [clip for clip in clips if clip is not None]


class _Reading:
    """Turns the rows of one table into clips, noting what is wrong with them."""

    def __init__(self, table: Table, fps: float) -> None:
        self._table, self._fps = table, fps
        self._base = table.file.parent
        self._synthetic = datasets.record.is_synthetic(self._base)
        self._rows: dict[tuple[str, str, str], int] = {}
        self._people: dict[str, tuple[str, int]] = {}
        self._probe: Callable[[Path], Media] = functools.cache(probe_media)

    def clip(self, row: Row, problems: list[str]) -> mertk.Clip | None:
        """The clip of a row, or None after adding what is wrong with it to `problems`."""
        before = len(problems)

        def wrong(column: str, what: str) -> None:
            problems.append(f"{self._table.place(row, column)}: {what}")

        self._check_names(row, wrong)
        media = self._read_cell_file(row, "path", self._probe, wrong)
        known = {
            "flow": self._read_cell_file(row, "flow", datasets.media.arrays.read_flow, wrong),
            "landmarks": self._read_cell_file(
                row, "landmarks", datasets.media.arrays.read_landmarks, wrong
            ),
        }
        if media is None and known["flow"] is None and len(problems) == before:
            wrong("path", "the cell is empty, and no flow is given")
        timing = _parse_timing(row, media, wrong) if len(problems) == before else None
        fps = self._parse_rate(row, media, wrong)
        if timing is None or len(problems) > before:
            return None
        try:
            return self._make_clip(row, media, known, timing, fps)
        except ValueError as problem:
            wrong("", str(problem))
            return None

    def _check_names(self, row: Row, wrong: Callable[[str, str], None]) -> None:
        for column in ("subject", "clip") if row["uid"] else ("subject", "clip", "label"):
            if not row[column]:
                wrong(column, "the cell is empty")
        for column in ("subject", "dataset"):
            if "/" in row[column]:
                wrong(column, f"'{row[column]}' holds a '/', which separates the parts of clip ids")
        person = f"{dataset_of(row)}/{row['subject']}"
        other, number = self._people.setdefault(spelling.normal_name(person), (person, row.number))
        if other != person:
            wrong(
                "subject",
                f"'{person}' and '{other}' in row {number} differ in spelling alone: write one "
                "person in one way, two people under names that differ in more",
            )
        name, column = clip_name(row), "uid" if row["uid"] else "clip"
        if row["uid"] and not name:
            begins = f"{dataset_of(row)}/{row['subject']}/"
            wrong("uid", f"'{row['uid']}' must be {begins} and a name")
        key = (dataset_of(row), row["subject"], name)
        first = self._rows.setdefault(key, row.number)
        if all(key) and first != row.number:
            wrong(column, f"'{row[column]}' of '{row['subject']}' is already in row {first}")

    def _read_cell_file(
        self, row: Row, column: str, read: Callable[[Path], T], wrong: Callable[[str, str], None]
    ) -> T | None:
        """What the file of a cell holds; None where the cell is empty, or after naming it."""
        if not row[column]:
            return None
        try:
            return read(self._base / row[column])
        except mertk.DataError as problem:
            wrong(column, str(problem))
            return None

    def _parse_rate(
        self, row: Row, media: Media | None, wrong: Callable[[str, str], None]
    ) -> float:
        if not row["fps"]:
            return (media.fps if media else 0.0) or self._fps
        try:
            fps = float(row["fps"])
        except ValueError:
            fps = 0.0
        if not 0 < fps < float("inf"):
            wrong("fps", f"'{row['fps']}' is not a frame rate above 0 (Hz)")
        return fps

    def _make_clip(
        self,
        row: Row,
        media: Media | None,
        known: Mapping[str, NDArray[np.float32] | None],
        timing: Timing,
        fps: float,
    ) -> mertk.Clip:
        onset, apex, offset = timing
        frames, files = (
            cut_frames(media, onset, offset) if media else (datasets.media.frames.of_files([]), [])
        )
        files = [*files, *(self._base / row[name] for name in known if row[name])]
        footage = mertk.Footage(
            frames=frames,
            onset=0,
            apex=None if apex is None else apex - onset,
            offset=offset - onset,
            fps=fps,
            **known,
        )
        record = record_of(self._table, row, media, timing, fps, synthetic=self._synthetic)
        # Two clips may have files of one name, size and time: id and cells tell them apart.
        cells = [record.uid, *(row[name] for name in ("path", *known))]
        return mertk.Clip(
            dataset=record.dataset,
            subject=row["subject"],
            name=clip_name(row),
            footage=footage,
            fingerprint=datasets.media.frames.hash_files(files, *cells, onset, apex, offset, fps),
            record=record.to_dict(),
            files=tuple(files),
        )


def _parse_timing(
    row: Row, media: Media | None, wrong: Callable[[str, str], None]
) -> Timing | None:
    """Onset, apex and offset as positions; None after naming the cell that is wrong."""
    cells: dict[str, int | None] = {}
    for column in ("onset", "apex", "offset"):
        try:
            cells[column] = (
                datasets.spreadsheets.parse_integer(row[column]) if row[column] else None
            )
        except ValueError:
            wrong(column, f"'{row[column]}' is not a whole number")
            return None
    onset, given = cells["onset"] or 0, cells["offset"]
    count = media.count if media else 1 + max(number or 0 for number in cells.values())
    offset = count - 1 if given is None else given
    if not 0 <= onset < count:
        wrong("onset", f"{onset} does not fit {count} frames (0 … {count - 1})")
    elif offset >= count:
        wrong("offset", f"{offset} does not fit {count} frames (0 … {count - 1})")
    elif onset > offset:
        wrong("onset", f"onset {onset} lies after offset {offset}")
    elif cells["apex"] is not None and not onset <= cells["apex"] <= offset:
        wrong("apex", f"apex {cells['apex']} lies outside onset {onset} … offset {offset}")
    else:
        return onset, cells["apex"], offset
    return None


def _table_file(root: Path | None) -> Path:
    if root is None:
        raise mertk.DataError(f"folder needs your index.csv: --data folder=FOLDER. {LAYOUT}")
    root = Path(root)
    file = root / "index.csv" if root.is_dir() else root
    if not file.is_file():
        raise mertk.DataError(f"folder: there is no {file}. {LAYOUT}")
    return file


def _read_table(file: Path) -> Table:
    cells = next(iter(datasets.spreadsheets.read_sheets(file).values()), [])
    if not cells:
        raise mertk.DataError(f"{file}: the table is empty. {LAYOUT}")
    table = datasets.spreadsheets.table_of(file, "", cells, 0)
    needed = [c for c in REQUIRED if c != "path" or "flow" not in table.columns]
    lost = [column for column in needed if column not in table.columns]
    if lost:
        raise mertk.DataError(
            f"{file}, row 1: missing column {', '.join(lost)}. "
            f"Columns: {', '.join(table.columns.values()) or 'none'}. {LAYOUT}"
        )
    if not table.rows:
        raise mertk.DataError(f"{file}: a header but no rows. {LAYOUT}")
    return table


def _summarise_problems(file: Path, problems: Sequence[str]) -> str:
    more = len(problems) - _LINES
    return "\n".join(
        [
            f"folder: {len(problems)} problem{'s' if len(problems) > 1 else ''} in {file}:",
            *(f"  {line}" for line in problems[:_LINES]),
            *([f"  … and {more} more"] if more > 0 else []),
        ]
    )


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    """Register the data set."""
    register.dataset("folder", Folder)
