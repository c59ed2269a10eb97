"""Tables that would fill the memory, or take hours, end at once with one line."""

import time
import zipfile

import openpyxl
import pytest

from mertk.core.errors import DataError
from mertk.datasets.formulas import evaluate_formula
from mertk.datasets.spreadsheets import read_sheets
from mertk.evaluation import external_predictions


def test_a_stray_cell_in_the_last_corner_is_named_at_once(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "Subject"
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "far.xlsx")
    began = time.monotonic()
    with pytest.raises(
        DataError, match=r"far.xlsx, sheet 'Sheet': reaches to row 1,048,576 and column 16,384"
    ):
        read_sheets(tmp_path / "far.xlsx")
    assert time.monotonic() - began < 10


def test_an_archive_that_unpacks_to_a_giant_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b" " * 300_000_000)
    with pytest.raises(DataError, match="unpacks to 300,000,000 bytes; at most 268,435,456"):
        read_sheets(tmp_path / "bomb.xlsx")


def test_a_zip_that_is_damaged_is_named(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(DataError, match=r"a.xlsx: damaged, cannot be read as .xlsx"):
        read_sheets(tmp_path / "a.xlsx")


def test_sheets_of_a_usual_size_are_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Subject", "=B2"])
    book.active.append(["'=s1", 46])
    book.save(tmp_path / "a.xlsx")
    assert read_sheets(tmp_path / "a.xlsx") == {"Sheet": [["Subject", "46"], ["'=s1", "46"]]}


def test_a_chain_of_doubled_cells_is_computed_in_steps_not_in_powers():
    sheet = {f"A{at}": f"=A{at - 1}+A{at - 1}" for at in range(2, 50)} | {"A1": "=1"}
    began = time.monotonic()
    assert evaluate_formula("=A49", sheet.get) == 2.0**48
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "formula", ["=A1", "=" + "(" * 10_000, "=1e308/1e-308*x", f"={10**400}/3", "=1/0"]
)
def test_a_formula_that_cannot_be_computed_has_no_value(formula):
    assert evaluate_formula(formula, {"A1": "=A1"}.get) is None


def test_a_column_that_holds_no_classes_is_refused_at_once(tmp_path):
    rows = "".join(f"c{at},l{at},l{at}\n" for at in range(3000))
    (tmp_path / "t.csv").write_text(f"clip,truth,prediction\n{rows}")
    began = time.monotonic()
    with pytest.raises(DataError, match="3,000 different classes in column 'truth', such as 'l0'"):
        external_predictions.read_predictions(tmp_path / "t.csv")
    assert time.monotonic() - began < 10
    classes = [f"l{at}" for at in range(3000)]
    with pytest.raises(DataError, match="3,000 different classes in --classes"):
        external_predictions.read_predictions(tmp_path / "t.csv", classes)


def test_a_hundred_classes_are_scored(tmp_path):
    rows = "".join(f"c{at},l{at},l{at}\n" for at in range(100))
    (tmp_path / "t.csv").write_text(f"clip,truth,prediction\n{rows}")
    assert len(external_predictions.read_predictions(tmp_path / "t.csv").classes) == 100
