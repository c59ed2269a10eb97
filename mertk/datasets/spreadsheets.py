"""Spreadsheets as text: every cell a stripped string, so that '01', '/' and '4+7' stay as they are.

Readers find the header row by its word 'subject' and the columns by their names, because both
move between editions of one file.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mertk.core.errors import DataError, MissingPackageError
from mertk.core.escaping import original_cell
from mertk.core.reading import read_file
from mertk.datasets import formulas

Cells = list[list[str]]

Names = Mapping[str, Collection[str]]
"""What a column holds → the (normalised) names that it may have."""

_SUBJECT = frozenset({"subject", "sub", "subid"})
_HEADER_ROWS = 30
_MOST_CELLS = 5_000_000  # of a sheet, empty ones too; the largest published one has 60,000
_MOST_UNPACKED = 256 * 2**20  # bytes of all parts of an .xlsx

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TEXTS = frozenset({".csv", ".tsv"})
"""The endings of tables of text, whose cells are parted by commas, semicolons or tabs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: its number as a spreadsheet program shows it, and its cells by column."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Table:
    """The data rows under a header; `columns` maps normalised names to the names as written."""

    file: Path
    sheet: str
    columns: Mapping[str, str]
    rows: tuple[Row, ...]

    def column(self, *names: str) -> str:
        """The first of these (normalised) names that the table has; raises `DataError`."""
        found = self.optional(*names)
        if not found:
            raise DataError(
                f"{self.place()}: no column '{names[0]}'. "
                f"Columns: {', '.join(self.columns.values())}."
            )
        return found

    def optional(self, *names: str) -> str:
        """The first of these (normalised) names that the table has, or ''."""
        return next((name for name in names if name in self.columns), "")

    def filled(self, row: Row, column: str) -> str:
        """The text of a cell; raises `DataError` where it is empty."""
        if not row[column]:
            raise DataError(f"{self.place(row, column)}: the cell is empty")
        return row[column]

    def place(self, row: Row | None = None, column: str = "") -> str:
        """Where something is, for an error text: file, sheet, row and column."""
        sheet = f", sheet '{self.sheet}'" if self.sheet else ""
        at = f", row {row.number}" if row else ""
        of = f", column '{self.columns.get(column, column)}'" if column else ""
        return f"{self.file}{sheet}{at}{of}"


def find_columns(table: Table, names: Names, needed: Collection[str]) -> dict[str, str]:
    """The columns that the table has of these; raises `DataError` where a needed one lacks."""
    found = {}
    for what, known in names.items():
        column = table.column(*known) if what in needed else table.optional(*known)
        if column:
            found[what] = column
    return found


def read_texts(table: Table, row: Row, columns: Mapping[str, str]) -> dict[str, str]:
    """A row's cells in the columns found; raises `DataError` where one is empty."""
    return {what: table.filled(row, column) for what, column in columns.items()}


def normalise_name(name: str) -> str:
    """A column name without case, blanks, underscores and trailing apostrophes."""
    return re.sub(r"[\s_]+", "", name).rstrip("'").lower()


def parse_integer(text: str) -> int:
    """A whole number, also written as '46.0' or '46,0'; raises `ValueError` on anything else."""
    whole, _, rest = re.sub(r",(?=00?$)", ".", text).partition(".")
    if rest.strip("0"):
        raise ValueError(f"'{text}' is not a whole number")
    return int(whole)


def read_table(path: Path, sheet: str | None = None, *, before: Sequence[str] = ()) -> Table:
    """The table of the named sheet, or else of the first one with a header row.

    The header row is the first of 30 that has a cell 'subject' (or 'sub', 'sub_ID'). Sheets named
    in `before` are tried before the others, in that order. Empty rows and columns without a
    name are dropped. Raises `DataError` where there is no such row.
    """
    sheets = read_sheets(path)
    if sheet is not None and sheet not in sheets:
        raise DataError(f"{path}: no sheet '{sheet}'. Sheets: {', '.join(sheets)}.")
    for name in dict.fromkeys([*before, *sheets]):
        cells = sheets.get(name, [])
        at = _find_header(cells)
        if at is not None and sheet in (None, name):
            return table_of(path, name, cells, at)
    raise DataError(
        f"{path}: no header row: none of the first {_HEADER_ROWS} rows has a cell 'Subject'"
        + (f" in sheet {', '.join(map(repr, sheets))}" if any(sheets) else "")
    )


def table_of(path: Path, sheet: str, cells: Cells, header: int) -> Table:
    """The table whose header is the row at position `header`; of equal columns the first counts."""
    positions: dict[str, int] = {}
    for at, name in enumerate(cells[header]):
        if normalise_name(name):
            positions.setdefault(normalise_name(name), at)
    rows = []
    for number, texts in enumerate(cells[header + 1 :], header + 2):
        found = {key: texts[at] for key, at in positions.items() if at < len(texts)}
        if any(found.values()):
            rows.append(Row(number, found))
    columns = {key: cells[header][at] for key, at in positions.items()}
    return Table(path, sheet, columns, tuple(rows))


