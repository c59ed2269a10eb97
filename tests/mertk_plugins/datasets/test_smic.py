import json
import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from smic_tree import (
    CLIPS,
    HEADER,
    ROWS,
    Clip,
    Row,
    cells,
    edition_clips,
    write_cropped,
    write_frames,
    write_long,
    write_raw,
    write_sheet,
    write_smic,
)

import mertk
from mertk import datasets
from mertk.datasets.editions import UNRECOGNISED
from mertk_plugins.datasets.smic import SMIC

UIDS = [
    "smic/s01/s01_ne_01/34208",
    "smic/s01/s01_po_01/559740",
    "smic/s03/s03_ne_02/403000",
    "smic/s03/s03_ne_03/403020",
    "smic/s20/s20_sur_01/17581039",
]


def read(root, **params):
    return list(SMIC(**params).index(root))


def uids(clips):
    return sorted(clip.uid for clip in clips)


def numbers(clip):
    """The last two digits of the file numbers, which the grey values give away."""
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


# Folders are the annotation


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("smic", camera="nir")), SMIC)


def test_an_expression_is_the_whole_folder_under_its_canonical_name(tmp_path):
    clips = read(write_smic(tmp_path))
    assert uids(clips) == UIDS
    first = clips[0]
    assert numbers(first) == [8, 9, 10, 11, 12]
    assert (first.footage.onset, first.footage.apex, first.footage.offset) == (0, None, 4)
    assert (first.footage.fps, first.record["modality"]) == (100, "rgb")
    assert (first.record["onset"], first.record["offset"]) == (34208, 34212)
    assert (first.record["zero_pad"], first.record["n_files"]) == (6, 5)
    assert first.record["quirks"] == ()
    assert json.loads(json.dumps(first.record))["camera"] == "hs"


def test_labels_come_from_the_clip_names(tmp_path):
    labels = {clip.record["clip"]: clip.record["label"] for clip in read(write_smic(tmp_path))}
    assert labels["s01_ne_01"] == "negative"
    assert labels["s01_po_01"] == "positive"
    assert labels["s20_sur_01"] == "surprise"


def test_a_clip_in_another_emotions_folder_keeps_its_name_and_is_marked(tmp_path):
    root = write_smic(tmp_path)
    people = root / "SMIC_all_cropped/HS/s01/micro"
    (people / "surprise").mkdir()
    (people / "negative/s01_ne_01").rename(people / "surprise/s01_ne_01")
    record = read(root)[0].record
    assert (record["label"], record["emotion"], record["emotion_raw"]) == (
        "negative", "negative", "surprise",
    )  # fmt: skip
    assert record["quirks"] == ("folder_differs_from_name",)


def test_ids_are_alike_in_the_cropped_the_raw_and_the_long_tree(tmp_path):
    root = write_long(write_raw(write_cropped(tmp_path)))
    for tree in ("raw", "cropped", "long"):
        clips = read(root, tree=tree)
        assert uids(clips) == UIDS
        assert {clip.record["root_kind"] for clip in clips} == {tree}
        assert {clip.person for clip in clips} == {"smic/s01", "smic/s03", "smic/s20"}


def test_auto_takes_raw_before_cropped_before_long(tmp_path):
    taken = []
    for write in (write_long, write_cropped, write_raw):
        write(tmp_path)
        taken.append(read(tmp_path)[0].record["root_kind"])
    assert taken == ["long", "cropped", "raw"]


def test_non_micro_folders_are_no_expressions(tmp_path):
    survey = SMIC().survey(write_raw(tmp_path))
    assert uids(survey.clips) == UIDS
    assert survey.unannotated == ()
    assert any("non_micro" in sentence for sentence in survey.assumed)


@pytest.mark.parametrize("spelling", ["s1_ne_1", "S01_NE_01", "s001_ne_001", "s1-ne-01"])
def test_names_are_read_whatever_their_spelling(tmp_path, spelling):
    write_frames(tmp_path / "SMIC_all_raw/HS/S1/Micro/Negative" / spelling, [7, 8])
    assert uids(read(tmp_path)) == ["smic/s01/s01_ne_01/7"]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("SMIC_all_cropped/SMIC_all_cropped/HS", "cropped"),
        ("SMIC_extracted/HS", "raw"),
        ("HS", "raw"),
        (".", "raw"),
    ],
)
def test_trees_are_found_whatever_their_nesting(tmp_path, folder, kind):
    write_frames(tmp_path / folder / "s1/micro/positive/s1_po_02", [7, 8])
    assert read(tmp_path)[0].record["root_kind"] == kind


