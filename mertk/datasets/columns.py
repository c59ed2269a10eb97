"""Text tables whose columns may go by one of several names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from mertk.core.errors import DataError
from mertk.core.reading import read_file
from mertk.datasets.spreadsheets import Cells, Row, Table, read_csv

Names = Mapping[str, Collection[str]]
"""What a column holds → the (normalised) names that it may have."""


def read_cells(path: Path) -> Cells:
    """The cells of a text file parted by commas, semicolons or tabs; raises `DataError`."""
    cells = read_csv(path, read_file(path))
    if not any(map(any, cells)):
        raise DataError(f"{path}: is empty: there is not even a header")
    return cells


def find(table: Table, names: Names, needed: Collection[str]) -> dict[str, str]:
    """The columns that the table has of these; raises `DataError` where a needed one lacks."""
    return {
        what: table.column(*known)
        for what, known in names.items()
        if what in needed or any(name in table.columns for name in known)
    }


def texts(table: Table, row: Row, columns: Mapping[str, str]) -> dict[str, str]:
    """A row's cells in the columns found; raises `DataError` where one is empty."""
    for column in columns.values():
        if not row[column]:
            raise DataError(f"{table.place(row, column)}: is empty")
    return {what: row[column] for what, column in columns.items()}