def _find_header(cells: Cells) -> int | None:
    for at, row in enumerate(cells[:_HEADER_ROWS]):
        if not _SUBJECT.isdisjoint(map(normalise_name, row)):
            return at
    return None


def read_sheets(path: Path) -> dict[str, Cells]:
    """All sheets of an .xlsx, .xls, .csv or .tsv file by name; text is one sheet without a name.

    Formula cells give the values that the program which saved the file has kept, or else what
    `mertk.datasets.formulas` makes of them. Raises `DataError` where the file cannot be read.
    """
    content = read_file(path)
    if content.startswith(b"PK"):  # some .xls files are .xlsx inside
        return _read_xlsx(path, content)
    if path.suffix.lower() in TEXTS:
        return {"": read_csv(path, content)}
    if path.suffix.lower() == ".xls":
        return _read_xls(path, content)
    if content.startswith(_OLE):  # of an .xls file, and of an .xlsx file with a password
        try:
            return _read_xls(path, content)
        except DataError as error:
            text = "protected by a password, or damaged; open it and save it without a password"
            raise DataError(f"{path}: {text}") from error
    raise DataError(f"{path}: damaged, or not a spreadsheet: expected .xlsx, .xls, .csv or .tsv")


def _read_xlsx(path: Path, content: bytes) -> dict[str, Cells]:
    import openpyxl

    if path.suffix.lower() == ".zip":
        raise DataError(f"{path}: is an archive; unpack it, and give the folder")

    _check_unpacked(path, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # styles that openpyxl does not know
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except Exception as error:  # a parser of damaged bytes may fail in any way
        raise DataError(f"{path}: damaged, cannot be read as .xlsx: {error}") from error
    found: dict[str, Cells] = {}
    for sheet in book.worksheets:
        _check_extent(path, sheet.title, sheet.max_row, sheet.max_column)
        found[sheet.title] = _format_cells(sheet.iter_rows(values_only=True))
    if _has_formulas(content):
        _fill_formulas(openpyxl.load_workbook(io.BytesIO(content)), found)
    return found


def _check_unpacked(path: Path, content: bytes) -> None:
    """Refuse an archive that unpacks to more than memory should hold; its parts say how much."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"{path}: damaged, cannot be read as .xlsx: {error}") from error
    if size > _MOST_UNPACKED:
        raise DataError(
            f"{path}: unpacks to {size:,} bytes; at most {_MOST_UNPACKED:,} are read; save "
            "it as CSV"
        )


def _check_extent(path: Path, sheet: str, rows: int, columns: int) -> None:
    """Refuse a sheet that a stray cell makes giant: every cell before it would be read."""
    if rows * columns > _MOST_CELLS:
        raise DataError(
            f"{path}, sheet '{sheet}': reaches to row {rows:,} and column {columns:,}; at most "
            f"{_MOST_CELLS:,} cells are read. Delete what lies outside the table, and save it"
        )


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/") and re.search(rb"<f[ >]", parts.read(name)):
                return True
    return False


def _fill_formulas(book: Any, found: dict[str, Cells]) -> None:
    """Fill in formula cells that were saved without a value, where they are plain arithmetic."""
    for sheet in book.worksheets:
        for cell in itertools.chain.from_iterable(sheet.iter_rows()):
            line = found[sheet.title][cell.row - 1]
            if cell.data_type == "f" and not line[cell.column - 1]:
                value = formulas.evaluate_formula(str(cell.value), lambda at: sheet[at].value)  # noqa: B023
                line[cell.column - 1] = _format_cell(value)


def _read_xls(path: Path, content: bytes) -> dict[str, Cells]:
    try:
        import xlrd
    except ModuleNotFoundError:
        raise MissingPackageError(
            f"{path}: .xls files need the package 'xlrd': pip install 'mertk[all]', "
            "or save the file as .xlsx"
        ) from None
    try:
        book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO())
    except Exception as error:  # a parser of damaged bytes may fail in any way
        raise DataError(f"{path}: damaged, cannot be read as .xls: {error}") from error
    found: dict[str, Cells] = {}
    for sheet in book.sheets():
        _check_extent(path, sheet.name, sheet.nrows, sheet.ncols)
        found[sheet.name] = _format_cells(map(sheet.row_values, range(sheet.nrows)))
    return found


def read_cells(path: Path) -> Cells:
    """The cells of a text file parted by commas, semicolons or tabs; raises `DataError`."""
    cells = read_csv(path, read_file(path))
    if not any(map(any, cells)):
        raise DataError(f"{path}: is empty: there is not even a header")
    return cells


def read_csv(path: Path, content: bytes) -> Cells:
    """The cells of text parted by commas, semicolons or tabs; raises `DataError`."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's Unicode text
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason}); save it as CSV UTF-8") from error
    first = text.lstrip("\r\n ").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [list(map(original_cell, map(str.strip, line))) for line in lines]
    except csv.Error as error:
        raise DataError(f"{path}: not a readable csv: {error}") from error


def _format_cells(rows: Iterable[Iterable[Any]]) -> Cells:
    return [list(map(_format_cell, row)) for row in rows]


def _format_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
