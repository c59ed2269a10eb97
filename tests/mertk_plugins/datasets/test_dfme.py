import tempfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from dfme_tree import (
    FILES,
    HEADER,
    PARTS,
    TREES,
    Row,
    cells,
    edition_rows,
    write_csv,
    write_dfme,
    write_frames,
    write_sheet,
    write_tree,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mertk
from mertk import datasets
from mertk.datasets import validation
from mertk.datasets.editions import UNRECOGNISED
from mertk_plugins.datasets.dfme import DFME

TRAIN = FILES["train"]


@pytest.fixture
def root(tmp_path):
    return write_dfme(tmp_path / "DFME")


def read(root, **params):
    return list(DFME(**params).index(root))


def numbers(clip):
    """The file numbers of a clip's frames, which their grey values give away."""
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def with_train_row(root, at, **changes):
    """The set with one row of its training part changed, read without frames."""
    rows = [replace(row, **changes) if n == at else row for n, row in enumerate(PARTS["train"])]
    write_sheet(root / TRAIN, rows)
    return DFME().survey(root)


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("dfme")), DFME)
    only = registry.build("dataset", mertk.Use.parse('dfme:parts=["testA"]'))
    assert only.parts == ["testA"]


# Parts


def test_three_files_and_three_trees_make_up_one_set(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == [
        "dfme/sub0003/sub0003_01/109",
        "dfme/sub0003/sub0003_02/0",
        "dfme/sub0007/sub0007_01/9",
        "dfme/sub0021/sub0021_03/5",
        "dfme/sub0040/sub0040_01/1",
    ]
    splits = [clip.record["official_split"] for clip in clips]
    assert splits == ["train", "train", "train", "testA", "testB"]
    assert clips[3].record["source"] == "row 2 of testA_full_with_AU.xlsx"
    assert clips[4].record["frames_dir"] == "test_data_B/test_data_B/sub0040_01"


def test_frame_numbers_are_those_of_the_files_and_begin_at_0(root):
    clips = read(root)
    assert numbers(clips[0]) == [109, 110, 111, 112, 113]
    assert numbers(clips[1]) == [0, 1, 2, 3, 4]
    assert (clips[1].record["onset"], clips[1].record["zero_pad"]) == (0, 5)
    write_frames(root / TREES["train"] / "sub0003_01", range(100, 120))
    assert numbers(read(root)[0]) == [109, 110, 111, 112, 113]


def test_every_clip_has_its_own_frame_rate(root):
    clips = read(root)
    assert [clip.footage.fps for clip in clips] == [500, 500, 300, 200, 300]
    assert [clip.record["duration_ms"] for clip in clips] == [10, 10, 13, 15, 10]


def test_only_the_parts_that_are_there_are_read_unless_some_are_named(root, tmp_path):
    assert len(read(root, parts=["testB", "train"])) == 4
    assert DFME(parts=["train"]).survey(root).unannotated == ()
    some = write_dfme(tmp_path / "some", {"testA": PARTS["testA"]})
    assert [clip.record["official_split"] for clip in read(some)] == ["testA"]
    with pytest.raises(mertk.DataError, match=r"no spreadsheet of the part train, such as.*testA_"):
        read(some, parts=["train"])


def test_an_unknown_part_is_refused_with_those_that_are_known():
    registry = mertk.load_plugins().registry
    with pytest.raises(mertk.ParameterError, match="choose from train, testA, testB"):
        registry.build("dataset", mertk.Use("dfme", parts=["test"]))


@pytest.mark.parametrize(
    ("file", "tree"),
    [("DFME_test_A_full_with_AU.xlsx", "test_data_A/test_data_A"), ("dfme_test_a.xlsx", "testA"),
     ("testA.csv.xlsx", ".")],
)  # fmt: skip
def test_files_and_trees_of_other_names_are_known(tmp_path, file, tree):
    write_sheet(tmp_path / file, PARTS["testA"])
    write_tree(tmp_path / tree, PARTS["testA"])
    assert read(tmp_path)[0].record["official_split"] == "testA"


def test_cropped_copies_are_a_tree_of_their_own(root):
    for part, rows in PARTS.items():
        write_tree(root / "DFME_Crop" / TREES[part], rows)
    assert {clip.record["root_kind"] for clip in read(root)} == {"raw"}
    cropped = read(root, tree="cropped")
    assert {clip.record["root_kind"] for clip in cropped} == {"cropped"}
    assert cropped[0].record["frames_dir"].startswith("DFME_Crop/")


@pytest.mark.usefixtures("made_up_content")
@pytest.mark.parametrize("parts", [["train"], ["testA", "testB"], ["train", "testA", "testB"]])
def test_the_published_counts_are_known_part_by_part(tmp_path, parts):
    rows = {part: edition_rows(part) for part in parts}
    for part in parts:
        write_csv(tmp_path / f"{part}.csv", rows[part])
    survey = DFME().survey(tmp_path)
    assert survey.edition == f"CCAC {' + '.join(parts)}"
    assert validation.examine_dataset(survey, {}, frames="none").healthy
    changed = [*rows[parts[-1]][1:], replace(rows[parts[-1]][0], emotion="fear")]
    write_csv(tmp_path / f"{parts[-1]}.csv", changed)
    survey = DFME().survey(tmp_path)
    assert survey.edition == UNRECOGNISED
    assert not validation.examine_dataset(survey, {}, frames="none").healthy


# Rows


def test_descriptors_and_movements_are_read(root):
    record = read(root)[1].record
    assert [(au["kind"], au["au"], au["side"]) for au in record["aus"]] == [
        ("AU", 1, "L"),
        ("AD", 38, ""),
        ("M", 57, ""),
    ]


def test_a_file_without_aus_is_read_without_a_word(tmp_path):
    write_sheet(tmp_path / "training.xlsx", PARTS["train"], width=8)
    record = DFME().survey(tmp_path).clips[0].record
    assert (record["au_known"], record["quirks"]) == (False, ())


@pytest.mark.parametrize(
    ("changes", "quirk"),
    [
        ({"emotion_id": 6}, "emotion_id_differs"),
        ({"emotion_id": None}, "emotion_id_differs"),
        ({"emotion": "joy"}, "emotion_id_differs"),
        ({"fps": 50}, "fps_unusual"),
        ({"subject": "sub0004"}, "subject_differs_from_name"),
        ({"clip": "3_01"}, "irregular_name"),
        ({"subject": "sub0021", "clip": "sub0021_09"}, "subject_in_two_parts"),
    ],
)
def test_what_contradicts_itself_is_marked(root, changes, quirk):
    clips = with_train_row(root, 0, **changes).clips
    assert quirk in clips[0].record["quirks"]
    assert clips[1].record["quirks"] == ()
    if quirk == "subject_in_two_parts":
        assert clips[3].record["quirks"] == (quirk,)


def test_the_word_of_an_emotion_counts_and_not_its_number(root):
    assert with_train_row(root, 0, emotion_id=6).clips[0].record["label"] == "anger"


@pytest.mark.parametrize("written", [3, "3", "Sub3", "sub0003"])
def test_subjects_and_folders_match_whatever_their_padding_and_case(tmp_path, written):
    write_sheet(tmp_path / TRAIN, [Row(written, "Sub3_01")])
    write_frames(tmp_path / "train_data/train_data/sub0003_01", range(109, 114))
    assert read(tmp_path)[0].uid == "dfme/sub0003/sub0003_01/109"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": None}, r"training_.*row 3, column 'Subject': the cell is empty"),
        ({"subject": "x"}, "row 3, column 'Subject': 'x' is not a subject such as sub0003"),
        ({"clip": None}, "row 3, column 'Filename': the cell is empty"),
        ({"emotion": None}, "row 3, column 'Emotion': the cell is empty"),
        ({"fps": "fast"}, "row 3, column 'Fps': 'fast' is not a frame rate in Hz such as 500"),
        ({"fps": 0}, "row 3, column 'Fps': '0' is not a frame rate"),
        ({"fps": "nan"}, "row 3, column 'Fps': 'nan' is not a frame rate"),
        ({"offset": "-"}, r"sub0003_02/0 \(row 3 of training_full_with_AU.xlsx\): no offset"),
        ({"clip": "sub0003_01", "onset": 109}, "row 2 of .* and row 3 of .* both annotate"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    with pytest.raises(mertk.DataError, match=text):
        datasets.survey.select_usable_clips(with_train_row(root, 1, **changes), "error")


def test_labels_that_were_not_published_are_asked_for(root):
    write_sheet(root / FILES["testA"], PARTS["testA"], width=5)
    with pytest.raises(
        mertk.DataError, match=r"testA_full.*no column 'emotion'\. Columns: Subject"
    ):
        read(root)


def test_annotations_or_frames_alone_say_what_is_missing(tmp_path):
    write_tree(tmp_path / "frames" / TREES["train"], PARTS["train"])
    with pytest.raises(mertk.DataError, match=r"no annotation spreadsheet.*training_full_with_AU"):
        read(tmp_path / "frames")
    write_sheet(tmp_path / "alone" / TRAIN, PARTS["train"])
    assert len(DFME().survey(tmp_path / "alone").clips) == 3
    with pytest.raises(mertk.DataError, match=r"no tree of frames.*sub0003_01/00109\.png"):
        read(tmp_path / "alone")


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "sub0003_01", "sub3", "/", "=A1", "?", "inf", "1e-320"]),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8),
)
PLACE = st.tuples(st.integers(0, 3), st.integers(0, len(HEADER) - 1))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PLACE, CELL, max_size=4), st.permutations(range(len(HEADER))))
def test_a_damaged_annotation_gives_clips_or_an_error_that_names_it(changes, order):
    table = [list(HEADER), *(cells(row) for row in PARTS["train"])]
    for (row, column), cell in changes.items():
        table[row][column] = cell
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / TRAIN
        book = openpyxl.Workbook()
        for row in table:
            book.active.append([row[at] for at in order])
        book.save(file)
        problem = file.name
        try:
            assert DFME().survey(Path(folder)).clips
        except mertk.DataError as error:
            problem = str(error)
    assert file.name in problem


