"""Tables of intervals in long videos, in the formats of the spotting challenges.

Columns are found by name: `video` (or `vid`), `onset`, `offset`, and perhaps `type`, `emotion` and
`subject`. A table without a header has `vid, onset, offset` and perhaps `type`, as MEGC 2022 to
2024 ask for. A type is `me` (micro-expression) or `mae` (macro-expression), also in words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    "video": ("video", "vid"),
    "onset": ("onset", "predonset"),
    "offset": ("offset", "predoffset"),
    "kind": ("type", "kind"),
    "emotion": ("emotion",),
    "subject": ("subject", "sub"),
}
_NEEDED = ("video", "onset", "offset")
_WITHOUT_HEADER = ("vid", "onset", "offset", "type")
_KINDS = {
    "me": "micro",
    "micro": "micro",
    "microexpression": "micro",
    "mae": "macro",
    "macro": "macro",
    "macroexpression": "macro",
}


def read_intervals(path: Path) -> list[Interval]:
    """The intervals of a table, in its order; raises `DataError` naming file, row and column."""
    table = _parse_table(path, read_cells(path))
    found = find_columns(table, _NAMES, _NEEDED)
    return [_parse_interval(table, row, found) for row in table.rows]


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
    texts = read_texts(table, row, found)
    onset = _parse_frame(table, row, found["onset"])
    offset = _parse_frame(table, row, found["offset"])
    kind = _parse_kind(table, row, found["kind"]) if "kind" in found else ""
    emotion, subject = texts.get("emotion", "").lower(), texts.get("subject", "")
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
