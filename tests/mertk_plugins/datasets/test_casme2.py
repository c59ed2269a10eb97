import json
import logging
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
from casme2_tree import (
    ROWS,
    Row,
    edition_rows,
    picture_bytes,
    with_row,
    write_casme2,
    write_frames,
    write_objective,
    write_sheet,
    write_tree,
)
from sheet_fuzz import fuzzed, named

import mertk
from mertk_plugins.datasets.casme2 import CASME2

OLD, NEW = "CASME2-coding-20140508.xlsx", "CASME2-coding-20190701.xlsx"


@pytest.fixture
def root(tmp_path):
    return write_casme2(tmp_path / "CASME II")


def numbers(clip):
    """The file numbers of a clip's frames, which their grey values give away."""
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def read(root, **params):
    return list(CASME2(**params).index(root))


# What a clip is


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("casme2")), CASME2)


def test_a_clip_is_named_after_folder_and_annotated_onset(root):
    assert [clip.uid for clip in read(root)] == [
        "casme2/sub01/EP02_01f/8",
        "casme2/sub01/EP03_02/3",
        "casme2/sub02/EP01_2/95",
        "casme2/sub02/EP09f/1",
    ]
    assert all(clip.record["uid"] == clip.uid for clip in read(root))


def test_frames_follow_their_numbers_and_not_their_names(root):
    clip = read(root)[0]  # img8, img9, img10: as text img10 would come first
    assert numbers(clip) == [8, 9, 10, 11, 12]
    assert (clip.footage.onset, clip.footage.apex, clip.footage.offset) == (0, 2, 4)
    assert clip.footage.fps == 200


def test_frames_are_rgb_bytes(root):
    frame = read(root)[0].footage.frames[0]
    assert (frame.shape, frame.dtype) == ((6, 8, 3), np.uint8)


def test_a_raw_clip_is_cut_to_the_expression(tmp_path):
    write_sheet(tmp_path / NEW)
    write_tree(tmp_path / "CASME2-RAW", around=5)
    clip = read(tmp_path)[0]
    assert numbers(clip) == [8, 9, 10, 11, 12]
    assert clip.record["first_file"] == 3
    assert clip.record["last_file"] == 17
    assert clip.record["n_files"] == 15
    assert clip.record["n_missing"] == 0


def test_a_clip_can_be_pickled_and_its_record_written_as_json(root):
    clip = pickle.loads(pickle.dumps(read(root)[1]))  # noqa: S301
    assert numbers(clip) == [3, 4, 5, 6]
    record = json.loads(json.dumps(clip.record))
    assert record["onset_raw"] == "3"
    assert record["subject_native"] == "01"
    assert record["frames_dir"] == "CASME2_RAW_selected/sub01/EP03_02"
    assert record["au_set"] == [4, 10]
    assert record["aus"][1]["side"] == "L"
    assert record["label"] == record["emotion"] == "disgust"


def test_a_fingerprint_changes_with_a_frame_and_with_the_timing(root):
    before = [clip.fingerprint for clip in read(root)]
    assert before == [clip.fingerprint for clip in read(root)]
    frame = root / "CASME2_RAW_selected/sub01/EP02_01f/img9.jpg"
    frame.write_bytes(picture_bytes(100) + b"\0")
    write_sheet(root / NEW, with_row(ROWS, 1, apex=5))
    after = [clip.fingerprint for clip in read(root)]
    assert [a != b for a, b in zip(after, before, strict=True)] == [True, True, False, False]


def test_clips_with_alike_files_keep_apart(root):
    rows = [Row(onset=8, apex=10, offset=12), Row("02", "EP01_2", 8, 10, 12)]
    write_sheet(root / NEW, rows)
    for row in rows:
        folder = root / f"CASME2_RAW_selected/sub{row.subject}/{row.clip}"
        write_frames(folder, range(8, 13))
        for file in folder.iterdir():
            file.write_bytes(picture_bytes(100))
            os.utime(file, ns=(10**18, 10**18))
    one, other = read(root)
    assert [len(clip.footage.frames) for clip in (one, other)] == [5, 5]
    assert one.fingerprint != other.fingerprint


def test_made_clips_are_marked(root):
    assert not read(root)[0].record["synthetic"]
    (root / "SYNTHETIC.txt").write_text("made, not filmed")
    assert read(root)[0].record["synthetic"]


# Spreadsheets


