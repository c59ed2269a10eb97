"""Annotated intervals of videos as people correct them: tables, and what differs between two.

A table has the columns that the data set `folder` reads (`subject`, `clip`, `path`, `onset`,
`apex`, `offset`, `fps`, `label`, `au`), and `video`, `type` and `coder`. Frame numbers are those of
the data set; the first and the last frame belong to the interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mertk.core.errors import DataError
from mertk.core.reading import read_file
from mertk.datasets import elan
from mertk.datasets.action_units import parse_aus, plain_aus
from mertk.datasets.elan import Annotation
from mertk.datasets.spreadsheets import Row, Table, find_columns, parse_integer, read_csv, table_of

BEFORE = "spotted.csv"
"""The intervals as they were before a person corrected them, beside the corrected ones."""

COLUMNS = tuple(field.name for field in fields(Annotation))
"""The columns of a table that mertk writes."""

_NAMES = {
    "subject": ("subject", "sub", "person", "participant"),
    "clip": ("clip", "filename"),
    "path": ("path",),
    "video": ("video", "vid", "clip", "filename", "path"),
    "onset": ("onset", "onsetframe"),
    "apex": ("apex", "apexframe"),
    "offset": ("offset", "offsetframe"),
    "fps": ("fps",),
    "type": ("type", "kind", "expressiontype"),
    "label": ("label", "emotion", "estimatedemotion", "predicted"),
    "au": ("au", "actionunits", "aus"),
    "coder": ("coder", "annotator"),
}
_FRAMES = ("onset", "apex", "offset")
_NOTHING = frozenset({"", "-", "/", "nan", "n/a", "na", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two annotations: `change` is added, removed, moved or relabelled.

    `field` is the column that differs, empty of an interval as a whole. `onset` and `offset` are
    those of the later interval, or of the removed one.
    """

    coder: str
    subject: str
    video: str
    onset: int
    offset: int
    change: str
    field: str = ""
    before: str = ""
    after: str = ""


def read_annotations(path: Path, fps: float | None = None) -> list[Annotation]:
    """The intervals of a table (CSV), of an ELAN file, or of all ELAN files in a folder.

    `fps` in Hz is for ELAN files that do not say it. Raises `DataError` naming file and place.
    """
    if path.is_dir():
        files = sorted(path.glob("*.eaf"))
        if not files:
            raise DataError(f"{path}: holds no .eaf file; give a table, an .eaf file, or a folder")
        found = []
        for file in files:
            found += elan.read_elan(file, fps)
        return found
    if path.suffix.lower() == ".eaf":
        return elan.read_elan(path, fps)
    return read_annotation_table(path)


def read_annotation_table(path: Path) -> list[Annotation]:
    """The intervals of a CSV table; rows without onset and offset are left out."""
    cells = read_csv(path, read_file(path))
    header = next((at for at, row in enumerate(cells) if any(row)), None)
    if header is None:
        raise DataError(f"{path}: is empty: there is not even a header")
    table = table_of(path, "", cells, header)
    columns = find_columns(table, _NAMES, ("video", "onset", "offset"))
    found = []
    for row in table.rows:
        if row[columns["onset"]] or row[columns["offset"]]:
            found.append(_parse_row(table, row, columns))
    return found


def _parse_row(table: Table, row: Row, columns: Mapping[str, str]) -> Annotation:
    texts = {what: row[column] for what, column in columns.items()}
    cells: dict[str, Any] = {}
    for what, text in texts.items():
        if what in _FRAMES:
            cells[what] = _parse_frame(table, row, columns[what], optional=what == "apex")
        elif what == "fps":
            cells[what] = _parse_rate(table, row, columns[what])
        else:
            cells[what] = text
    table.filled(row, columns["video"])
    try:
        return Annotation(**cells)
    except DataError as error:
        raise DataError(f"{table.place(row, columns['offset'])}: {error}") from error


def _parse_frame(table: Table, row: Row, column: str, *, optional: bool) -> int | None:
    if optional and row[column].strip().lower() in _NOTHING:
        return None
    try:
        return parse_integer(row[column])
    except ValueError:
        text = f"'{row[column]}' is not a frame number"
        raise DataError(f"{table.place(row, column)}: {text}") from None


def _parse_rate(table: Table, row: Row, column: str) -> float:
    try:
        rate = float(row[column] or 0)
    except ValueError:
        rate = math.nan
    if not 0 <= rate < math.inf:
        text = f"'{row[column]}' is not a frame rate above 0 (Hz)"
        raise DataError(f"{table.place(row, column)}: {text}")
    return rate