def test_pictures_of_cropped_faces_are_known_by_their_names(tmp_path):
    write_frames(tmp_path / "HS/s1/micro/positive/s1_po_02", [7, 8], "reg_image{}.bmp")
    assert read(tmp_path)[0].record["root_kind"] == "cropped"


def test_gaps_are_reported(tmp_path):
    root = write_smic(tmp_path)
    folder = root / "SMIC_all_cropped/HS/s01/micro/negative/s01_ne_01"
    (folder / "reg_image034210.bmp").unlink()
    (folder / "Thumbs.db").write_bytes(b"x")
    with pytest.raises(mertk.DataError, match=r"s01_ne_01.*the first is 34210"):
        read(root)
    clip = read(root, missing="keep")[0]
    assert numbers(clip) == [8, 9, 11, 12]
    quirks = ("incomplete", "missing_frames")
    assert (clip.record["n_missing"], clip.record["quirks"]) == (1, quirks)
    assert clip.record["notes"] == ("missing frames: 34210",)


def test_an_empty_folder_is_named(tmp_path):
    root = write_smic(tmp_path)
    (root / "SMIC_all_cropped/HS/s02/micro/negative/s02_ne_01").mkdir(parents=True)
    with pytest.raises(mertk.DataError, match=r"s02_ne_01.*the folder holds no frames"):
        read(root)
    assert len(read(root, missing="skip")) == len(CLIPS)


def test_two_files_of_one_frame_are_refused(tmp_path):
    root = write_smic(tmp_path)
    folder = root / "SMIC_all_cropped/HS/s01/micro/negative/s01_ne_01"
    write_frames(folder, [34208], "image{}.bmp")
    with pytest.raises(mertk.DataError, match="are both frame 34208"):
        read(root)


# Cameras


def test_cameras_have_ids_of_their_own_but_the_same_people(tmp_path):
    clips = [Clip(11, "ne", 1, 7750, 7754)]
    for camera in ("HS", "VIS", "NIR"):
        write_cropped(tmp_path, clips, camera)
    found = {camera: read(tmp_path, camera=camera)[0] for camera in ("hs", "vis", "nir")}
    assert [clip.uid for clip in found.values()] == [
        "smic/s11/s11_ne_01/7750",
        "smic/s11/s11_ne_01/7750/vis",
        "smic/s11/s11_ne_01/7750/nir",
    ]
    assert {clip.person for clip in found.values()} == {"smic/s11"}
    assert [clip.footage.fps for clip in found.values()] == [100, 25, 25]
    assert [clip.record["modality"] for clip in found.values()] == ["rgb", "rgb", "nir"]


def test_a_camera_that_is_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(mertk.DataError, match=r"no tree.*HS \(hs cropped\).*camera=vis"):
        read(write_smic(tmp_path), camera="vis")


def test_where_no_folder_names_a_camera_that_is_said(tmp_path):
    write_frames(tmp_path / "s1/micro/positive/s1_po_02", [7, 8])
    assert any("no folder name" in sentence for sentence in SMIC().survey(tmp_path).assumed)
    assert read(tmp_path, camera="nir")[0].uid == "smic/s01/s01_po_02/7/nir"


# Editions


@pytest.mark.parametrize(
    ("camera", "edition"), [("HS", "SMIC-HS 164"), ("VIS", "SMIC-VIS 71"), ("NIR", "SMIC-NIR 71")]
)
def test_the_published_counts_are_known(tmp_path, camera, edition):
    clips = edition_clips("HS" if camera == "HS" else "VIS")
    for c in clips:
        person = f"s{c.person}"
        folder = tmp_path / camera / person / "micro" / f"{person}_{c.code}_{c.number}"
        folder.mkdir(parents=True)
        (folder / f"image{c.onset:06d}.bmp").touch()
    survey = SMIC(camera=camera.lower()).survey(tmp_path)
    assert (survey.edition, len(survey.clips)) == (edition, len(clips))
    assert not survey.unusable