def test_subjects_written_as_numbers_are_the_same_people(tmp_path):
    write_casme2(tmp_path / "text")
    rows = [Row(int(r.subject), r.clip, r.onset, r.apex, r.offset, r.au, r.emotion) for r in ROWS]
    write_casme2(tmp_path / "int", rows)
    people = [[clip.person for clip in read(tmp_path / name)] for name in ("text", "int")]
    assert people[0] == people[1] == ["casme2/sub01"] * 2 + ["casme2/sub02"] * 2


@pytest.mark.usefixtures("made_up_content")
@pytest.mark.parametrize("edition", ["20140508", "20190701"])
def test_an_edition_is_known_by_its_contents(tmp_path, edition):
    rows = edition_rows(edition)
    write_sheet(tmp_path / "my CASME2 coding.xlsx", rows, objective=edition == "20190701")
    write_tree(tmp_path / "Cropped", rows[:1], prefix="reg_img")
    survey = CASME2().survey(tmp_path)
    assert (survey.edition, len(survey.clips)) == (edition, 255)
    assert len(survey.unusable) == 254


def test_the_updated_sheet_is_known_by_its_additional_row(tmp_path):
    rows = [*edition_rows("20140508"), Row(24, "EP02_07", 61, 91, 106, "4", "disgust")]
    write_sheet(tmp_path / "CASME2-coding-updated.xlsx", rows, objective=False)
    write_tree(tmp_path / "Cropped-updated/Cropped", rows[-1:], prefix="reg_img")
    survey = CASME2().survey(tmp_path)
    assert survey.edition == "updated"
    assert survey.clips[-1].uid == "casme2/sub24/EP02_07/61"


def test_rows_of_no_edition_are_read_with_a_warning(root, caplog):
    with caplog.at_level(logging.WARNING, "mertk"):
        assert read(root)[0].record["edition"] == "unrecognised"
    assert "are no published edition" in caplog.text


def test_the_newest_edition_is_read_unless_another_is_named(tmp_path):
    write_sheet(tmp_path / OLD, with_row(ROWS, 0, emotion="sadness"), objective=False)
    write_sheet(tmp_path / NEW)
    write_sheet(tmp_path / "CASME2-ObjectiveClasses.xlsx", [])
    write_tree(tmp_path / "CASME2_RAW_selected")
    assert read(tmp_path)[0].record["emotion"] == "happiness"
    assert read(tmp_path, sheet=OLD)[0].record["emotion"] == "sadness"
    with pytest.raises(mertk.DataError, match=r"no spreadsheet 'other\.xlsx'"):
        read(tmp_path, sheet="other.xlsx")


def test_the_lock_file_of_an_open_spreadsheet_is_no_spreadsheet(tmp_path):
    (tmp_path / f"~${NEW}").write_bytes(b"lock file")
    write_tree(tmp_path / "CASME2_RAW_selected")
    with pytest.raises(mertk.DataError, match="found: none at all"):
        read(tmp_path)


def test_the_objective_class_is_the_column_or_else_the_rule(tmp_path):
    rows = [Row(au="4+10", emotion="disgust", objective=7), Row("02", au="?")]
    write_casme2(tmp_path, rows)
    write_sheet(tmp_path / OLD, rows, objective=False)
    new, old = read(tmp_path), read(tmp_path, sheet=OLD)
    assert [clip.record["objective_class"] for clip in new] == [7, 1]
    assert [clip.record["objective_class"] for clip in old] == [7, None]
    assert [clip.record["objective_class_source"] for clip in old] == ["rule", ""]


def test_a_question_mark_is_an_unknown_coding_and_not_an_empty_one(root):
    write_sheet(root / NEW, with_row(with_row(ROWS, 0, au="?"), 1, au="4 or so"))
    unknown, unreadable, known, _ = (clip.record for clip in read(root))
    assert (unknown["au_known"], unreadable["au_known"], known["au_known"]) == (False, False, True)
    assert "au_unknown" in unknown["quirks"]
    assert "au_unreadable" in unreadable["quirks"]
    assert unreadable["au_raw"] == "4 or so"


def test_emotions_are_compared_without_case(root):
    write_sheet(root / NEW, with_row(ROWS, 0, emotion=" Happiness "))
    assert read(root)[0].record["label"] == "happiness"


# Apexes


