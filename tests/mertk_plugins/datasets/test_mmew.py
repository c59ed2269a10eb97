import csv
import inspect
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmew_tree import (
    COUNTS,
    HEADER,
    ROWS,
    Row,
    cells,
    edition_rows,
    write_frames,
    write_macro,
    write_mmew,
    write_sheet,
    write_tree,
)

import mertk
from mertk.datasets.editions import UNRECOGNISED
from mertk_plugins.datasets.mmew import MMEW

SHEET = "MMEW_Micro_Exp.xlsx"


@pytest.fixture
def root(tmp_path):
    return write_mmew(tmp_path / "MMEW")


def read(root, **params):
    return list(MMEW(**params).index(root))


def numbers(clip):
    """The file numbers of a clip's frames, which their grey values give away."""
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("mmew")), MMEW)


def test_every_row_is_a_clip(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == [
        "mmew/S01/S01-01-001/1",
        "mmew/S01/S01-04-002/1",
        "mmew/S04/S04-02-002/1",
        "mmew/S13/S13-07-001/1",
    ]
    first = clips[0]
    assert numbers(first) == list(range(1, 12))  # 10.jpg does not come before 2.jpg
    assert (first.footage.apex, first.footage.fps) == (2, 90)
    assert (first.record["root_kind"], first.record["zero_pad"]) == ("cropped", None)


def test_laterality_may_stand_behind_an_au(root):
    record = read(root)[1].record
    assert record["au_set"] == (4, 10)
    assert [au["side"] for au in record["aus"]] == ["R", "R"]


# Trees


@pytest.mark.parametrize("others", ["repression", "others", "Repression"])
@pytest.mark.parametrize("by_subject", [False, True])
@pytest.mark.parametrize("tree", [".", "Micro_Expression", "MMEW/MMEW_Final/Micro_Expression"])
def test_clips_are_found_whatever_the_folder_of_the_class_others_is_called(
    tmp_path, others, by_subject, tree
):
    write_sheet(tmp_path / SHEET)
    write_tree(tmp_path / tree, others=others, by_subject=by_subject)
    clip = read(tmp_path)[1]
    assert clip.record["label"] == "others"
    assert clip.record["frames_dir"].lower().endswith(f"{others.lower()}/s01-04-002")


def test_the_class_may_be_called_like_its_folder_in_the_sheet(root):
    write_sheet(root / SHEET, [ROWS[0], replace(ROWS[1], emotion="repression"), *ROWS[2:]])
    record = read(root)[1].record
    assert (record["label"], record["emotion"]) == ("others", "others")
    assert (record["emotion_raw"], record["quirks"]) == ("repression", ())


def test_macro_expressions_are_not_looked_at(root, tmp_path):
    survey = MMEW().survey(root)
    assert survey.tree == root / "MMEW_Final/Micro_Expression"
    assert survey.unannotated == ()
    alone = tmp_path / "alone"
    write_sheet(alone / SHEET)
    write_sheet(alone / "MMEW_Macro_Exp.xlsx")
    write_macro(alone / "Macro_Expression")
    found = MMEW().survey(alone)
    assert (found.tree, found.sheets) == (None, (alone / SHEET,))


def test_folders_and_subjects_match_whatever_their_padding_and_case(tmp_path):
    write_sheet(tmp_path / SHEET, [Row("S1", "s1-1-1")])
    write_frames(tmp_path / "happiness/s01-01-001", range(1, 12))
    assert read(tmp_path)[0].uid == "mmew/S01/S01-01-001/1"


# Offsets


def test_a_longer_folder_keeps_the_published_interval_and_is_told(root):
    write_frames(root / "MMEW_Final/Micro_Expression/surprise/S04-02-002", range(1, 55))
    clip = read(root)[2]
    record = clip.record
    assert numbers(clip) == list(range(1, 16))
    assert (record["apex"], record["offset"], record["offset_status"]) == (8, 15, "given")
    assert record["quirks"] == ("offset_ne_folder",)
    assert record["n_files"] == 54
    assert record["notes"] == ("the folder holds 54 files, up to 54; the offset is 15",)


def test_the_sixteen_longer_folders_are_known_without_frames(tmp_path):
    table = Path(inspect.getfile(MMEW)).with_name("_mmew_repairs.csv")
    known = list(csv.DictReader(table.read_text().splitlines()))
    assert Counter(row["clip"][:3] for row in known) == {"S04": 9, "S13": 7}
    rows = [
        Row(row["clip"][:3], row["clip"][4:], offset=row["published"], emotion="anger")
        for row in known
    ]
    write_sheet(tmp_path / SHEET, rows)
    assert all(
        "offset_ne_folder" in clip.record["quirks"] for clip in MMEW().survey(tmp_path).clips
    )
    write_sheet(tmp_path / SHEET, [replace(row, offset=14) for row in rows])
    assert not any(
        "offset_ne_folder" in clip.record["quirks"] for clip in MMEW().survey(tmp_path).clips
    )


def test_a_folder_that_ends_with_the_offset_is_not_marked(root):
    assert [clip.record["quirks"] for clip in read(root)] == [()] * 4  # S04-02-002 is one of them


def test_a_longer_folder_that_nobody_knew_of_is_marked_too(root):
    write_frames(root / "MMEW_Final/Micro_Expression/happiness/S01-01-001", range(1, 21))
    first, second = read(root)[:2]
    assert (first.record["quirks"], first.record["n_files"]) == (("offset_ne_folder",), 20)
    assert second.record["quirks"] == ()


# Annotation files


@pytest.mark.usefixtures("made_up_content")
@pytest.mark.parametrize("name", [SHEET, "MMEW_Micro_Exp_v2.xlsx", "MMEW_Micro_Exp (20).xlsx"])
def test_the_published_counts_are_known(tmp_path, name):
    rows = edition_rows()
    write_sheet(tmp_path / name, rows)
    survey = MMEW().survey(tmp_path)
    assert survey.edition == "300"
    assert Counter(clip.record["label"] for clip in survey.clips) == COUNTS
    assert ("v2" in "".join(survey.assumed)) == ("v2" in name)
    write_sheet(tmp_path / name, rows[1:])
    assert MMEW().survey(tmp_path).edition == UNRECOGNISED


def test_version_2_is_read_unless_another_is_asked_for(root):
    write_sheet(root / "MMEW_Micro_Exp_v2.xlsx", ROWS[:1])
    assert len(read(root)) == 1
    assert len(read(root, sheet="mmew_micro_exp.xlsx")) == 4


def test_names_that_contradict_the_columns_are_marked(root):
    rows = [replace(ROWS[0], subject=2), replace(ROWS[1], emotion="fear"), Row(clip="S01-x")]
    write_sheet(root / SHEET, rows)
    clips = MMEW().survey(root).clips
    assert [clip.record["quirks"] for clip in clips] == [
        ("subject_differs_from_name",),
        ("emotion_differs_from_name",),
        ("irregular_name",),
    ]
    assert clips[0].subject == "S02"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": None}, "row 3, column 'Subject': the cell is empty"),
        ({"subject": "x"}, "row 3, column 'Subject': 'x' is not a subject such as 1 or S01"),
        ({"clip": None}, "row 3, column 'Filename': the cell is empty"),
        ({"emotion": None}, "row 3, column 'Estimated Emotion': the cell is empty"),
        ({"offset": 0}, r"S01-04-002/1 \(row 3\): onset 1 lies after offset 0"),
        ({"clip": "S01-01-1"}, "row 2 and row 3 both annotate"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    write_sheet(root / SHEET, [ROWS[0], replace(ROWS[1], **changes), *ROWS[2:]])
    with pytest.raises(mertk.DataError, match=text):
        read(root)


def test_annotations_alone_can_be_counted_but_not_used(tmp_path):
    write_sheet(tmp_path / SHEET)
    assert len(MMEW().survey(tmp_path).clips) == 4
    with pytest.raises(mertk.DataError, match=r"no tree of frames.*S03-01-002/1\.jpg"):
        read(tmp_path)


def test_frames_alone_are_told_which_spreadsheet_they_lack(tmp_path):
    write_tree(tmp_path / "Micro_Expression")
    with pytest.raises(mertk.DataError, match=r"no annotation spreadsheet.*MMEW_Micro_Exp\.xlsx"):
        read(tmp_path)


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "S01-01-001", "S13", "/", "=A1", "?", "repression"]),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8),
)
PLACE = st.tuples(st.integers(0, 4), st.integers(0, len(HEADER) - 1))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PLACE, CELL, max_size=4), st.permutations(range(len(HEADER))))
def test_a_damaged_annotation_gives_clips_or_an_error_that_names_it(changes, order):
    table = [list(HEADER), *(cells(row) for row in ROWS)]
    for (row, column), cell in changes.items():
        table[row][column] = cell
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / SHEET
        book = openpyxl.Workbook()
        for row in table:
            book.active.append([row[at] for at in order])
        book.save(file)
        problem = file.name
        try:
            assert MMEW().survey(Path(folder)).clips
        except mertk.DataError as error:
            problem = str(error)
    assert file.name in problem