def test_a_lost_clip_makes_it_no_published_edition(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "mertk"):
        assert read(write_smic(tmp_path))[0].record["edition"] == UNRECOGNISED
    assert "SMIC-HS 164 (164 rows)" in caplog.text


def long_rows():
    """157 rows, as many of each emotion as in SMIC-E, with one of them marked negative."""
    codes = ["ne"] * 65 + ["po"] * 51 + ["sur"] * 40
    people = [1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 18, 19, 20]
    emotions = {"ne": "negative", "po": "positive", "sur": "surprise"}
    rows = []
    for at, code in enumerate(codes):
        who = people[at % 16]
        rows.append(Row(who, f"s{who}_{code}_{at + 30:02d}", 1, 2, emotion=emotions[code]))
    return [*rows, Row(18, "s18_sur_03", 1, 2, emotion="negative")]


def test_the_long_edition_is_known_by_its_rows_and_not_by_the_further_expressions(tmp_path):
    rows = long_rows()
    rows[0] = replace(rows[0], onset2=34215, offset2=34218)
    write_sheet(tmp_path / "SMIC-HS-E_annotation.xlsx", rows)
    for repair in ("none", "recommended"):
        survey = SMIC(repair=repair).survey(tmp_path)
        assert (survey.edition, len(survey.clips)) == ("SMIC-E-HS 157", 158)
    expected = {edition.name: edition for edition in survey.editions}["SMIC-E-HS 157"]
    assert (expected.rows, expected.labels["negative"]) == (158, 66)


def test_clips_that_smic_e_lacks_or_holds_within_others_are_marked(tmp_path):
    clips = [Clip(1, "ne", 2, 1, 2), Clip(4, "ne", 6, 3, 4)]
    quirks = [clip.record["quirks"] for clip in read(write_cropped(tmp_path, clips))]
    assert quirks == [("not_in_smic_e",), ("in_smic_e_within_s04_ne_04",)]


# SMIC-E


def test_a_long_clip_is_cut_by_its_annotation(tmp_path):
    clips = {clip.record["clip"]: clip for clip in read(write_long(tmp_path))}
    clip = clips["s01_ne_01"]
    assert numbers(clip) == [8, 9, 10, 11, 12]
    assert (clip.record["first_file"], clip.record["last_file"]) == (34200, 34220)
    assert (clip.record["video"], clip.record["source"]) == ("s01_ne_01", "row 5")
    assert clip.record["first_frame"] == "34200"


def test_a_second_expression_is_one_of_its_own(tmp_path):
    clips = {clip.record["clip"]: clip for clip in read(write_long(tmp_path))}
    second = clips["s03_ne_03"]
    assert second.uid == "smic/s03/s03_ne_03/403020"
    assert second.record["video"] == "s03_ne_02"
    assert second.record["frames_dir"].endswith("s03/s3_ne_02")
    assert second.record["quirks"] == ("in_smic_e_within_s03_ne_02",)


def test_a_further_expression_that_is_no_clip_of_smic_bears_the_long_clips_name(tmp_path):
    row = Row(20, "s20_ne_06", 110, 115, 120, 125, 119, None, first=100, last=130)
    survey = SMIC().survey(write_long(tmp_path, [row]))
    assert [clip.uid for clip in survey.clips] == [
        "smic/s20/s20_ne_06/110",
        "smic/s20/s20_ne_06/120",
    ]
    assert survey.clips[0].record["quirks"] == ("expression_3_unreadable",)
    assert any("s20_ne_06 no. 2" in sentence for sentence in survey.assumed)


@pytest.mark.parametrize(
    ("onset3", "offset3", "quirk"),
    [
        (None, 100, "expression_3_unreadable"),  # Offset3F is FirstF
        (90, 100, "expression_3_before_first_frame"),
        (100, 104, "expression_3_before_first_frame"),
        (90, 95, "expression_3_before_first_frame"),
        (120, 125, "expression_3_repeated"),
        (110, 115, "expression_3_repeated"),
        (120, 124, "expression_3_repeated"),
    ],
)
def test_junk_in_the_columns_of_third_expressions_is_no_expression(
    tmp_path, onset3, offset3, quirk
):
    row = Row(20, "s20_ne_06", 110, 115, 120, 125, onset3, offset3, first=100, last=130)
    clips = read(write_long(tmp_path, [row]))
    assert [clip.record["onset"] for clip in clips] == [110, 120]
    assert clips[0].record["quirks"] == (quirk,)


