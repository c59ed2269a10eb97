"""Tables of intervals in long videos, as the spotting challenges take and give them.

Columns are found by name: `video` (or `vid`), `onset`, `offset`, and perhaps `type`, `emotion` and
`subject`. A table without a header has `vid, onset, offset` and perhaps `type`, as MEGC 2022 to
2024 ask for. A type is `me` (micro-expression) or `mae` (macro-expression), also in words.
"""

from __future__ import annotations

import re
from pathlib import Path

from mertk.data.sheets import Row, Table, integer, read_csv, table_of
from mertk.errors import DataError
from mertk.spotting import Interval

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


def read(path: Path) -> list[Interval]:
    """The intervals of a table, in its order; raises `DataError` naming file, row and column."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    cells = read_csv(path, content)
    header = next((at for at, row in enumerate(cells) if any(row)), None)
    if header is None:
        raise DataError(f"{path}: is empty: not even a header")
    if all(_is_number(text) for text in cells[header][1:3]) and len(cells[header]) in (3, 4):
        cells, header = [list(_WITHOUT_HEADER[: len(cells[header])]), *cells[header:]], 0
    table = table_of(path, "", cells, header)
    columns = {
        what: table.column(*names)
        for what, names in _NAMES.items()
        if what in _NEEDED or any(name in table.columns for name in names)
    }
    return [_interval(table, row, columns) for row in table.rows]


def _interval(table: Table, row: Row, columns: dict[str, str]) -> Interval:
    texts = {what: row[column] for what, column in columns.items()}
    empty = next((what for what, text in texts.items() if not text), None)
    if empty is not None:
        raise DataError(f"{table.place(row, columns[empty])}: is empty")
    onset, offset = (_frame(table, row, columns[what]) for what in ("onset", "offset"))
    try:
        return Interval(
            texts["video"],
            onset,
            offset,
            _kind(table, row, columns["kind"]) if "kind" in columns else "",
            texts.get("emotion", "").lower(),
            texts.get("subject", ""),
        )
    except DataError as error:
        raise DataError(f"{table.place(row, columns['offset'])}: {error}") from error


def _frame(table: Table, row: Row, column: str) -> int:
    try:
        return integer(row[column])
    except ValueError:
        raise DataError(
            f"{table.place(row, column)}: '{row[column]}' is not a frame number"
        ) from None


def _kind(table: Table, row: Row, column: str) -> str:
    try:
        return _KINDS[re.sub(r"[^a-z]", "", row[column].lower())]
    except KeyError:
        raise DataError(
            f"{table.place(row, column)}: '{row[column]}' is neither me (micro-expression) nor mae "
            "(macro-expression)"
        ) from None


def _is_number(text: str) -> bool:
    try:
        integer(text)
    except ValueError:
        return False
    return True