# The whole set

WHOLE = (
    Row("sub0001", "sub0001_01", 5, 6, 8, "anger", 0, 500, "4"),
    Row("sub0016", "sub0016_02", 1, 3, 4, "happiness", 4, 300, "12"),
    Row("sub0301", "sub0301_07", 2, 3, 6, "surprise", 6, 200, "1+2"),
)
FOLDERS = ("USTC_MEv4_partA_sub0001_sub0015", "USTC_MEv4_partB_sub0016_sub0110",
           "USTC_MEv4_partD_sub0301_sub0671")  # fmt: skip


def write_whole(root):
    write_sheet(root / "DFME_all.xlsx", WHOLE)
    for row, folder in zip(WHOLE, FOLDERS, strict=True):
        write_tree(root / folder / "micro" / row.emotion, [row])
        write_frames(root / folder / "macro" / row.emotion / row.clip, [1])
    return root


def test_the_whole_set_is_read_from_its_folders_by_camera(tmp_path):
    clips = list(DFME().index(write_whole(tmp_path)))
    assert [clip.uid for clip in clips] == [
        "dfme/sub0001/sub0001_01/5",
        "dfme/sub0016/sub0016_02/1",
        "dfme/sub0301/sub0301_07/2",
    ]
    assert [len(clip.footage.frames) for clip in clips] == [4, 4, 5]
    assert [clip.footage.fps for clip in clips] == [500, 300, 200]
    assert {clip.record["official_split"] for clip in clips} == {""}
    survey = DFME().survey(tmp_path)
    assert [edition.rows for edition in survey.editions] == [7526]
    assert any("not seen" in text for text in survey.assumed)


