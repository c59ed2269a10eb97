"""The user's own clips, listed in a table with their files and labels."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import mertk
from mertk import datasets
from mertk.core import spelling
from mertk.datasets.media.sources import Media
from mertk.datasets.spreadsheets import Row, Table
from mertk_plugins.datasets import _folder_elan, _folder_tree
from mertk_plugins.datasets._folder_columns import Index, list_features, name_streams, read_index
from mertk_plugins.datasets._folder_record import clip_name, dataset_of, record_of
from mertk_plugins.datasets._folder_timing import Numbers, Timing, parse_timing

Wrong = Callable[[str, str], None]

_LOG = logging.getLogger("mertk.datasets")
_LINES = 10
_DRAWN = frozenset({".png", ".jpg", ".jpeg", ".bmp"})

T = TypeVar("T")

LAYOUT = (
    "It needs the columns subject, clip, path (a folder of frames, a video, or a .npy array, "
    "relative to the csv) and label; optional are onset, apex, offset (positions, the first frame "
    "is 0), fps, flow (a .npy map of u, v, strain; path may then be empty), landmarks (a .npy of "
    "the onset frame's 68 points), features (.npy, .npz or a csv of OpenFace or py-feat), au, bits "
    "and dataset. All other columns are kept and can serve as labels."
)


class Folder:
    """Your own clips, listed in index.csv: subject, clip, path, label and optional timing.

    The root is the folder with index.csv, or the table itself, or the tree of flow pictures that
    STSTNet and HTNet read, or a folder of ELAN files (.eaf). Columns may have the usual names of
    the field, such as OnsetFrame. Every row is checked before anything is read, and all problems
    are reported together. In what `mertk data prepare` has written, a column `uid` names the clips
    and the record of each is read back, so that protocols find what they find in the data set
    itself.

    Args:
        fps: frame rate in Hz, above 0, where neither the table nor a video says it.
        numbers: how onset, apex and offset count frames: `from0`, positions from 0; `from1`,
            positions from 1; `names`, the numbers in the file names of the frames.
        bits: how many bits the camera recorded, 8 … 16, of pictures of 16 bits; the column `bits`
            says it for a clip.
        stills: whether clips of one frame are read; an expression is a change between frames.
        labels: whether each row needs a label.
    """

    default_protocol = "loso"
    obtain = "your own: write index.csv"

    def __init__(
        self,
        *,
        fps: float = 200.0,
        numbers: Numbers = "from0",
        bits: int | None = None,
        stills: bool = False,
        labels: bool = True,
    ) -> None:
        if not fps > 0:
            raise ValueError(f"fps={fps} must be above 0")
        if bits is not None and not 8 <= bits <= 16:
            raise ValueError(f"bits={bits} must be 8 … 16")
        self.fps = float(fps)
        self.numbers: Numbers = numbers
        self.bits = bits
        self.stills = stills
        self.labels = labels

    def index(self, root: Path | None, /) -> Sequence[mertk.Clip]:
        """One clip per row; raises one `DataError` that lists what is wrong with the table."""
        index, clips, notes = self._read(root)
        for line in (*index.hints, *notes):
            _LOG.warning("%s: %s", index.table.file, line)
        return clips

    def survey(self, root: Path | None, /) -> datasets.survey.Survey:
        """The same, and which column was read as what."""
        index, clips, notes = self._read(root)
        assumed = (index.describe(), *index.hints)
        return datasets.survey.Survey(
            dataset="folder", clips=tuple(clips), assumed=assumed, notices=tuple(notes)
        )

    def _read(self, root: Path | None) -> tuple[Index, list[mertk.Clip], list[str]]:
        index = _read_root(root, labels=self.labels, fps=self.fps)
        problems: list[str] = []
        reading = _Reading(index.table, self)
        clips = [reading.clip(row, problems) for row in index.table.rows]
        if problems:
            raise mertk.DataError(_summarise_problems(index.table.file, problems))
        return index, [clip for clip in clips if clip is not None], reading.list_notes()


class _Reading:
    """Turns the rows of one table into clips, noting what is wrong with them."""

    def __init__(self, table: Table, asked: Folder) -> None:
        self._table, self._asked = table, asked
        self._base = table.file.parent
        self._synthetic = datasets.record.is_synthetic(self._base)
        self._features = list_features(table)
        self._rows: dict[tuple[str, str, str], int] = {}
        self._people: dict[str, tuple[str, int]] = {}
        self._probe = functools.cache(self._probe_new)
        self._notes: dict[str, list[str]] = {}

    def _probe_new(self, path: Path, bits: int | None) -> Media:
        media = datasets.media.sources.probe_media(path, bits)
        for note in media.list_notes():
            self._notes.setdefault(re.sub(r"\d+", "", note), []).append(f"{path}: {note}")
        return media

    def list_notes(self) -> list[str]:
        """What is unusual about the files: of each kind the first, and how many there are."""
        found = []
        for lines in self._notes.values():
            more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
            found.append(f"{lines[0]}{more}")
        return found

    def clip(self, row: Row, problems: list[str]) -> mertk.Clip | None:
        """The clip of a row, or None after adding what is wrong with it to `problems`."""
        before = len(problems)

        def wrong(column: str, what: str) -> None:
            problems.append(f"{self._table.place(row, column)}: {what}")

        self._check_names(row, wrong)
        bits = self._parse_bits(row, wrong)
        media = self._read_cell_file(row, "path", lambda path: self._probe(path, bits), wrong)
        known = {
            "flow": self._read_cell_file(row, "flow", _read_flow, wrong),
            "landmarks": self._read_cell_file(
                row, "landmarks", datasets.media.arrays.read_landmarks, wrong
            ),
        }
        files = {}
        for column in self._features:
            file = self._read_cell_file(row, column, datasets.media.features.read_features, wrong)
            if file is not None:
                files[column] = file
        if media is None and known["flow"] is None and not files and len(problems) == before:
            wrong("path", "the cell is empty, and neither flow nor features are given")
        timing = None
        if len(problems) == before:
            counts = {"path": media.count} if media else {}
            counts |= {c: file.count for c, file in files.items() if file.count is not None}
            timing = parse_timing(row, media, counts, self._asked.numbers, wrong)
        fps = self._parse_rate(row, media, wrong)
        if timing and media and known["flow"] is None and not files and not self._asked.stills:
            self._check_length(timing, wrong)
        if timing is None or len(problems) > before:
            return None
        features: dict[str, Any] = {}
        for column, file in files.items():
            cut = file.cut(timing[0], timing[2])
            names = name_streams(column, cut)
            features |= {names[name]: array for name, array in cut.items()}
        try:
            return self._make_clip(row, media, known | {"features": features}, timing, fps)
        except (ValueError, mertk.DataError) as problem:
            wrong("", str(problem))
            return None

    def _parse_bits(self, row: Row, wrong: Wrong) -> int | None:
        if not row["bits"]:
            return self._asked.bits
        if not row["bits"].isdecimal() or not 8 <= int(row["bits"]) <= 16:
            wrong("bits", f"'{row['bits']}' is no number of bits from 8 to 16")
            return None
        return int(row["bits"])

    def _check_length(self, timing: Timing, wrong: Wrong) -> None:
        if timing[0] == timing[2]:
            wrong(
                "path",
                "one frame; an expression is a change between frames. To read pictures all the "
                "same: folder:stills=true",
            )

    def _check_names(self, row: Row, wrong: Wrong) -> None:
        labelled = self._asked.labels and not row["uid"]
        for column in ("subject", "clip", *(("label",) if labelled else ())):
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
        self, row: Row, column: str, read: Callable[[Path], T], wrong: Wrong
    ) -> T | None:
        """What the file of a cell holds; None where the cell is empty, or after naming it."""
        if not row[column]:
            return None
        try:
            return read(datasets.folders.find_written_path(self._base, row[column]))
        except mertk.DataError as problem:
            drive = re.match(r"[A-Za-z]:[\\/]", row[column])
            hint = "; write it relative to the table, not with a drive" if drive else ""
            wrong(column, f"{problem}{hint}")
            return None

    def _parse_rate(self, row: Row, media: Media | None, wrong: Wrong) -> float:
        if not row["fps"]:
            return (media.fps if media else 0.0) or self._asked.fps
        try:
            fps = float(row["fps"])
        except ValueError:
            fps = 0.0
        if not 0 < fps < float("inf"):
            wrong("fps", f"'{row['fps']}' is not a frame rate above 0 (Hz)")
        return fps

    def _make_clip(
        self, row: Row, media: Media | None, known: Mapping[str, Any], timing: Timing, fps: float
    ) -> mertk.Clip:
        onset, apex, offset = timing
        frames, files = (
            media.cut_frames(onset, offset) if media else (datasets.media.frames.of_files([]), [])
        )
        columns = ("flow", "landmarks", *self._features)
        for name in columns:
            if row[name]:
                files.append(datasets.folders.find_written_path(self._base, row[name]))
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
        cells = [record.uid, *(row[name] for name in ("path", *columns))]
        cells += [str(media.bits)] if media and media.bits else []
        return mertk.Clip(
            dataset=record.dataset,
            subject=row["subject"],
            name=clip_name(row),
            footage=footage,
            fingerprint=datasets.media.frames.hash_files(files, *cells, onset, apex, offset, fps),
            record=record.to_dict(),
            files=tuple(files),
        )


def _read_flow(path: Path) -> Any:
    """A flow map of floats, or one that was drawn as a picture."""
    if path.suffix.lower() in _DRAWN:
        return datasets.media.arrays.read_drawn_flow(path)
    return datasets.media.arrays.read_flow(path)


def _read_root(root: Path | None, *, labels: bool, fps: float) -> Index:
    """The rows of a table, of ELAN files, or of a tree of pictures; raises `DataError` for none."""
    if root is None:
        raise mertk.DataError(f"folder needs your index.csv: --data folder=FOLDER. {LAYOUT}")
    root = Path(root)
    names = ("index.csv", "index.xlsx", "index.tsv")
    file = next((root / n for n in names if (root / n).is_file()), root / names[0])
    tree = _folder_tree.find_tree(root) if root.is_dir() and not file.is_file() else None
    if tree is not None:
        table = _folder_tree.read_tree(tree)
        return Index(table, table.columns, (f"{tree} holds {_folder_tree.LOST}.",))
    if root.is_dir() and not file.is_file() and next(root.glob("*.eaf"), None) is not None:
        return _folder_elan.read_elan_folder(root, fps)
    file = file if root.is_dir() else root
    if not file.is_file():
        raise mertk.DataError(f"folder: there is no {file}. {LAYOUT}")
    index = read_index(file, LAYOUT, labels=labels)
    index = index.with_hints(*_folder_elan.describe_corrections(file))
    drawn = any(Path(row["flow"]).suffix.lower() in _DRAWN for row in index.table.rows)
    hint = f"The column '{index.table.columns.get('flow')}' names {_folder_tree.LOST}."
    return index.with_hints(hint) if drawn else index


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
    register.dataset("folder", Folder)