def test_a_slash_is_a_missing_apex(root):
    write_sheet(root / NEW, with_row(ROWS, 0, apex="/"))
    clip = read(root)[0]
    assert clip.footage.apex is None
    assert clip.footage.faces().peak == 2  # methods that need an apex take the middle
    assert (clip.record["apex"], clip.record["apex_raw"]) == (None, "/")
    assert clip.record["apex_status"] == "missing"


@pytest.mark.parametrize("apex", [7, 13, 0])
def test_an_apex_outside_the_expression_is_not_used(root, apex):
    write_sheet(root / NEW, with_row(ROWS, 0, apex=apex))
    clip = read(root)[0]
    assert clip.footage.apex is None
    assert (clip.record["apex_status"], clip.record["apex_raw"]) == ("invalid", str(apex))


@pytest.mark.parametrize(("apex", "position"), [(8, 0), (12, 4)])
def test_an_apex_at_the_onset_or_offset_is_kept(root, apex, position):
    write_sheet(root / NEW, with_row(ROWS, 0, apex=apex))
    assert read(root)[0].footage.apex == position


def test_known_oddities_are_named(tmp_path):
    write_casme2(tmp_path, [Row("05", "EP09_05f", 69, 69, 123), Row("09", "EP09f", 1, 2, 3)])
    assert [clip.record["quirks"] for clip in read(tmp_path)] == [
        ("apex_eq_onset",),
        ("irregular_name",),
    ]


# Trees


def test_auto_takes_selected_before_raw_before_cropped(tmp_path):
    write_sheet(tmp_path / NEW)
    taken = []
    for name in ("Cropped", "CASME2-RAW", "CASME2_RAW_selected"):
        write_tree(tmp_path / name)
        taken.append(read(tmp_path)[0].record["root_kind"])
    assert taken == ["cropped", "raw", "selected"]
    kinds = [read(tmp_path, tree=kind)[0].record["root_kind"] for kind in taken]
    assert kinds == taken


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ("casme2_raw", "raw"),
        ("CASME2-RAW/CASME2-RAW", "raw"),
        ("casme2_raw_SELECTED/CASME2_RAW_selected", "selected"),
        ("Cropped-updated/Cropped", "cropped"),
        ("cropped_original", "cropped"),
        (".", "raw"),
    ],
)
def test_trees_are_found_whatever_their_case_and_nesting(tmp_path, tree, kind):
    root = write_casme2(tmp_path / "data", tree=tree)
    assert {clip.record["root_kind"] for clip in read(root)} == {kind}


def test_the_tree_itself_may_be_the_root(tmp_path):
    root = write_casme2(tmp_path / "CASME2_RAW_selected", tree=".")
    assert read(root)[0].record["root_kind"] == "selected"


def test_cropped_frames_are_found_by_their_number(tmp_path):
    write_sheet(tmp_path / NEW)
    write_tree(tmp_path / "Cropped", prefix="reg_img", around=2)
    assert numbers(read(tmp_path)[0]) == [8, 9, 10, 11, 12]


def test_subject_folders_match_whatever_their_padding_and_case(tmp_path):
    write_sheet(tmp_path / NEW)
    for row in ROWS:
        folder = tmp_path / "CASME2-RAW" / f"Sub{int(row.subject)}" / row.clip.upper()
        write_frames(folder, range(row.onset, row.offset + 1))
    assert len(read(tmp_path)) == 4


def test_what_is_no_frame_is_ignored(root):
    tree = root / "CASME2_RAW_selected"
    for name in ("Thumbs.db", ".DS_Store", "._img8.jpg", "img9.gif", "EP02_01f.avi"):
        (tree / "sub01/EP02_01f" / name).write_bytes(b"x")
    (tree / "sub01/Desktop - Shortcut.lnk").write_bytes(b"x")
    write_frames(root / "CASME2_compressed/sub01", [])
    assert numbers(read(root)[0]) == [8, 9, 10, 11, 12]
    assert read(root)[0].record["n_files"] == 5


def test_what_zip_programs_leave_behind_is_no_tree(tmp_path):
    root = write_casme2(tmp_path / "CASME2", tree="CASME2-RAW")
    write_frames(root / "__MACOSX/CASME2_RAW_selected/sub01/EP02_01f", [])
    assert read(root)[0].record["root_kind"] == "raw"


def test_folders_without_a_row_are_no_mistake(root):
    write_frames(root / "CASME2_RAW_selected/sub09/EP02_02f", [1, 2])
    assert len(read(root)) == 4
    assert CASME2().survey(root).unannotated == ("sub09/EP02_02f",)