def test_a_third_expression_after_the_second_counts(tmp_path):
    row = Row(4, "s4_ne_04", 110, 115, 120, 123, 126, 129, first=100, last=130)
    clips = read(write_long(tmp_path, [row]))
    assert [clip.record["clip"] for clip in clips] == ["s04_ne_04", "s04_ne_05", "s04_ne_06"]


def test_a_first_expression_may_lie_anywhere_around_the_first_frame(tmp_path):
    rows = [Row(1, "s1_ne_03", 658536, 658540, first=650000), Row(1, "s1_ne_04", 90, 95, first=100)]
    write_sheet(tmp_path / "SMIC-HS-E_annotation.xlsx", rows)
    clips = SMIC().survey(tmp_path).clips
    assert [clip.record["onset"] for clip in clips] == [658536, 90]
    assert [clip.record["quirks"] for clip in clips] == [(), ()]


def test_without_further_expressions_a_row_is_one_clip_and_the_published_157_pass(tmp_path):
    rows = long_rows()
    rows[0] = replace(rows[0], onset2=34215, offset2=34218)
    write_sheet(tmp_path / "SMIC-HS-E_annotation.xlsx", rows)
    assert len(SMIC().survey(tmp_path).clips) == 158
    survey = SMIC(further=False).survey(tmp_path)
    rules = mertk.load_plugins().registry.build("protocol", mertk.Use("smic_3"))
    found = datasets.validation.examine_dataset(survey, {"smic_3": rules}, frames="none")
    assert (survey.edition, len(survey.clips)) == ("SMIC-E-HS 157", 157)
    assert found.protocols[0].differences == ()
    assert found.protocols[0].edition == "SMIC-E HS"


def test_a_merged_clip_with_a_row_of_its_own_is_not_counted_twice(tmp_path):
    rows = [*ROWS, Row(3, "s3_ne_03", 403020, 403023, first=403010, last=403030)]
    survey = SMIC().survey(write_long(tmp_path, rows))
    assert uids(survey.clips) == UIDS


def test_the_name_wins_over_the_emotion_of_s18_sur_03(tmp_path):
    row = Row(18, "s18_sur_03", 110, 115, emotion="negative", first=100, last=120)
    record = read(write_long(tmp_path, [row]))[0].record
    assert (record["label"], record["emotion"], record["emotion_raw"]) == (
        "surprise", "surprise", "negative",
    )  # fmt: skip
    assert record["quirks"] == ("emotion_differs_from_name",)
    published = read(tmp_path, repair="none")[0].record
    assert (published["label"], published["emotion"]) == ("surprise", "negative")


@pytest.mark.parametrize(
    ("row", "uid"),
    [
        (Row(2, "s2_sur_05", 219124, 219130, emotion="surprise"), "smic/s02/s02_sur_05/219114"),
        (Row(3, "s3_ne_20", 426685, 426690), "smic/s03/s03_ne_20/426679"),
    ],
)
def test_ids_keep_the_onset_of_the_files_where_older_lists_differ(tmp_path, row, uid):
    write_sheet(tmp_path / "SMIC-HS-E_annotation_orig.xlsx", [row])
    assert SMIC().survey(tmp_path).clips[0].uid == uid


def test_a_first_frame_that_is_missing_is_marked(tmp_path):
    row = Row(3, "s3_ne_20", 426679, 426690, first="MISSING <-426679")
    write_sheet(tmp_path / "SMIC-HS-E_annotation_orig.xlsx", [row])
    record = SMIC().survey(tmp_path).clips[0].record
    assert "first_frame_missing" in record["quirks"]
    assert record["first_frame"] == "MISSING <-426679"


def test_offsets_that_differ_from_the_cropped_files_are_marked(tmp_path):
    write_sheet(
        tmp_path / "SMIC-HS-E_annotation.xlsx",
        [Row(3, "s3_po_08", 402200, 402223, emotion="positive")],
    )
    record = SMIC().survey(tmp_path).clips[0].record
    assert (record["offset"], record["quirks"]) == (402223, ("offset_402225_in_smic",))


