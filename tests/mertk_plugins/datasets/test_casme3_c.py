import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from casme3_tree import (
    CRIMES,
    PART_C,
    PART_C_ME,
    Crime,
    write_book,
    write_casme3,
    write_casme3_c,
    write_part_c,
    write_part_c_me,
)
from casme_sq_tree import write_frames
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mertk
from mertk_plugins.datasets.casme3 import CASME3
from mertk_plugins.datasets.casme3_c import CASME3C


@pytest.fixture
def root(tmp_path):
    return write_casme3_c(tmp_path / "CASME3")


def read(root, **params):
    return list(CASME3C(**params).index(root))


def survey(root, **params):
    return CASME3C(**params).survey(root)


def numbers(clip):
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("casme3_c")), CASME3C)


def test_expressions_are_cut_out_of_the_recordings(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == [
        "casme3_c/01/a/3",
        "casme3_c/01/a/20",
        "casme3_c/12/a/5",
    ]
    assert numbers(clips[0]) == [3, 4, 5, 6, 7, 8, 9]
    assert clips[0].footage.fps == 30
    assert [clip.record["label"] for clip in clips] == ["negative", "surprise", "others"]
    assert clips[2].record["frames_dir"] == "part_C/12/a/color"
    assert [clip.record["count"] for clip in clips] == ["1", "2", "1"]


def test_no_apex_is_annotated_and_that_marks_no_clip(root):
    clip = read(root)[0]
    assert (clip.footage.apex, clip.record["apex_status"]) == (None, "missing")
    assert clip.record["quirks"] == ()


def test_commas_of_any_width_part_the_action_units(root):
    assert [clip.record["au_set"] for clip in read(root)] == [(4, 11), (4, 5), (13,)]
    assert read(root)[2].record["aus"][0]["flags"] == ("uncertain",)


@pytest.mark.parametrize(
    "names",
    [
        ("ME_C/01/1/color", "ME_C/01/2/color", "ME_C/12/1/color"),
        ("sub1/color/1_1", "sub1/color/1_2", "sub12/color/12_1"),
        ("01/color/01_1", "01/color/01_2", "12/color/12_1"),
    ],
)
def test_expressions_that_were_cut_out_are_found_by_their_count(tmp_path, names):
    write_part_c_me(tmp_path / PART_C_ME)
    for row, name in zip(CRIMES, names, strict=True):
        write_frames(tmp_path / name, range(row.onset, row.offset + 1), "{}.jpg")
    clips = read(tmp_path)
    assert [clip.record["frames_dir"] for clip in clips] == list(names)
    assert {clip.record["root_kind"] for clip in clips} == {"me_only"}


def test_the_file_of_both_types_has_the_same_ids(root):
    both = [*CRIMES, Crime(12, 2, 1, 4, kind=0)]
    micro = [clip.uid for clip in read(root)]
    write_part_c(root / PART_C, both)
    assert [clip.uid for clip in read(root, sheet=PART_C)] == micro
    clips = read(root, expressions="all")
    assert [clip.uid for clip in clips] == [*micro, "casme3_c/12/a/1"]
    assert [clip.record["expression_type"] for clip in clips] == ["micro"] * 3 + ["macro"]
    assert [clip.record["risk"] for clip in clips] == ["2"] * 4
    assert {(clip.record["label"], clip.record["quirks"]) for clip in clips} == {("", ())}


def test_a_lost_onset_frame_is_replaced_by_a_near_one(root):
    (root / "part_C/12/a/color/5.jpg").unlink()
    clip = read(root)[2]
    assert numbers(clip) == [6, 7, 8, 9]
    assert clip.record["quirks"] == ("onset_file_missing", "missing_frames")


def test_published_editions_are_known_by_their_contents(tmp_path):
    words = {"negative": 99, "surprise": 30, "others": 20, "positive": 16}
    labels = [word for word, count in words.items() for _ in range(count)]
    rows = [Crime(1 + at % 30, at, 3 * at, 3 * at + 2, "4", word) for at, word in enumerate(labels)]
    write_part_c_me(tmp_path / PART_C_ME, rows)
    assert survey(tmp_path).edition == "part_C_ME"
    both = [Crime(1 + at % 31, at, 3 * at, 3 * at + 2, kind=int(at < 160)) for at in range(463)]
    write_part_c(tmp_path / PART_C, both)
    for wanted, count in (("micro", 160), ("macro", 303), ("all", 463)):
        found = survey(tmp_path, expressions=wanted, sheet=PART_C)
        assert (found.edition, len(found.clips)) == ("part_C", count)


def test_parts_a_and_c_may_lie_in_one_folder(root):
    write_casme3(root)
    assert (len(read(root)), len(CASME3().index(root))) == (3, 5)


def test_a_file_without_the_expressions_is_told(root):
    with pytest.raises(
        mertk.DataError, match=r"no rows for expressions=macro.*part_C\.xls has both"
    ):
        read(root, expressions="macro")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": "x"}, "row 3, column 'sub': 'x' is not a subject"),
        ({"emotion": ""}, "row 3, column 'emotion': the cell is empty"),
        ({"onset": "x"}, r"01/a/x \(row 3\): onset 'x'.* are not frame numbers"),
        ({"onset": 40}, r"01/a/40 \(row 3\): onset 40 lies after offset 28"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    write_part_c_me(root / PART_C_ME, [CRIMES[0], replace(CRIMES[1], **changes), CRIMES[2]])
    with pytest.raises(mertk.DataError, match=text):
        read(root)


def test_an_unknown_type_is_named_with_its_row(tmp_path):
    write_part_c(tmp_path / PART_C, [Crime(1, 1, 1, 2, kind=7)])
    with pytest.raises(mertk.DataError, match="row 2, column 'Exp_type': '7' is neither 1"):
        survey(tmp_path)


HEADER = ["sub", "count", "onset", "offset", "au", "emotion"]
CELL = st.one_of(
    st.none(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "/", "1", "sub1", "4or", "(", "NULL"]), st.text("abc/._,+ 019", max_size=6),
)  # fmt: skip
PLACE = st.tuples(st.integers(0, len(CRIMES)), st.integers(0, len(HEADER) - 1))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PLACE, CELL, max_size=4), st.permutations(range(len(HEADER))))
def test_a_damaged_annotation_gives_clips_or_an_error_that_names_it(changes, order):
    rows = [[r.subject, r.count, r.onset, r.offset, r.au, r.emotion] for r in CRIMES]
    table = [HEADER[:], *rows]
    for (row, column), cell in changes.items():
        table[row][column] = cell
    with tempfile.TemporaryDirectory() as folder:
        lines = [[line[at] for at in order] for line in table]
        write_book(Path(folder) / PART_C_ME, {"mockCrimeME": lines})
        problem = folder
        try:
            assert survey(Path(folder)).clips
        except mertk.DataError as error:
            problem = str(error)
    assert folder in problem
