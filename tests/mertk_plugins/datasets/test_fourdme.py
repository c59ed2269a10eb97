import tempfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from fourdme_tree import (
    HEADER,
    ROWS,
    Row,
    cells,
    edition_rows,
    write_fourdme,
    write_list,
    write_sheet,
    write_tree,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mertk
from mertk.datasets import validation
from mertk.datasets.editions import UNRECOGNISED
from mertk_plugins.datasets.fourdme import FourDME

SHEET = "4DME_Labelling_Micro_release v1.xlsx"
UIDS = [
    "fourdme/S02/001_01_1/241",
    "fourdme/S13/002_01_1/12/1st",
    "fourdme/S13/002_01_1/12/2nd",
    "fourdme/S49/003_02_1/7/2",
]


@pytest.fixture
def root(tmp_path):
    return write_fourdme(tmp_path / "4DME")


def read(root, **params):
    return list(FourDME(**params).index(root))


def numbers(clip):
    """The file numbers of a clip's frames, which their grey values give away."""
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("fourdme")), FourDME)


# People


def test_sessions_of_one_person_are_one_subject(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == UIDS
    assert [clip.subject for clip in clips] == ["S02", "S13", "S13", "S49"]
    assert [clip.record["session"] for clip in clips] == ["", "1st", "2nd", "2"]
    assert clips[1].record["subject_native"] == "S13_1st"
    assert len(mertk.leave_one_subject_out([clip.person for clip in clips])) == 3


@pytest.mark.parametrize(
    ("written", "subject"),
    [("S13_1st", "S13"), ("S30_2nd", "S30"), ("S49_2", "S49"), ("S58_1", "S58"), ("s059_2", "S59"),
     ("S7", "S07"), (13, "S13")],
)  # fmt: skip
def test_every_spelling_of_a_person_is_read(tmp_path, written, subject):
    write_sheet(tmp_path / SHEET, [replace(ROWS[0], subject=written)])
    assert FourDME().survey(tmp_path).clips[0].subject == subject


# Labels


def test_a_clip_may_have_several_emotions(root):
    records = [clip.record for clip in read(root)]
    assert records[2]["emotions"] == ("positive", "surprise")
    assert (records[2]["label"], records[2]["emotion_raw"]) == (
        "positive+surprise",
        "Surprise+Positive",
    )
    assert (records[3]["emotions"], records[3]["label"]) == (("others",), "others")


def test_kept_aus_are_told_but_not_counted(root):
    records = [clip.record for clip in read(root)]
    assert records[1]["au_set"] == (7,)
    assert [(au["au"], au["flags"]) for au in records[1]["aus"]] == [(4, ("kept",)), (7, ())]
    assert records[3]["au_set"] == (2, 45)


def test_columns_that_agree_with_the_text_are_no_quirk(root):
    # of the kept AUs one is marked in its column, the other is not: both occur
    assert [clip.record["quirks"] for clip in read(root)] == [(), (), (), ()]


@pytest.mark.parametrize(
    ("marked", "quirk", "note"),
    [
        ((4, 7, "Positive"), "emotion_columns_differ",
         "emotions: the text says negative, the columns positive"),
        ((4, 7), "emotion_columns_differ", "emotions: the text says negative, the columns none"),
        ((4, "Negative"), "au_columns_differ", "AUs: the text says 4+7, the columns 4"),
        ((4, 7, 12, "Negative"), "au_columns_differ", "AUs: the text says 4+7, the columns 4+7+12"),
    ],
)  # fmt: skip
def test_columns_that_contradict_the_text_are_told_and_the_text_holds(root, marked, quirk, note):
    write_sheet(root / SHEET, [replace(ROWS[0], marked=marked), *ROWS[1:]])
    record = read(root)[0].record
    assert (record["quirks"], record["notes"]) == ((quirk,), (note,))
    assert (record["emotions"], record["au_set"]) == (("negative",), (4, 7))


@pytest.mark.parametrize(
    ("emotion", "quirk", "label"),
    [(None, "emotion_missing", ""), ("Negative+Joy", "emotion_unknown", "negative"),
     ("Joy", "emotion_unknown", "joy")],
)  # fmt: skip
def test_an_emotion_that_is_none_of_the_five_is_marked(root, emotion, quirk, label):
    write_sheet(root / SHEET, [replace(ROWS[0], emotion=emotion), *ROWS[1:]])
    record = read(root)[0].record
    assert quirk in record["quirks"]
    assert record["label"] == label


@pytest.fixture
def release(tmp_path):
    write_sheet(tmp_path / "release" / SHEET, edition_rows())
    return tmp_path / "release"


def test_the_swapped_labels_of_the_release_change_places(release):
    one, other = FourDME().survey(release).clips[144:146]
    assert (one.record["au_set"], one.record["emotions"]) == ((4, 7), ("negative",))
    assert (other.record["au_set"], other.record["emotions"]) == ((12,), ("positive",))
    assert (other.record["label"], other.record["emotion"]) == ("positive", "positive")
    assert (other.record["au_raw"], other.record["emotion_raw"]) == ("4+7", "Negative")
    assert one.record["quirks"] == other.record["quirks"] == ("labels_swapped",)
    assert (one.name, one.record["onset"]) == ("144_01_1/241", 241)
    found = validation.examine_dataset(FourDME().survey(release), {}, frames="none")
    (told, _) = [finding for finding in found.findings if finding.topic == "labels_swapped"]
    assert "145th and 146th row" in told.text


@pytest.mark.parametrize("level", ["none", "official"])
def test_only_the_recommended_repairs_change_them(release, level):
    one = FourDME(repair=level).survey(release).clips[144]
    assert (one.record["emotions"], one.record["quirks"]) == (("positive",), ("labels_swapped",))


def test_labels_of_other_files_stay_in_their_places(release):
    write_sheet(release / "4DME_Labelling_Micro_release v2.xlsx", edition_rows())
    write_sheet(release / "4DME_Labelling_Micro_release v1.csv.xlsx", edition_rows()[:266])
    for name in ("4DME_Labelling_Micro_release v2.xlsx",
                 "4DME_Labelling_Micro_release v1.csv.xlsx"):  # fmt: skip
        record = FourDME(sheet=name).survey(release).clips[144].record
        assert (record["emotions"], record["quirks"]) == (("positive",), ())


# Annotation files


def test_both_lists_are_known_by_their_headers_and_length(release):
    assert FourDME().survey(release).edition == "release v1"
    write_list(release / "4DME_Labelling_Micro-expression.xlsx", edition_rows())
    before = FourDME(sheet="4DME_Labelling_Micro-expression.xlsx").survey(release)
    assert before.edition == "pre-release"
    write_sheet(release / SHEET, edition_rows()[1:])
    assert FourDME().survey(release).edition == UNRECOGNISED


def test_the_list_before_the_release_gives_the_same_clips(tmp_path):
    write_list(tmp_path / "4DME_Labelling_Micro-expression_final.xlsx")
    write_tree(tmp_path / "gray_micro", name="{0.subject}_{0.clip}")
    clips = read(tmp_path)
    assert [clip.uid for clip in clips] == UIDS
    assert clips[0].record["self_report"] == "1.3"
    survey = FourDME().survey(tmp_path)
    assert "row 6, at the end, is a summary and left out" in survey.assumed
    assert any("numbers of video, expression and part" in sentence for sentence in survey.assumed)


def test_a_summary_may_have_a_number_for_a_subject(tmp_path):
    summary = Row(267, None, None, None, None, None, None, ())
    write_sheet(tmp_path / SHEET, [*ROWS, summary])
    assert len(FourDME().survey(tmp_path).clips) == 4
    write_sheet(tmp_path / SHEET, [summary, *ROWS])
    with pytest.raises(mertk.DataError, match="row 2, column 'fold_name': the cell is empty"):
        FourDME().survey(tmp_path)


def test_the_file_of_macro_expressions_is_not_read(tmp_path):
    write_sheet(tmp_path / "4DME_Labelling_Macro_release v1.xlsx")
    with pytest.raises(mertk.DataError, match=r"no annotation spreadsheet.*Macro_release"):
        FourDME().survey(tmp_path)


# Trees


@pytest.mark.parametrize(
    ("tree", "name", "kind"),
    [
        ("gray_micro", "{0.subject}/{0.clip}", "raw"),
        ("gray_micro_crop", "{0.subject}/{0.clip}", "cropped"),
        (".", "{0.subject}/{0.clip}", "raw"),
        ("gray_micro", "{0.subject}_{0.clip}", "raw"),
        ("gray_micro", "{0.subject}/{0.subject}_{0.clip}", "raw"),
        ("gray_micro", "{0.subject}/{0.clip}-", "raw"),
    ],
)
def test_clips_are_found_in_every_layout(tmp_path, tree, name, kind):
    root = tmp_path / "data"
    write_sheet(root / SHEET)
    write_tree(root / tree, name=name)
    clips = read(root)
    assert [clip.uid for clip in clips] == UIDS
    assert {clip.record["root_kind"] for clip in clips} == {kind}
    assert {clip.record["modality"] for clip in clips} == {"grey"}
    assert clips[0].footage.fps == 60


def test_frames_are_known_by_their_last_number(root):
    clip = read(root)[1]
    assert numbers(clip) == [12, 13, 14, 15, 16]
    assert (clip.footage.apex, clip.record["zero_pad"]) == (2, 5)


def test_the_folder_without_a_row_is_no_mistake(root):
    assert FourDME().survey(root).unannotated == ("S13_1st/001_01_1",)


def test_a_session_that_the_list_does_not_name_is_found_where_there_is_only_one(tmp_path):
    write_sheet(tmp_path / SHEET, [replace(ROWS[1], subject="S13"), ROWS[0]])
    write_tree(tmp_path / "gray_micro", ROWS[:2])
    assert [clip.subject for clip in read(tmp_path)] == ["S13", "S02"]
    write_tree(tmp_path / "gray_micro", ROWS)
    with pytest.raises(mertk.DataError, match=r"S13/002_01_1/12 \(row 2\): no folder"):
        read(tmp_path)


def test_a_clip_of_one_session_is_never_taken_from_the_other(tmp_path):
    write_sheet(tmp_path / SHEET)
    write_tree(tmp_path / "gray_micro", [ROWS[0], ROWS[2], ROWS[3]])
    survey = FourDME().survey(tmp_path)
    assert list(survey.unusable) == ["fourdme/S13/002_01_1/12/1st"]


def test_a_folder_without_session_belongs_to_the_only_one(tmp_path):
    write_sheet(tmp_path / SHEET, [ROWS[0], ROWS[3]])
    write_tree(tmp_path / "gray_micro", [ROWS[0], replace(ROWS[3], subject="S49")])
    assert [clip.uid for clip in read(tmp_path)] == [UIDS[0], UIDS[3]]


def test_other_modalities_and_macro_expressions_are_not_taken_for_it(tmp_path):
    write_sheet(tmp_path / SHEET)
    for tree in ("rgb_micro", "depth_micro", "gray_macro"):
        write_tree(tmp_path / tree)
    with pytest.raises(mertk.DataError, match=r"rgb_micro \(colour\)"):
        read(tmp_path)
    write_tree(tmp_path / "gray_micro_crop")
    assert read(tmp_path)[0].record["root_kind"] == "cropped"
    write_tree(tmp_path / "gray_micro")
    assert read(tmp_path)[0].record["root_kind"] == "raw"
    assert read(tmp_path, tree="cropped")[0].record["root_kind"] == "cropped"


# A folder that is not right


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": None}, "row 3, column 'sub_ID': '' is not a subject such as S13"),
        ({"clip": None}, "row 3, column 'fold_name': the cell is empty"),
        ({"onset": "x"}, r"002_01_1/x/1st \(row 3\): onset 'x'.* are not frame numbers"),
        ({"subject": "S02", "clip": "001_01_1", "onset": 241}, "row 2 and row 3 both annotate"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    write_sheet(root / SHEET, [ROWS[0], replace(ROWS[1], **changes), *ROWS[2:]])
    with pytest.raises(mertk.DataError, match=text):
        read(root)


def test_a_sheet_without_names_of_clips_says_which_columns_it_has(tmp_path):
    (tmp_path / "4DME_Labelling_Micro.csv").write_text(
        "sub_ID,Onset,Apex,Offset,AUs,Emotion\nS02,1,2,3,4,Negative\n"
    )
    with pytest.raises(mertk.DataError, match=r"no column 'foldname'\. Columns: sub_ID, Onset"):
        FourDME().survey(tmp_path)


def test_annotations_or_frames_alone_say_what_is_missing(tmp_path):
    write_tree(tmp_path / "frames/gray_micro")
    with pytest.raises(mertk.DataError, match="no annotation spreadsheet"):
        read(tmp_path / "frames")
    write_sheet(tmp_path / "alone" / SHEET)
    assert len(FourDME().survey(tmp_path / "alone").clips) == 4
    with pytest.raises(mertk.DataError, match=r"no tree of frames.*S13_1st/001_01_1"):
        read(tmp_path / "alone")


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "S13_1st", "001_01_1", "/", "=A1", "Surprise+Positive", "4(k)", "'"]),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8),
)
PLACE = st.tuples(st.integers(0, 4), st.integers(0, 8))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PLACE, CELL, max_size=4), st.permutations(range(8)))
def test_a_damaged_annotation_gives_clips_or_an_error_that_names_it(changes, order):
    table = [list(HEADER), *(cells(row) for row in ROWS)]
    for (row, column), cell in changes.items():
        table[row][column] = cell
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / SHEET
        book = openpyxl.Workbook()
        for row in table:
            book.active.append([*(row[at] for at in order), *row[8:]])
        book.save(file)
        problem = file.name
        try:
            assert FourDME().survey(Path(folder)).clips
        except mertk.DataError as error:
            problem = str(error)
    assert file.name in problem
