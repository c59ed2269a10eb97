"""Tables of intervals in long videos, in the formats of the spotting challenges.

Columns are found by name: `video` (or `vid`), `onset`, `offset`, and perhaps `type`, `emotion` (or
`predicted`) and `subject`. A table without a header has `vid, onset, offset` and perhaps `type`, as
MEGC 2022 to 2024 ask for. A type is `me` (micro-expression) or `mae` (macro-expression), also in
words. An empty emotion is one that is not known.

A log of MEGC 2020 has a line `VIDEO TRUE_ONSET TRUE_OFFSET ONSET OFFSET TP|FP|FN` for each true or
spotted interval, with `-` where one of both is not there, below a line `1` (SAMM long videos) or
`2` (CAS(ME)^2).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mertk.core.errors import DataError
from mertk.datasets.spreadsheets import (
    Cells,
    Row,
    Table,
    find_columns,
    parse_integer,
    read_cells,
    read_texts,
    table_of,
)
from mertk.spotting.scoring import Interval

_NAMES = {
    "video": ("video", "vid", "videoid", "videoname"),
    "onset": ("onset", "predonset", "onsetframe"),
    "offset": ("offset", "predoffset", "offsetframe"),
    "kind": ("type", "kind", "exptype", "expressiontype"),
    "emotion": ("emotion", "predicted", "prediction", "predemotion", "predictedemotion", "label"),
    "subject": ("subject", "sub", "person", "participant"),
}
_NEEDED = ("video", "onset", "offset")
_WITHOUT_HEADER = ("vid", "onset", "offset", "type")
_NOTHING = frozenset({"", "-", "/", "nan", "n/a", "na", "none"})
_MARKS = ("TP", "FP", "FN")
_LOG_PARTS = {"1": "samm_lv", "2": "casme_sq"}
_KINDS = {
    "me": "micro",
    "micro": "micro",
    "microexpression": "micro",
    "mae": "macro",
    "macro": "macro",
    "macroexpression": "macro",
}


Sides = tuple[list[Interval], list[Interval]]
"""True and spotted intervals."""


def read_intervals(path: Path) -> list[Interval]:
    """The intervals of a table, in its order; raises `DataError` naming file, row and column.

    Of a log of MEGC 2020, the spotted ones. Rows without onset and offset are videos in which
    nothing was spotted, as `mertk predict` writes them.
    """
    cells = read_cells(path)
    if _is_log(cells):
        return [one for _, spotted in _parse_log(path, cells).values() for one in spotted]
    table = _parse_table(path, cells)
    found = find_columns(table, _NAMES, _NEEDED)
    rows = [row for row in table.rows if row[found["onset"]] or row[found["offset"]]]
    return [_parse_interval(table, row, found) for row in rows]


def is_challenge_log(path: Path) -> bool:
    """Whether a file is a log of MEGC 2020, which holds true and spotted intervals."""
    return _is_log(read_cells(path))


def read_challenge_log(path: Path) -> dict[str, Sides]:
    """The intervals of a log of MEGC 2020 by data set, whose name is '' where the log has none.

    Raises `DataError` naming file and row.
    """
    return _parse_log(path, read_cells(path))


def _is_log(cells: Cells) -> bool:
    for row in cells:
        words = " ".join(row).split()
        if len(words) > 1:
            return len(words) == 6 and (words[-1].upper() in _MARKS or "-" in words[1:5])
    return False


def _parse_log(path: Path, cells: Cells) -> dict[str, Sides]:
    parts: dict[str, Sides] = {}
    part = ""
    for number, row in enumerate(cells, 1):
        words, where = " ".join(row).split(), f"{path}, row {number}"
        if len(words) == 1 and words[0] in _LOG_PARTS:
            part = _LOG_PARTS[words[0]]
        elif len(words) == 6 and words[-1].upper() in _MARKS:
            true, spotted = parts.setdefault(part, ([], []))
            for side, ends in ((true, words[1:3]), (spotted, words[3:5])):
                one = _parse_log_interval(where, words[0], ends)
                if one and one not in side:  # in several rows where it matches several intervals
                    side.append(one)
        elif words:
            raise DataError(
                f"{where}: '{' '.join(words)}' is not VIDEO TRUE_ONSET TRUE_OFFSET ONSET OFFSET "
                "TP|FP|FN, and not 1 (SAMM long videos) or 2 (CAS(ME)^2)"
            )
    return parts


def _parse_log_interval(where: str, video: str, ends: Sequence[str]) -> Interval | None:
    if all(text in _NOTHING for text in ends):
        return None
    if not all(map(_is_number, ends)):
        raise DataError(f"{where}: '{' '.join(ends)}' are not two frame numbers")
    try:
        return Interval(video, parse_integer(ends[0]), parse_integer(ends[1]))
    except DataError as error:
        raise DataError(f"{where}: {error}") from error


def _parse_table(path: Path, cells: Cells) -> Table:
    header = list(map(any, cells)).index(True)
    first = cells[header]
    if len(first) in (3, 4) and all(_is_number(text) for text in first[1:3]):
        names = _WITHOUT_HEADER[: len(first)]
        rows = []
        for number, line in enumerate(cells, 1):
            if any(line):
                rows.append(Row(number, dict(zip(names, line, strict=False))))
        return Table(path, "", dict(zip(names, names, strict=True)), tuple(rows))
    return table_of(path, "", cells, header)


def _parse_interval(table: Table, row: Row, found: Mapping[str, str]) -> Interval:
    needed = {what: name for what, name in found.items() if what not in ("emotion", "subject")}
    texts = read_texts(table, row, needed)
    onset = _parse_frame(table, row, found["onset"])
    offset = _parse_frame(table, row, found["offset"])
    kind = _parse_kind(table, row, found["kind"]) if "kind" in found else ""
    emotion = row[found["emotion"]].lower() if "emotion" in found else ""
    emotion = "" if emotion in _NOTHING else emotion
    subject = row[found["subject"]] if "subject" in found else ""
    try:
        return Interval(texts["video"], onset, offset, kind, emotion, subject)
    except DataError as error:
        raise DataError(f"{table.place(row, found['offset'])}: {error}") from error


def _parse_frame(table: Table, row: Row, column: str) -> int:
    try:
        return parse_integer(row[column])
    except ValueError:
        raise DataError(
            f"{table.place(row, column)}: '{row[column]}' is not a frame number"
        ) from None


def _parse_kind(table: Table, row: Row, column: str) -> str:
    try:
        return _KINDS[re.sub(r"[^a-z]", "", row[column].lower())]
    except KeyError:
        raise DataError(
            f"{table.place(row, column)}: '{row[column]}' is neither me (micro-expression) nor mae "
            "(macro-expression)"
        ) from None


def _is_number(text: str) -> bool:
    try:
        parse_integer(text)
    except ValueError:
        return False
    return True