# Missing frames


def test_missing_folders_are_counted_and_named(tmp_path):
    rows = [Row(f"{s:02d}", f"EP01_{c}", 1, 2, 3) for s in range(1, 5) for c in range(4)]
    write_sheet(tmp_path / NEW, rows)
    write_tree(tmp_path / "CASME2-RAW", rows[:2])
    with pytest.raises(mertk.DataError) as caught:
        read(tmp_path)
    text = str(caught.value)
    assert "14 of 16 annotated clips" in text
    assert "sub01/EP01_2/1 (row 4): no folder" in text
    assert "and 4 more" in text
    assert "missing=skip" in text


def test_clips_without_frames_can_be_left_out_with_a_warning(root, caplog):
    write_sheet(root / NEW, [*ROWS, Row("03", "EP01_1")])
    with caplog.at_level(logging.WARNING, "mertk"):
        assert len(read(root, missing="skip")) == 4
    assert "1 of 5 annotated clips" in caplog.text
    assert "sub03/EP01_1" in caplog.text


def test_skipping_everything_is_still_an_error(tmp_path):
    write_casme2(tmp_path, [Row()])
    write_sheet(tmp_path / NEW, [Row("03", "EP01_1")])
    with pytest.raises(mertk.DataError, match="no tree of frames with an annotated clip"):
        read(tmp_path, missing="skip")


@pytest.mark.parametrize(("name", "number"), [("onset", 8), ("apex", 10), ("offset", 12)])
def test_a_missing_onset_apex_or_offset_frame_is_an_error(root, name, number):
    (root / f"CASME2_RAW_selected/sub01/EP02_01f/img{number}.jpg").unlink()
    with pytest.raises(mertk.DataError, match=rf"{name} frame {number} is not in .*EP02_01f"):
        read(root)
    for missing in ("skip", "keep"):
        assert len(read(root, missing=missing)) == 3


def test_a_missing_frame_in_between_is_an_error_unless_the_clip_is_kept(root, caplog):
    (root / "CASME2_RAW_selected/sub01/EP02_01f/img9.jpg").unlink()
    with pytest.raises(
        mertk.DataError, match=r"(?s)offset are missing: 1, the first is 9, .*missing=keep"
    ):
        read(root)
    assert len(read(root, missing="skip")) == 3
    caplog.clear()
    clip = read(root, missing="keep")[0]
    assert numbers(clip) == [8, 10, 11, 12]
    assert (clip.footage.apex, clip.footage.offset) == (1, 3)
    assert clip.record["n_missing"] == 1
    assert clip.record["notes"] == ("missing frames: 9",)
    assert {"missing_frames", "incomplete"} <= set(clip.record["quirks"])
    assert "1 of 4 clips lack frames between onset and offset, 1 in all" in caplog.text


def test_a_truncated_frame_is_named_when_it_is_read(root):
    file = root / "CASME2_RAW_selected/sub01/EP02_01f/img9.jpg"
    file.write_bytes(file.read_bytes()[:-40])
    frames = read(root)[0].footage.frames
    assert frames[0].size
    with pytest.raises(mertk.DataError, match=r"img9\.jpg: truncated"):
        frames[1]


# Older frames


def older(root, numbers_on_disk, **row):
    rows = [Row("07", "EP06_01", 15, 49, 68)]
    write_sheet(root / NEW, with_row(rows, 0, **row))
    write_frames(root / "CASME2_RAW_selected/sub07/EP06_01", numbers_on_disk)
    return root


def test_older_frames_are_taken_where_only_they_are_on_disk(tmp_path):
    clip = read(older(tmp_path, range(56, 92)))[0]
    assert numbers(clip) == list(range(56, 92))
    record = clip.record
    assert (record["onset"], record["apex"], record["offset"]) == (56, 73, 91)
    assert (record["onset_raw"], record["onset_status"]) == ("15", "corrected")
    assert "older_frames" in record["quirks"]
    assert clip.name == "EP06_01/15"


def test_annotated_frames_are_taken_where_they_are_on_disk(tmp_path):
    record = read(older(tmp_path, range(1, 100)))[0].record
    assert (record["onset"], record["onset_status"]) == (15, "given")
    assert "older_frames" not in record["quirks"]