def list_columns(one: Annotation) -> dict[str, Any]:
    """The cells of an interval; what is not known is empty."""
    cells = {name: getattr(one, name) for name in COLUMNS}
    rate = f"{one.fps:g}" if one.fps else ""
    return cells | {"apex": "" if one.apex is None else one.apex, "fps": rate}


def match_annotations(
    first: Sequence[Annotation], second: Sequence[Annotation], least: float = 0.0
) -> list[tuple[Annotation | None, Annotation | None]]:
    """Pairs of intervals of the same video, one to one, with the largest sum of IoU.

    An interval without a partner stands beside None. Intervals that do not overlap, or whose IoU is
    below `least`, are no pair. Subjects count where both sides name them.
    """
    named = all(one.subject for one in (*first, *second))
    groups: dict[tuple[str, str], tuple[list[Annotation], list[Annotation]]] = {}
    for side, intervals in enumerate((first, second)):
        for one in intervals:
            video = (one.subject if named else "", one.video)
            groups.setdefault(video, ([], []))[side].append(one)
    pairs: list[tuple[Annotation | None, Annotation | None]] = []
    for group in groups.values():
        pairs += _match_video(*group, least)
    return pairs


def _match_video(
    first: Sequence[Annotation], second: Sequence[Annotation], least: float
) -> list[tuple[Annotation | None, Annotation | None]]:
    from scipy.optimize import linear_sum_assignment

    overlaps = np.zeros((len(first), len(second)))
    for at, one in enumerate(first):
        for beside, other in enumerate(second):
            overlaps[at, beside] = _compute_iou(one, other)
    overlaps[overlaps < least] = 0
    rows, columns = linear_sum_assignment(-overlaps)
    matched = zip(rows.tolist(), columns.tolist(), strict=True)
    partner = {row: column for row, column in matched if overlaps[row, column] > 0}
    pairs: list[tuple[Annotation | None, Annotation | None]] = []
    for at, one in enumerate(first):
        pairs.append((one, second[partner[at]] if at in partner else None))
    alone = set(range(len(second))) - set(partner.values())
    return [*pairs, *((None, second[at]) for at in sorted(alone))]


def _compute_iou(one: Annotation, other: Annotation) -> float:
    shared = min(one.offset, other.offset) - max(one.onset, other.onset) + 1
    both = max(one.offset, other.offset) - min(one.onset, other.onset) + 1
    return max(shared, 0) / both


def list_changes(before: Sequence[Annotation], after: Sequence[Annotation]) -> list[Change]:
    """What a person changed: intervals added and removed, key frames moved, labels changed.

    Intervals belong together where they overlap most. The coder is the one that the later
    annotation names.
    """
    coders = _find_coders(after)
    found = []
    for old, new in match_annotations(before, after):
        one = new or old
        if one is None:
            continue
        whose = new.coder if new and new.coder else coders.get(one.video, "")
        change = Change(
            coder=whose,
            subject=one.subject,
            video=one.video,
            onset=one.onset,
            offset=one.offset,
            change="added" if old is None else "removed",
        )
        if old is None or new is None:
            found.append(change)
            continue
        for name, (earlier, later) in _list_differences(old, new).items():
            kind = "moved" if name in _FRAMES else "relabelled"
            found.append(replace(change, change=kind, field=name, before=earlier, after=later))
    return found


def _find_coders(annotations: Iterable[Annotation]) -> dict[str, str]:
    """Who coded a video, where it is one person."""
    names: dict[str, set[str]] = {}
    for one in annotations:
        names.setdefault(one.video, set()).add(one.coder)
    return {video: next(iter(found)) for video, found in names.items() if len(found) == 1}


def _list_differences(old: Annotation, new: Annotation) -> dict[str, tuple[str, str]]:
    found = {}
    for name in ("onset", "apex", "offset", "type", "label", "au"):
        values = (list_columns(old)[name], list_columns(new)[name])
        known = list(map(list_units, values)) if name == "au" else list(map(_normalise, values))
        if known[0] != known[1]:
            found[name] = (str(values[0]), str(values[1]))
    return found


def _normalise(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def list_units(coding: str) -> tuple[int, ...] | None:
    """The action units of a coding, None where nothing is coded; raises `DataError`."""
    units = parse_aus(coding.removeprefix("="))
    return None if units is None else plain_aus(units)


def summarise_changes(changes: Sequence[Change]) -> str:
    """One sentence on who changed how much; empty where nothing was changed."""
    parts = []
    for coder in sorted({change.coder for change in changes}):
        own = [change for change in changes if change.coder == coder]
        counts = []
        for kind in ("added", "removed", "moved", "relabelled"):
            number = sum(change.change == kind for change in own)
            if number:
                counts.append(f"{number} {kind}")
        parts.append(f"{coder or 'a coder without a name'}: {', '.join(counts)}")
    return "; ".join(parts)
