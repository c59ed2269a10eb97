import struct

import openpyxl
import pytest

from mertk import DataError
from mertk.datasets import spreadsheets


def xlsx(path, rows, title="Sheet1", before=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in before:
        book.create_sheet(name)
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def xls(path, rows):
    """The oldest .xls there is (BIFF 2): a header, one record a cell, an end."""
    out = struct.pack("<HHHH", 0x0009, 4, 2, 0x0010)
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            place = struct.pack("<HH3x", at, column)
            if isinstance(value, str):
                text = value.encode("latin-1")
                body, kind = place + bytes([len(text)]) + text, 0x0004
            else:
                body, kind = place + struct.pack("<d", value), 0x0003
            out += struct.pack("<HH", kind, len(body)) + body
    path.write_bytes(out + struct.pack("<HH", 0x000A, 0))
    return path


def test_cells_are_text_as_written(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [["Subject", "A"], ["01", 46], [1, 2.0], [" x ", 2.5], [None]])
    cells = spreadsheets.read_sheets(path)["Sheet1"]
    assert cells[1:4] == [["01", "46"], ["1", "2"], ["x", "2.5"]]


def test_what_looks_like_a_missing_value_stays_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("subject,a,b,c\n006,NA,/,null\n")
    row = spreadsheets.read_table(path).rows[0]
    assert [row[c] for c in ("subject", "a", "b", "c")] == ["006", "NA", "/", "null"]


def test_the_header_is_found_below_a_preamble(tmp_path):
    rows = [[f"note {n}"] for n in range(13)] + [["Subject", "Onset Frame"], ["006", 5562]]
    table = spreadsheets.read_table(xlsx(tmp_path / "a.xlsx", rows, before=["Empty"]))
    assert [(row.number, row["onsetframe"]) for row in table.rows] == [(15, "5562")]
    assert table.place(table.rows[0], "onsetframe").endswith(
        "a.xlsx, sheet 'Sheet1', row 15, column 'Onset Frame'"
    )


@pytest.mark.parametrize("name", ["Subject", "SUBJECT ", "sub", "sub_ID", "sub_ID'"])
def test_the_header_is_known_by_its_subject(tmp_path, name):
    table = spreadsheets.read_table(xlsx(tmp_path / "a.xlsx", [[name, "x"], ["1", "2"]]))
    assert len(table.rows) == 1


def test_a_table_without_subject_names_file_and_sheets(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [["a", "b"]] * 40 + [["Subject"]], title="MICRO_ONLY")
    with pytest.raises(DataError, match=r"a\.xlsx: no header row.*'MICRO_ONLY'"):
        spreadsheets.read_table(path)


def test_a_sheet_can_be_named(tmp_path):
    path = tmp_path / "a.xlsx"
    xlsx(path, [["Subject"], ["1"]], title="one")
    book = openpyxl.load_workbook(path)
    book.create_sheet("two").append(["Subject"])
    book.save(path)
    assert spreadsheets.read_table(path, "two").rows == ()
    with pytest.raises(DataError, match=r"no sheet 'three'\. Sheets: one, two"):
        spreadsheets.read_table(path, "three")
    assert spreadsheets.read_table(path, before=["three", "two"]).sheet == "two"


def test_nameless_columns_and_empty_rows_are_dropped(tmp_path):
    rows = [["Subject", None, "Apex"], ["1", "lost", "5"], [None, None, None], ["2", None, "6"]]
    table = spreadsheets.read_table(xlsx(tmp_path / "a.xlsx", rows))
    assert list(table.columns) == ["subject", "apex"]
    assert [(row.number, row["apex"]) for row in table.rows] == [(2, "5"), (4, "6")]


def test_of_two_equal_columns_the_first_counts(tmp_path):
    table = spreadsheets.read_table(
        xlsx(tmp_path / "a.xlsx", [["Subject", "AU", "au"], [1, "4", "9"]])
    )
    assert table.rows[0]["au"] == "4"


def test_a_missing_column_names_those_that_exist(tmp_path):
    table = spreadsheets.read_table(xlsx(tmp_path / "a.xlsx", [["Subject", "Apex Frame"], [1, 2]]))
    assert table.column("apex", "apexframe") == "apexframe"
    with pytest.raises(DataError, match=r"no column 'onset'\. Columns: Subject, Apex Frame"):
        table.column("onset", "onsetframe")


def test_a_formula_that_is_more_than_arithmetic_is_empty_without_a_kept_value(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [["Subject", "Duration"], ["1", "=NOW()"]])
    assert spreadsheets.read_table(path).rows[0]["duration"] == ""


def test_old_xls_files_are_read(tmp_path):
    pytest.importorskip("xlrd")
    path = xls(tmp_path / "a.xls", [["Subject", "ApexFrame"], [1.0, 59.0], ["02", "/"]])
    rows = spreadsheets.read_table(path).rows
    assert [(row["subject"], row["apexframe"]) for row in rows] == [("1", "59"), ("02", "/")]


def test_an_xlsx_named_xls_is_read(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [["Subject"], ["1"]]).rename(tmp_path / "a.xls")
    assert spreadsheets.read_table(path).rows[0]["subject"] == "1"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_files_of_any_program_are_read(tmp_path, mark, delimiter):
    path = tmp_path / "a.csv"
    lines = [["subject", "text"], ["1", f'"a{delimiter} b"'], ["2"], ["3", "ü", "more"]]
    path.write_bytes((mark + "\r\n".join(delimiter.join(x) for x in lines)).encode())
    rows = spreadsheets.read_table(path).rows
    assert [row["text"] for row in rows] == [f"a{delimiter} b", "", "ü"]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.xlsx", b"PK\x03\x04 and no more", "damaged, cannot be read as .xlsx"),
        ("a.xlsx", b"", "damaged, or not a spreadsheet"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "damaged, cannot be read as .xls"),
        ("a.xls", b"not a sheet", "damaged, cannot be read as .xls"),
        ("a.csv", b"subject\n\xff\xfe\n", "not UTF-8"),
        ("a.txt", b"subject\n", "not a spreadsheet"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content, text):
    if name.endswith(".xls"):
        pytest.importorskip("xlrd")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=text) as caught:
        spreadsheets.read_table(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"a\.csv: cannot be read"):
        spreadsheets.read_sheets(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "number"),
    [("46", 46), ("46.0", 46), ("46,0", 46), ("46,00", 46), ("-1", -1), ("007", 7)],
)
def test_whole_numbers_are_read(text, number):
    assert spreadsheets.parse_integer(text) == number