def test_a_lost_frame_does_not_make_an_older_edition(tmp_path):
    on_disk = [n for n in range(1, 100) if n != 30]
    record = read(older(tmp_path, on_disk), missing="keep")[0].record
    assert (record["onset"], record["n_missing"]) == (15, 1)


def test_other_values_than_the_known_ones_are_left_alone(tmp_path):
    with pytest.raises(mertk.DataError, match="onset frame 14"):
        read(older(tmp_path, range(56, 92), onset=14))


def test_an_older_sheet_follows_newer_frames(tmp_path):
    root = older(tmp_path, range(15, 69), onset=56, apex=73, offset=91)
    assert read(root)[0].record["onset"] == 15


def test_the_offset_of_the_updated_sheet_follows_the_folder(tmp_path):
    root = older(tmp_path, range(56, 92), onset=56, apex=89, offset=116)
    record = read(root)[0].record
    assert (record["apex"], record["offset"]) == (73, 91)
    with pytest.raises(mertk.DataError, match="offset frame 116 is not in"):
        read(root, repair="official")


def test_nothing_is_repaired_when_that_is_asked_for(tmp_path):
    with pytest.raises(mertk.DataError, match="onset frame 15"):
        read(older(tmp_path, range(56, 92)), repair="none")


def test_an_offset_alone_may_be_older(tmp_path):
    write_sheet(tmp_path / NEW, [Row("12", "EP09_06", 66, 111, 111)])
    write_frames(tmp_path / "CASME2_RAW_selected/sub12/EP09_06", range(66, 107))
    record = read(tmp_path)[0].record
    assert (record["onset"], record["apex"], record["offset"]) == (66, None, 106)
    assert (record["apex_status"], record["offset_status"]) == ("invalid", "corrected")


# A folder that is not right


def test_no_folder_is_asked_for():
    with pytest.raises(mertk.DataError, match="--data casme2=FOLDER"):
        read(None)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(mertk.DataError, match=r"there is no folder .*nowhere"):
        read(tmp_path / "nowhere")


def test_an_empty_folder_is_told_what_belongs_there(tmp_path):
    with pytest.raises(mertk.DataError, match=r"is empty.*CASME2-coding-20140508\.xlsx") as caught:
        read(tmp_path)
    assert "sub01/EP02_01f/img46.jpg" in str(caught.value)


def test_a_missing_spreadsheet_is_told_with_those_that_exist(tmp_path):
    write_tree(tmp_path / "CASME2-RAW")
    write_sheet(tmp_path / "notes.xlsx")
    with pytest.raises(mertk.DataError, match=r"no annotation spreadsheet.*found: notes\.xlsx"):
        read(tmp_path)


def test_a_missing_tree_is_told_with_those_that_exist(tmp_path):
    write_sheet(tmp_path / NEW)
    with pytest.raises(mertk.DataError, match=r"no tree of frames.*found: none"):
        read(tmp_path)
    write_tree(tmp_path / "Cropped")
    with pytest.raises(mertk.DataError, match=r"no 'raw' tree of frames.*Cropped \(cropped\)"):
        read(tmp_path, tree="raw")


def test_a_sheet_without_header_names_the_sheet(root):
    write_sheet(root / NEW, [])
    (root / "CASME2-coding-20190701.xlsx").unlink()
    (root / "CASME2-coding.csv").write_text("a,b\n1,2\n")
    with pytest.raises(mertk.DataError, match=r"CASME2-coding\.csv: no header row"):
        read(root)


