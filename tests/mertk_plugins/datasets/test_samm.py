import pytest
from casme2_tree import with_row
from samm_tree import HEADER, ROWS, edition_rows, write_frames, write_samm, write_sheet
from sheet_fuzz import fuzzed, named

import mertk
from mertk_plugins.datasets.samm import SAMM

NAME = "SAMM_Micro_FACS_Codes_v2.xlsx"


@pytest.fixture
def root(tmp_path):
    return write_samm(tmp_path / "SAMM")


def read(root, **params):
    return list(SAMM(**params).index(root))


def test_clips_are_named_after_their_folder_and_onset(root):
    assert [clip.uid for clip in read(root)] == [
        "samm/006/006_1_2/9998",
        "samm/006/006_2_4/180",
        "samm/028/028_4_1/1071",
        "samm/032/032_3_1/4896",
        "samm/011/011_4_2/2980",
    ]
    record = read(root)[0].record
    assert (record["video"], record["inducement"], record["modality"]) == ("006_1", "1", "grey")
    assert record["long_offset"] == 2000
    assert read(root)[0].footage.fps == 200


def test_padding_of_four_and_five_digits_is_read_alike(root):
    first, second, *_ = read(root)  # 006_1 … 09998, 10000; 006_2 … 0180
    assert (len(first.footage.frames), first.footage.apex) == (5, 2)
    assert (len(second.footage.frames), second.footage.apex) == (5, 2)
    assert [clip.record["zero_pad"] for clip in (first, second)] == [5, 4]


@pytest.mark.parametrize("preamble", [0, 13, 20])
def test_the_header_is_found_wherever_it_stands(root, preamble):
    write_sheet(root / NAME, preamble=preamble)
    assert len(read(root)) == len(ROWS)


def test_subjects_may_be_numbers(root):
    before = [clip.uid for clip in read(root)]
    write_sheet(root / NAME, with_row(with_row(ROWS, 0, subject=6), 1, subject=6.0))
    assert [clip.uid for clip in read(root)] == before


def test_an_apex_with_a_wrong_digit_is_repaired_and_an_impossible_one_left_out(root):
    impossible, typo = read(root)[2:4]
    assert (typo.record["apex"], typo.record["apex_raw"]) == (4930, "1930")
    assert typo.record["apex_status"] == "corrected"
    assert typo.footage.apex == 4930 - 4896
    assert (impossible.record["apex"], impossible.record["apex_status"]) == (None, "invalid")
    assert "apex_after_offset" in impossible.record["quirks"]


def test_nothing_is_repaired_when_that_is_asked_for(root):
    assert read(root, repair="none")[3].record["apex"] is None
    assert read(root, repair="official")[3].record["apex"] is None


def test_other_is_others_and_alternatives_stay_alternatives(root):
    records = [clip.record for clip in read(root)]
    assert (records[3]["label"], records[3]["emotion_raw"]) == ("others", "Other")
    assert [au["alternative"] for au in records[4]["aus"]] == [0, 0]
    assert "au_alternatives" in records[4]["quirks"]
    assert records[2]["aus"][0]["intensity"] == "C"
    assert records[2]["remarks"] == "Blinks"


def test_the_objective_class_is_the_column(root):
    assert [clip.record["objective_class"] for clip in read(root)] == [3, 1, 7, 3, 1]


@pytest.mark.parametrize(
    ("tree", "kind"), [("SAMM_clip", "clips"), ("SAMM_CROP", "cropped"), ("a/b", "clips")]
)
def test_trees_are_found_whatever_their_nesting(tmp_path, tree, kind):
    root = write_samm(tmp_path / "data", tree=tree)
    assert {clip.record["root_kind"] for clip in read(root)} == {kind}


def test_clip_folders_need_no_folder_of_the_person(tmp_path):
    write_sheet(tmp_path / NAME, ROWS[:1])
    write_frames(tmp_path / "clips" / "006_1_2", range(9998, 10003), 5)
    assert len(read(tmp_path)) == 1


def test_folders_of_long_videos_are_no_clips(root):
    write_frames(root / "SAMM_longvideos/006_1", [1, 2], 4)
    assert SAMM().survey(root).unannotated == ()


@pytest.mark.usefixtures("made_up_content")
def test_the_published_edition_is_known_by_its_counts(tmp_path):
    write_sheet(tmp_path / NAME, edition_rows())
    survey = SAMM().survey(tmp_path)
    assert (survey.edition, len(survey.clips)) == ("v2", 159)
    write_sheet(tmp_path / NAME, edition_rows()[1:])
    assert SAMM().survey(tmp_path).edition == "unrecognised"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": ""}, "row 16, column 'Subject': the cell is empty"),
        ({"subject": "x"}, "row 16, column 'Subject': 'x' is not a subject"),
        ({"clip": "007_1_2"}, "row 16, column 'Filename': '007_1_2' is not a clip of subject 006"),
        ({"emotion": ""}, "row 16, column 'Estimated Emotion': the cell is empty"),
        ({"onset": "x"}, r"006/006_2_4/x \(row 16\): onset 'x'.* are not frame numbers"),
        ({"clip": "006_1_2", "onset": 9998}, "row 15 and row 16 both annotate"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    write_sheet(root / NAME, with_row(ROWS, 1, **changes))
    with pytest.raises(mertk.DataError, match=text):
        read(root)


def test_the_spreadsheet_of_the_long_videos_is_another_one(tmp_path):
    write_sheet(tmp_path / "SAMM_LongVideos_V2_Release.xlsx")
    with pytest.raises(mertk.DataError, match=r"no annotation spreadsheet.*V2_Release"):
        read(tmp_path)


@fuzzed(len(HEADER), ["subject", "clip", "onset", "apex", "offset", "au", "emotion", "objective"])
def test_mutated_cells_give_clips_or_an_error_that_names_the_file(tmp_path, at, changes, order):
    write_sheet(tmp_path / NAME, with_row(ROWS, at, **changes), order=order)
    survey = named(NAME, lambda: SAMM().survey(tmp_path))
    assert survey is None or len(survey.clips) == len(ROWS)


def test_a_sheet_without_a_column_names_those_that_it_has(root):
    (root / NAME).unlink()
    (root / "SAMM_Micro_FACS_Codes_v2.csv").write_text(",".join(HEADER[:4]) + "\n006,006_1_2,1,3\n")
    with pytest.raises(mertk.DataError, match=r"no column 'apexframe'\. Columns: Subject"):
        read(root)