def test_the_parts_of_the_challenge_come_first_and_the_whole_set_is_asked_for(tmp_path):
    write_whole(tmp_path)
    write_dfme(tmp_path)
    assert len(DFME().index(tmp_path)) == 5
    assert len(DFME(parts=["full"]).index(tmp_path)) == 3
    with pytest.raises(ValueError, match="or full alone"):
        DFME(parts=["full", "train"])


def test_the_whole_set_has_ten_folds_of_people_and_no_official_split(tmp_path):
    registry = mertk.load_plugins().registry
    rows = [Row(f"sub{at:04d}", f"sub{at:04d}_01", 1, 2, 3) for at in range(1, 21)]
    write_sheet(tmp_path / "DFME_all.xlsx", rows)
    write_tree(tmp_path / FOLDERS[0] / "micro/anger", rows)
    clips = DFME().index(tmp_path)
    folds = list(registry.build("protocol", mertk.Use("dfme_10fold")).splits(clips))
    # KFold(10, shuffle=True, random_state=1) of 20: the first fold is 3 and 16
    assert len(folds) == 10
    assert [clips[at].subject for at in folds[0].test] == ["sub0004", "sub0017"]
    with pytest.raises(mertk.ProtocolError, match="is of the part ''"):
        registry.build("protocol", mertk.Use("dfme_7")).splits(clips)