def test_a_missing_column_names_those_that_exist(root):
    (root / NEW).unlink()
    (root / "CASME2-coding.csv").write_text("Subject,Filename,OnsetFrame\n01,EP02_01f,8\n")
    with pytest.raises(
        mertk.DataError, match=r"no column 'apexframe'\. Columns: Subject, Filename"
    ):
        read(root)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": ""}, "row 3, column 'Subject': the cell is empty"),
        ({"subject": "EP"}, "row 3, column 'Subject': 'EP' is not a subject"),
        ({"clip": ""}, "row 3, column 'Filename': the cell is empty"),
        ({"emotion": ""}, "row 3, column 'Estimated Emotion': the cell is empty"),
        ({"onset": "x"}, r"sub01/EP03_02/x \(row 3\): onset 'x'.* are not frame numbers"),
        ({"onset": 9}, r"sub01/EP03_02/9 \(row 3\): onset 9 lies after offset 6"),
        ({"clip": "EP02_01f", "onset": 8, "offset": 9}, "row 2 and row 3 both annotate"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    write_sheet(root / NEW, with_row(ROWS, 1, **changes))
    with pytest.raises(mertk.DataError, match=text):
        read(root)


def test_two_files_of_one_frame_are_refused(root):
    (root / "CASME2_RAW_selected/sub01/EP02_01f/img08.jpg").write_bytes(picture_bytes(8))
    with pytest.raises(mertk.DataError, match=r"img08\.jpg and img8\.jpg are both frame 8"):
        read(root)


# The objective classes of MEGC 2018


def test_the_classes_of_megc_2018_stand_beside_those_of_the_spreadsheet(root):
    lines = [("01", "EP02_01f", 3), (1, "EP03_02", "VII"), ("sub02", "EP01_2", 2)]
    file = write_objective(root / "CASME2-ObjectiveClasses.xlsx", lines)
    assert [clip.record["objective_class_megc2018"] for clip in read(root)] == ["3", "7", "2", ""]
    assert [clip.record["objective_class"] for clip in read(root)] == [1, 4, 2, 7]
    assert CASME2().survey(root).sheets == (root / NEW, file)


def test_without_their_file_the_records_do_not_speak_of_them(root):
    assert all("objective_class_megc2018" not in clip.record for clip in read(root))


def test_a_class_that_is_none_is_named_with_its_cell(root):
    write_objective(root / "CASME2-ObjectiveClasses.xlsx", [("01", "EP02_01f", 9)])
    with pytest.raises(
        mertk.DataError, match="row 2, column 'Objective Class': '9' is not a class"
    ):
        read(root)


FIELDS = ("subject", "clip", "onset", "apex", "offset", "au", "emotion", "objective")


@fuzzed(10, FIELDS, rows=4)
def test_damaged_cells_give_clips_or_an_error_that_names_the_file(tmp_path, at, changes, order):
    write_sheet(tmp_path / NEW, with_row(ROWS, at, **changes), order=order)
    survey = named(NEW, lambda: CASME2().survey(tmp_path))
    assert survey is None or len(survey.clips) == len(ROWS)


# Several trees


def test_a_full_cropped_tree_is_not_hidden_by_a_partial_one(tmp_path, caplog):
    write_casme2(tmp_path, tree="Cropped")
    write_tree(tmp_path / "CASME2_RAW_selected", ROWS[:1])
    survey = CASME2().survey(tmp_path)
    assert (survey.kind, len(survey.unusable)) == ("cropped", 0)
    assert survey.others == ("CASME2_RAW_selected (selected, 1 clip, casme2:tree=selected)",)
    read(tmp_path)
    assert "CASME2_RAW_selected (selected, 1 clip) is not read but Cropped" in caplog.text
    assert len(CASME2(tree="selected").survey(tmp_path).unusable) == 3


def test_the_cropped_tree_of_another_data_set_is_not_taken(tmp_path):
    write_sheet(tmp_path / "CASME2" / NEW, [replace(row, subject="01") for row in ROWS])
    write_tree(tmp_path / "CASME/Cropped", [replace(Row(), clip=f"EP7{n}_1") for n in range(3)])
    survey = CASME2().survey(tmp_path)
    assert survey.tree is None
    assert "CASME/Cropped (cropped)" in survey.no_tree
    assert survey.strays[0].startswith("pictures such as CASME/Cropped/sub01/EP7")


def test_a_skeleton_of_empty_folders_hides_no_frames(tmp_path):
    write_casme2(tmp_path, tree="Cropped")
    for row in ROWS:
        (tmp_path / f"CASME2_RAW_selected/sub{row.subject}/{row.clip}").mkdir(parents=True)
    assert CASME2().survey(tmp_path).kind == "cropped"


def test_another_annotation_file_is_named_with_the_parameter_that_reads_it(root):
    write_sheet(root / "CASME2-coding-20140508.xlsx", objective=False)
    others = CASME2().survey(root).others
    name = "CASME2-coding-20140508.xlsx"
    assert others == (f"{name} (casme2:sheet={name})",)


@pytest.mark.parametrize("cells", [("Total", None, 5), (None, None, 255)])
def test_a_total_row_is_named(root, cells):
    subject, clip, onset = cells
    total = Row(subject, clip, onset, None, None, None, None, None)
    write_sheet(root / NEW, [*ROWS, total])
    with pytest.raises(mertk.DataError, match=r"row 6: '.*' is no expression but a total: delete"):
        read(root)
