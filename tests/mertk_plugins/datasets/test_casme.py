import tempfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from casme_tree import (
    HEADER,
    ROWS,
    Row,
    cells,
    edition_rows,
    write_casme,
    write_frames,
    write_sections,
    write_sheet,
    write_short_sheet,
    write_tree,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mertk
from mertk.datasets.editions import UNRECOGNISED
from mertk_plugins.datasets.casme import CASME

UIDS = [
    "casme/sub01/EP01_12/73",
    "casme/sub01/EP01_12/95",
    "casme/sub07/EP17_2/8",
    "casme/sub17/EP17_4_1/1",
]


@pytest.fixture
def root(tmp_path):
    return write_casme(tmp_path / "CASME")


def read(root, **params):
    return list(CASME(**params).index(root))


def numbers(clip):
    """The file numbers of a clip's frames, which their grey values give away."""
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("casme")), CASME)


# Clips


def test_several_expressions_of_a_folder_are_clips_of_their_own(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == UIDS
    assert numbers(clips[0]) == list(range(73, 86))
    assert numbers(clips[1]) == list(range(95, 104))
    assert clips[0].record["frames_dir"] == clips[1].record["frames_dir"]
    assert clips[0].footage.fps == 60


def test_the_frame_number_is_the_one_behind_the_clip_name(root):
    clip = read(root)[2]
    assert numbers(clip) == [8, 9, 10, 11, 12]  # EP17_2-008.jpg …
    assert (clip.footage.apex, clip.record["zero_pad"]) == (2, 3)


def test_the_first_of_two_apexes_is_the_apex_and_the_second_is_kept(root):
    record = read(root)[1].record
    assert (record["apex"], record["apex2"]) == (99, "101")
    assert (record["au_set"], record["session"]) == ((4, 14), "A")


def test_a_common_typing_error_is_contempt(root):
    record = read(root)[3].record
    assert (record["label"], record["emotion_raw"]) == ("contempt", "comtempt")
    assert record["quirks"] == ("ep17_4_elsewhere",)


@pytest.mark.parametrize("clip", ["EP01_12", "EP01-12"])
def test_folders_match_whatever_their_padding_case_and_dashes(tmp_path, clip):
    write_sheet(tmp_path / "casme.xlsx", [Row(clip=clip)])
    write_frames(tmp_path / "RAW/Sub1/ep01_12", range(73, 86), "img{}.jpg")
    assert read(tmp_path)[0].uid == "casme/sub01/EP01_12/73"


@pytest.mark.parametrize(
    ("tree", "prefix", "kind"),
    [
        ("CASME_raw_selected", "", "raw"),
        ("Cropped", "reg_", "cropped"),
        ("faces", "reg_", "cropped"),
        (".", "", "raw"),
    ],
)
def test_trees_are_known_by_folder_or_file_names(tmp_path, tree, prefix, kind):
    root = tmp_path / "data"
    write_sheet(root / "casme.xlsx")
    write_tree(root / tree, prefix=prefix)
    assert {clip.record["root_kind"] for clip in read(root)} == {kind}


def test_auto_takes_raw_before_cropped(root):
    write_tree(root / "Cropped2/Cropped", prefix="reg_")
    assert read(root)[0].record["root_kind"] == "raw"
    assert read(root, tree="cropped")[0].record["root_kind"] == "cropped"


# Annotation files


@pytest.fixture
def sections(tmp_path):
    raw = tmp_path / "CASME/RAW"
    write_sections(raw)
    write_tree(raw / "CASME_A/Section A", ROWS[:3])
    write_tree(raw / "CASME_B/Section B", ROWS[3:])
    return tmp_path / "CASME"


def test_both_sections_make_up_one_set(sections):
    survey = CASME().survey(sections)
    assert [clip.uid for clip in survey.clips] == UIDS
    assert [file.name for file in survey.sheets] == ["Section A.xls", "Section B.xls"]
    assert not survey.unusable
    assert [clip.record["source"] for clip in survey.clips][2:] == [
        "row 4 of Section A.xls",
        "row 2 of Section B.xls",
    ]
    assert survey.clips[3].record["session"] == "B"


def test_naming_one_section_reads_both(sections):
    write_sheet(sections / "casme.xlsx", ROWS[:1])
    assert len(CASME().survey(sections).clips) == 1
    assert len(CASME(sheet="section b.XLS").survey(sections).clips) == 4


def test_a_file_without_offsets_is_read_only_where_there_is_no_other(sections):
    write_short_sheet(sections / "CASME.xls")
    assert len(CASME().survey(sections).sheets) == 2
    survey = CASME(sheet="CASME.xls").survey(sections)
    assert [clip.uid for clip in survey.clips] == UIDS
    assert [clip.record["quirks"] for clip in survey.clips][:2] == [(), ()]
    assert (survey.clips[0].record["onset"], survey.clips[0].record["apex"]) == (73, 81)
    assert any("no column of offsets" in sentence for sentence in survey.assumed)
    with pytest.raises(mertk.DataError, match=r"4 of 4 .*\n.*no offset is annotated"):
        read(sections, sheet="CASME.xls")


def test_columns_of_other_names_are_found_and_that_is_said(tmp_path):
    header = "Subject,Filename,Onset Frame No,Apex Frame No,Offset Frame No,Main Emotion\n"
    (tmp_path / "casme.csv").write_text(header + "1,EP01_12,73,81,85,tense\n")
    survey = CASME().survey(tmp_path)
    record = survey.clips[0].record
    assert (record["onset"], record["apex"], record["offset"]) == (73, 81, 85)
    assert "casme.csv: column 'Onset Frame No' is taken for the onset" in survey.assumed
    assert len(survey.assumed) == 4


@pytest.mark.parametrize("name", ["CASME2-coding-20140508.xlsx", "CASME II.xlsx", "casme3.xlsx"])
def test_sheets_of_its_successors_are_not_read(tmp_path, name):
    write_sheet(tmp_path / name)
    with pytest.raises(mertk.DataError, match=f"no annotation spreadsheet.*found: {name}"):
        CASME().survey(tmp_path)


def test_the_file_of_189_is_known_by_its_counts(tmp_path):
    write_sheet(tmp_path / "casme.xlsx", edition_rows())
    assert CASME().survey(tmp_path).edition == "189"
    write_sections(tmp_path, edition_rows())
    assert CASME(sheet="Section A.xls").survey(tmp_path).edition == "189"


@pytest.mark.parametrize("changes", [{"emotion": "fear"}, {"subject": 2}])
def test_other_counts_of_an_emotion_or_a_person_are_no_published_edition(tmp_path, changes):
    first, *others = edition_rows()
    write_sheet(tmp_path / "casme.xlsx", [replace(first, **changes), *others])
    assert CASME().survey(tmp_path).edition == UNRECOGNISED


def test_the_195_of_the_paper_are_known_and_the_additional_ones_marked(tmp_path):
    more = [Row(19, "EP07_8"), Row(19, "EP07_9"), Row(19, "EP12_1"), Row(6, "EP04_1"),
            Row(17, "EP17_2", 3, 5), Row(17, "EP17_4")]  # fmt: skip
    write_sheet(tmp_path / "casme.xlsx", [*edition_rows(), *more])
    survey = CASME().survey(tmp_path)
    assert survey.edition == "195"
    assert {clip.record["quirks"] for clip in survey.clips[189:]} == {("not_in_189",)}


# Frame numbers


@pytest.mark.parametrize("offset", ["\\", "/", None])
def test_a_clip_without_offset_can_be_counted_but_not_cut(root, offset):
    write_sheet(root / "casme.xlsx", [replace(ROWS[0], offset=offset), *ROWS[1:]])
    record = CASME().survey(root).clips[0].record
    assert (record["onset"], record["offset"], record["offset_status"]) == (73, None, "missing")
    assert record["quirks"] == ("offset_missing",)
    with pytest.raises(mertk.DataError, match=r"EP01_12/73 \(row 2\): no offset is annotated"):
        read(root)
    assert len(read(root, missing="skip")) == 3


REPAIRED = [
    (Row(3, "EP07_1", 300, 310, None, 320), range(90, 160), (100, 120, 149)),
    (Row(3, "EP09_3", 300, 310, None, 320), range(90, 160), (101, 110, 119)),
    (Row(3, "EP09_4", 300, 310, None, 320), range(50, 80), (57, 65, 74)),
    (Row(6, "EP02_5", 7, 15, None, 400), range(1, 60), (7, 15, 40)),
    (Row(13, "EP08_5", 130, 135, None, "\\"), range(120, 143), (130, 135, 142)),
]


@pytest.mark.parametrize(("row", "on_disk", "frames"), REPAIRED)
def test_frames_of_the_folder_are_taken_where_the_annotated_ones_are_missing(
    tmp_path, row, on_disk, frames
):
    write_sheet(tmp_path / "casme.xlsx", [row])
    write_frames(tmp_path / f"RAW/sub{row.subject:02d}/{row.clip}", on_disk)
    record = read(tmp_path)[0].record
    assert (record["onset"], record["apex"], record["offset"]) == frames
    assert "frames_of_folder" in record["quirks"]
    assert record["offset_raw"] == str(row.offset)
    assert record["uid"] == f"casme/sub{row.subject:02d}/{row.clip}/{row.onset}"
    official = CASME(repair="official").survey(tmp_path).clips[0].record
    assert "frames_of_folder" not in official["quirks"]


def test_annotated_frames_that_are_on_disk_are_left_alone(tmp_path):
    write_sheet(tmp_path / "casme.xlsx", [Row(3, "EP07_1", 92, 95, None, 99)])
    write_frames(tmp_path / "RAW/sub03/EP07_1", range(90, 160))
    record = read(tmp_path)[0].record
    assert (record["onset"], record["offset"], record["quirks"]) == (92, 99, ())


# A folder that is not right


def test_a_missing_column_names_those_that_exist(tmp_path):
    (tmp_path / "casme.csv").write_text("Subject,Filename,Emotion\n1,EP01_12,tense\n")
    with pytest.raises(mertk.DataError, match=r"no column 'onsetf'\. Columns: Subject, Filename"):
        CASME().survey(tmp_path)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": None}, r"casme\.xlsx.*row 3, column 'Subject': the cell is empty"),
        ({"subject": "EP"}, "row 3, column 'Subject': 'EP' is not a subject"),
        ({"clip": None}, "row 3, column 'Filename': the cell is empty"),
        ({"emotion": " "}, "row 3, column 'Emotion': the cell is empty"),
        ({"onset": "x"}, r"sub01/EP01_12/x \(row 3\): onset 'x'.* are not frame numbers"),
        ({"onset": 10**20}, r"\(row 3\): onset '10+', .* are not frame numbers"),
        ({"onset": 73}, r"casme\.xlsx: row 2 and row 3 both annotate"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    write_sheet(root / "casme.xlsx", [ROWS[0], replace(ROWS[1], **changes), *ROWS[2:]])
    with pytest.raises(mertk.DataError, match=text):
        read(root)


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "EP01_12", "sub01", "\\", "=A1", "?", "comtempt"]),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8),
)
PLACE = st.tuples(st.integers(0, 4), st.integers(0, len(HEADER) - 1))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PLACE, CELL, max_size=4), st.permutations(range(len(HEADER))))
def test_a_damaged_annotation_gives_clips_or_an_error_that_names_it(changes, order):
    table = [list(HEADER), *(cells(row) for row in ROWS)]
    for (row, column), cell in changes.items():
        table[row][column] = cell
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "casme.xlsx"
        book = openpyxl.Workbook()
        for row in table:
            book.active.append([row[at] for at in order])
        book.save(file)
        problem = file.name
        try:
            assert CASME().survey(Path(folder)).clips
        except mertk.DataError as error:
            problem = str(error)
    assert file.name in problem
