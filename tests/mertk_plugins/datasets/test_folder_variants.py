"""Tables and folders as people bring them: other systems, other programs, other habits."""

from __future__ import annotations

import unicodedata
import zipfile

import cv2
import numpy as np
import openpyxl
import pytest
from casme2_tree import write_frames

import mertk
from mertk.datasets import validation
from mertk.datasets.spreadsheets import read_sheets
from mertk_plugins.datasets.folder import Folder

HEAD = ("subject", "clip", "path", "label")
ROWS = (("anna", "a1", "clips/a1", "joy"), ("bert", "b1", "clips/b1", "anger"))


@pytest.fixture
def root(tmp_path):
    for name in ("a1", "b1"):
        write_frames(tmp_path / "clips" / name, range(1, 6))
    return tmp_path


def write(root, rows=ROWS, *, sep=",", name="index.csv", encoding="utf-8", head=HEAD):
    text = "\n".join(sep.join(row) for row in (head, *rows)) + "\n"
    (root / name).write_bytes(text.encode(encoding))
    return root


def uids(root):
    return [clip.uid for clip in Folder().index(root)]


BOTH = ["folder/anna/a1", "folder/bert/b1"]


def problems(root):
    with pytest.raises(mertk.DataError) as caught:
        Folder().index(root)
    return str(caught.value)


@pytest.mark.parametrize(
    ("sep", "name", "encoding"),
    [
        (";", "index.csv", "utf-8-sig"),
        ("\t", "index.csv", "utf-16"),
        ("\t", "index.tsv", "utf-8"),
    ],
)
def test_tables_of_text_as_excel_writes_them(root, sep, name, encoding):
    assert uids(write(root, sep=sep, name=name, encoding=encoding)) == BOTH


def test_paths_as_windows_and_macos_write_them(root):
    (root / "clips/b1").rename(root / "clips" / unicodedata.normalize("NFD", "Jos\u00e9"))
    rows = (("anna", "a1", "Clips\\A1", "joy"), ("bert", "b1", "clips/Jos\u00e9", "anger"))
    assert uids(write(root, rows)) == BOTH
    clips = Folder().index(root)
    assert [len(clip.footage.frames[:]) for clip in clips] == [5, 5]


def test_of_two_folders_that_differ_in_case_the_written_one_is_taken(root):
    write_frames(root / "clips/A1", range(1, 8))
    assert [len(c.footage.frames) for c in Folder().index(write(root))] == [5, 5]
    write(root, (("anna", "a1", "CLIPS/a1", "joy"), ("bert", "b1", "clips/B1", "anger")))
    assert [len(c.footage.frames) for c in Folder().index(root)] == [5, 5]
    rows = (("anna", "a1", "clips/a1 ", "joy"), ("bert", "b1", "C:\\me\\b1", "anger"))
    assert "write it relative to the table, not with a drive" in problems(write(root, rows))


def test_the_sheet_that_names_subjects_is_read_not_the_notes_before_it(root):
    book = openpyxl.Workbook()
    book.active.append(["Written by", "me"])
    sheet = book.create_sheet("data")
    for row in (HEAD, *ROWS):
        sheet.append(row)
    book.save(root / "index.xlsx")
    assert uids(root) == BOTH


def test_one_person_as_a_whole_number_and_as_a_decimal_is_refused(root):
    rows = (("1", "a1", "clips/a1", "joy"), ("1.0", "b1", "clips/b1", "anger"))
    assert "'folder/1.0' and 'folder/1' in row 2 differ in spelling alone" in problems(
        write(root, rows)
    )


def test_seconds_in_place_of_frames_are_said_to_be(root):
    rows = [(*row, "0.02") for row in ROWS]
    said = problems(write(root, rows, head=(*HEAD, "apex")))
    assert "'0.02' is not a whole number: frames are counted, so multiply seconds" in said


def test_databases_have_the_names_that_people_write(root):
    names = ("CASME II", "casme_2", "SMIC-HS", "CAS(ME)^2", "CAS(ME)^3", "my own")
    rows = [(f"p{at}", "c", "clips/a1", "joy", name) for at, name in enumerate(names)]
    clips = Folder().index(write(root, rows, head=(*HEAD, "dataset")))
    found = [clip.dataset for clip in clips]
    assert found == ["casme2", "casme2", "smic", "casme_sq", "casme3", "my own"]


def test_labels_that_a_protocol_does_not_know_are_shown(root):
    rows = [(*row[:3], str(at), "smic") for at, row in enumerate(ROWS)]
    write(root, rows, head=(*HEAD, "dataset"))
    with pytest.raises(mertk.ProtocolError, match=r"Here are smic, with labels such as '0', '1'"):
        mertk.bench("majority", dataset="folder", data=root, protocol="megc2019", out=root / "runs")


def test_files_that_are_no_table_or_no_pictures_are_named(root):
    with zipfile.ZipFile(root / "all.zip", "w") as archive:
        archive.write(root / "clips/a1/img1.jpg", "img1.jpg")
    assert "is an archive; unpack it" in problems(root / "all.zip")
    (root / "index.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000))
    with pytest.raises(mertk.DataError, match="protected by a password, or damaged"):
        read_sheets(root / "index.xlsx")
    for file in list((root / "clips/a1").iterdir()):
        file.rename(file.with_suffix(".heic"))
    assert "but 5 .heic files; convert them" in problems(write(root))


def test_the_doctor_finds_frames_of_several_sizes(root):
    cv2.imwrite(str(root / "clips/a1/img5.jpg"), np.full((20, 30, 3), 90, np.uint8))
    found = validation.examine_dataset(Folder().survey(write(root)), {})
    (problem,) = found.problems
    assert (problem.topic, problem.clip) == ("frames of several sizes", "folder/anna/a1")
    assert "frame 4 30x20" in problem.text