def test_the_newest_annotation_is_read_and_the_original_one_last(tmp_path):
    root = write_long(tmp_path)
    top = root / "SMIC-E_raw image/HS_long"
    write_sheet(top / "SMIC-HS-E_annotation_orig.xlsx", ROWS[:1])
    assert len(read(root)) == 5
    write_sheet(top / "SMIC-HS-E_annotation_2019.xlsx", ROWS[:2])
    assert len(read(root)) == 3
    assert len(read(root, sheet="SMIC-HS-E_annotation_orig.xlsx")) == 1


def test_another_camera_has_a_sheet_or_a_file_of_its_own(tmp_path):
    row = Row(20, "s20_ne_01", 7750, 7754, first=7712, last=None)
    file = write_sheet(tmp_path / "SMIC-HS-E_annotation.xlsx", [row], "VIS")
    survey = SMIC(camera="vis").survey(tmp_path)
    assert survey.clips[0].uid == "smic/s20/s20_ne_01/7750/vis"
    with pytest.raises(mertk.DataError, match=r"no sheet 'NIR'; sheets: VIS, Sheet2"):
        SMIC(camera="nir").survey(tmp_path)
    file.rename(tmp_path / "SMIC_VIS_E_annotation.xlsx")
    write_sheet(tmp_path / "SMIC_NIR_E_annotation.xlsx", [row], "Sheet1")
    assert SMIC(camera="vis").survey(tmp_path).sheets[0].name == "SMIC_VIS_E_annotation.xlsx"
    assert SMIC(camera="nir").survey(tmp_path).clips[0].uid.endswith("/nir")


def test_annotations_alone_are_surveyed(tmp_path):
    write_sheet(tmp_path / "SMIC-HS-E_annotation.xlsx")
    survey = SMIC().survey(tmp_path)
    assert uids(survey.clips) == UIDS
    assert survey.tree is None
    with pytest.raises(mertk.DataError, match="no tree of frames"):
        read(tmp_path)


# A folder that is not right


def test_a_long_tree_without_its_annotation_is_an_error(tmp_path):
    root = write_long(tmp_path)
    (root / "SMIC-E_raw image/HS_long/SMIC-HS-E_annotation.xlsx").unlink()
    with pytest.raises(mertk.DataError, match=r"no annotation spreadsheet.*found: none at all"):
        read(root)


def test_a_folder_without_clips_is_told_what_belongs_there(tmp_path):
    write_frames(tmp_path / "pictures", [1])
    with pytest.raises(mertk.DataError, match=r"no tree of frames.*s01/micro/negative/s01_ne_01"):
        read(tmp_path)
    with pytest.raises(mertk.DataError, match="no 'hs cropped' tree"):
        read(write_raw(tmp_path), tree="cropped")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"clip": "s1_xx_01"}, r"annotation\.xlsx.*row 3, column 'Filename': 's1_xx_01' is not"),
        ({"subject": 4}, r"row 3, column 'Subject': subject '4', but the clip is s03_ne_02"),
        ({"onset": "=C2+1"}, r"s03_ne_02/ \(row 3\): OnsetF or OffsetF is empty; a formula"),
        ({"offset": None}, r"s03_ne_02/403000 \(row 3\): OnsetF or OffsetF is empty"),
        ({"offset": "?"}, r"s03_ne_02/403000 \(row 3\): no offset is annotated \(offset '\?'\)"),
        ({"onset": 403005}, r"s03_ne_02/403005 \(row 3\): onset 403005 lies after"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(tmp_path, changes, text):
    root = write_long(tmp_path)
    rows = [ROWS[0], replace(ROWS[1], **changes), *ROWS[2:]]
    write_sheet(root / "SMIC-E_raw image/HS_long/SMIC-HS-E_annotation.xlsx", rows)
    with pytest.raises(mertk.DataError, match=text):
        read(root)


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "s1_ne_01", "s20_ne_06", "MISSING <-426679", "=A1", "?"]),
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
        file = Path(folder) / "SMIC-HS-E_annotation.xlsx"
        book = openpyxl.Workbook()
        for row in table:
            book.active.append([row[at] for at in order])
        book.active.title = "HS"
        book.save(file)
        problem = file.name
        try:
            assert SMIC().survey(Path(folder)).clips
        except mertk.DataError as error:
            problem = str(error)
    assert file.name in problem