@pytest.mark.parametrize("text", ["", "/", "4.5", "4,5", "1,000", "4o", "4+7", "nan", "inf"])
def test_other_text_is_no_whole_number(text):
    with pytest.raises(ValueError, match=r".+"):
        spreadsheets.parse_integer(text)


def test_formulas_without_a_kept_value_are_computed(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Subject", "OnsetF", "OffsetF", "Length", "Twice", "Odd", "Circle", "Text"],
        [1, 10, "=B2+16", "=C2-$B$2+1", "=2*(D2-1)/1", "=VLOOKUP(A1,B2)", "=G2+1", "=A1-1"],
    ):
        sheet.append(row)
    book.save(tmp_path / "x.xlsx")
    row = spreadsheets.read_table(tmp_path / "x.xlsx").rows[0]
    assert [row[name] for name in ("offsetf", "length", "twice")] == ["26", "17", "32"]
    assert [row[name] for name in ("odd", "circle", "text")] == ["", "", ""]


def test_an_optional_column_may_be_missing_and_a_needed_cell_may_not_be_empty(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Subject,AU\n006,4\n007,\n")
    table = spreadsheets.read_table(path)
    assert (table.optional("aus", "au"), table.optional("notes")) == ("au", "")
    assert table.filled(table.rows[0], "au") == "4"
    with pytest.raises(DataError, match=r"a\.csv, row 3, column 'AU': the cell is empty"):
        table.filled(table.rows[1], "au")
