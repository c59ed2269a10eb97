import shutil
import tempfile
from pathlib import Path

import pytest
from casme3_tree import (
    BOTH_V1,
    BOTH_V2,
    MACRO,
    MACROS,
    ME_HEADER,
    ME_V1,
    ME_V2,
    ROWS,
    Row,
    changed,
    many,
    me_cells,
    write_book,
    write_both,
    write_casme3,
    write_clips,
    write_cut,
    write_long,
    write_me,
)
from casme_sq_tree import write_frames
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mertk
import mertk.cli
from mertk_plugins.datasets.casme3 import CASME3

UIDS = [
    "casme3/spNO.1/a/5",
    "casme3/spNO.1/a/20",
    "casme3/spNO.1/b/16",
    "casme3/spNO.14/j/8",
    "casme3/spNO.10/a/1",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_casme3(tmp_path_factory.mktemp("CASME3"))


def read(root, **params):
    return list(CASME3(**params).index(root))


def survey(root, **params):
    return CASME3(**params).survey(root)


def records(root, **params):
    return {clip.uid.partition("/")[2]: clip.record for clip in survey(root, **params).clips}


def numbers(clip):
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def timing(record):
    return record["onset"], record["apex"], record["offset"]


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("casme3")), CASME3)


def test_the_release_of_clips_is_read(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == UIDS
    assert numbers(clips[0]) == [5, 6, 7, 8, 9, 10, 11, 12]
    assert (clips[0].footage.apex, clips[0].footage.fps) == (4, 30)
    record = clips[1].record
    assert record["frames_dir"] == "Part_A_ME_clip/Part_A_ME_clip/frame/spNO.1_a_20"
    assert (record["root_kind"], record["modality"]) == ("me_only", "rgb")
    assert (record["objective_class"], record["objective_class_source"]) == (7, "Objective class")
    assert [(code["side"], code["au"]) for code in record["aus"]] == [("L", 12), ("R", 18)]


def test_emotions_have_their_common_names(root):
    assert [clip.record["label"] for clip in read(root)] == [
        "others", "sadness", "others", "surprise", "happiness",
    ]  # fmt: skip


def test_a_letter_in_upper_case_is_the_same_letter_and_marked(root):
    record = read(root)[3].record
    assert (record["clip"], record["video"]) == ("j", "J")
    assert record["quirks"] == ("upper_case_letter",)


def test_a_micro_expression_of_more_than_half_a_second_is_marked(root):
    marked = [clip.uid for clip in read(root) if "long_me" in clip.record["quirks"]]
    assert marked == ["casme3/spNO.10/a/1"]  # 20 frames


def test_whole_recordings_are_cut_to_the_expressions(tmp_path):
    write_me(tmp_path / ME_V2)
    write_long(tmp_path / "part_A_split/part_A")  # folders spNo.1, not spNO.1
    clips = read(tmp_path)
    assert [clip.uid for clip in clips] == UIDS
    assert numbers(clips[1]) == list(range(20, 31))
    assert clips[1].record["root_kind"] == "long"
    assert clips[3].record["frames_dir"] == "part_A_split/part_A/spNo.14/J/color"


@pytest.mark.parametrize("turned", [False, True])
def test_numbered_copies_of_a_letter_are_found_by_their_frames(tmp_path, turned):
    write_me(tmp_path / ME_V2)
    write_cut(tmp_path / "ME_A", ROWS[::-1] if turned else ROWS)
    clips = read(tmp_path)
    assert clips[0].record["root_kind"] == "me_only"
    folders = [clip.record["frames_dir"] for clip in clips[:2]]
    expected = ["ME_A/spNO.1/a/color", "ME_A/spNO.1/a2/color"]
    assert folders == (expected[::-1] if turned else expected)
    assert [len(clip.footage.frames) for clip in clips[:2]] == [8, 11]


def test_the_better_tree_for_what_is_read_is_taken(tmp_path):
    write_me(tmp_path / ME_V2)
    write_both(tmp_path / BOTH_V2)
    write_clips(tmp_path)
    write_long(tmp_path / "part_A", (*ROWS, *MACROS))
    write_long(tmp_path / "part_A_cropped")
    assert survey(tmp_path).kind == "me_only"
    assert survey(tmp_path, expressions="all").kind == "long"
    assert survey(tmp_path, tree="cropped").tree.name == "part_A_cropped"


def test_depth_and_videos_are_no_frames(root, tmp_path):
    base = root / "Part_A_ME_clip/Part_A_ME_clip"
    assert all("depth" not in str(clip.record["frames_dir"]) for clip in read(root))
    shutil.copytree(base / "depth", tmp_path / "depth")
    shutil.copy(root / ME_V2, tmp_path)
    assert survey(tmp_path).tree is None


def test_a_lost_apex_frame_is_replaced_by_a_near_one(tmp_path):
    write_casme3(tmp_path)
    folder = tmp_path / "Part_A_ME_clip/Part_A_ME_clip/frame/spNO.1_a_5"
    for number in (9, 10, 12):
        (folder / f"{number}.jpg").unlink()
    clip = read(tmp_path)[0]
    assert numbers(clip) == [5, 6, 7, 8, 11]
    assert clip.footage.apex == 3
    assert (clip.record["apex"], clip.record["n_missing"]) == (9, 3)
    quirks = ("apex_file_missing", "offset_file_missing", "missing_frames")
    assert clip.record["quirks"] == quirks
    for number in (6, 7, 8, 11):
        (folder / f"{number}.jpg").unlink()
    with pytest.raises(mertk.DataError, match="apex frame 9 is not in"):
        read(tmp_path)
    assert "nearest within 3" in survey(tmp_path).assumed[0]


def test_a_damaged_picture_is_named_when_it_is_read(tmp_path):
    write_casme3(tmp_path)
    file = tmp_path / "Part_A_ME_clip/Part_A_ME_clip/frame/spNO.1_a_5/7.jpg"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(mertk.DataError, match=r"7\.jpg: truncated"):
        numbers(read(tmp_path)[0])


# Macro-expressions


def test_files_of_both_types_are_read_from_their_own_sheet(tmp_path):
    write_both(tmp_path / BOTH_V2)
    kinds = {
        wanted: [clip.record["expression_type"] for clip in survey(tmp_path, expressions=wanted).clips]
        for wanted in ("micro", "macro", "all")
    }  # fmt: skip
    assert kinds == {"micro": ["micro"] * 5, "macro": ["macro"], "all": ["micro"] * 5 + ["macro"]}
    record = records(tmp_path)["spNO.1/a/5"]
    assert (record["label"], record["objective_class"]) == ("", 2)


def test_macro_expressions_have_emotions_in_a_file_of_their_own(tmp_path):
    header = ["sub", "seq", "onset", "apex", "offset", "au", "emotion"]
    line = ["spNO.2", "c", 3, 5, 30, "12", "happy"]
    write_book(tmp_path / MACRO, {"Sheet1": [header, line]})
    write_both(tmp_path / BOTH_V2)
    found = survey(tmp_path, expressions="macro")
    assert [clip.record["label"] for clip in found.clips] == ["happiness"]
    assert found.clips[0].record["expression_type"] == "macro"
    assert found.clips[0].record["quirks"] == ()
    assert "is not known" in found.assumed[1]


def test_a_file_without_the_expressions_is_told(root):
    for wanted in ("macro", "all"):
        with pytest.raises(
            mertk.DataError, match=f"={wanted}; it holds micro-expressions alone, .*both"
        ):
            survey(root, expressions=wanted)


# Editions


@pytest.mark.usefixtures("made_up_content")
@pytest.mark.parametrize(
    ("name", "rows", "edition"),
    [(ME_V2, many(860, 94), "v2"), (ME_V1, many(921, 90), "v1"), (ME_V2, many(859, 94), None)],
)
def test_an_edition_is_known_by_its_contents(tmp_path, name, rows, edition):
    write_me(tmp_path / name, rows, "label" if name == ME_V2 else "Sheet1")
    found = survey(tmp_path)
    assert (found.edition, len(found.clips)) == (edition or "unrecognised", len(rows))


@pytest.mark.parametrize(("edition", "micro"), [("part_A_v2", 860), ("part_A_v1", 921)])
def test_an_edition_of_both_types_is_known_by_its_contents(tmp_path, edition, micro):
    rows = many(micro, 94) + many(4206 - micro, 98, "Macro-expression")
    lines = [",".join(map(str, cells)) for cells in ((*me_cells(r)[:6], r.kind) for r in rows)]
    text = "\n".join(["Subject,Filename,Onset,Apex,Offset,AU,Expression type", *lines])
    (tmp_path / "part_A.csv").write_text(text)
    counts = {wanted: survey(tmp_path, expressions=wanted) for wanted in ("micro", "all")}
    assert {found.edition for found in counts.values()} == {edition}
    assert [len(found.clips) for found in counts.values()] == [micro, 4206]


def test_the_newest_file_is_read_unless_another_is_named(tmp_path):
    write_both(tmp_path / BOTH_V1)
    assert survey(tmp_path).sheets[0].name == BOTH_V1
    write_me(tmp_path / ME_V1, title="Sheet1")
    assert survey(tmp_path).sheets[0].name == ME_V1
    write_me(tmp_path / "CAS(ME)3_part_A_wrongly_labeled_me_in_V1.xlsx", [])
    write_me(tmp_path / ME_V2)
    assert survey(tmp_path).sheets[0].name == ME_V2
    assert survey(tmp_path, sheet=BOTH_V1).sheets[0].name == BOTH_V1


# Repairs

WRONG = (
    (Row("spNO.149", "d", 112, 83, 180), (112, 160, 180), None),
    (Row("spNO.40", "e", 1812, 1820, 0), (1812, 1820, 1845), None),
    (Row("spNO.216", "d", 3647, 2650, 2660), (2647, 2650, 2660), "spNO.216/d/2647"),
    (Row("spNO.216", "e", 0, 0, 20), (1, 1, 20), None),
)


@pytest.mark.parametrize(("row", "expected", "uid"), WRONG)
def test_values_that_the_authors_corrected_are_corrected(tmp_path, row, expected, uid):
    write_me(tmp_path / ME_V2, [row])
    uid = uid or f"{row.subject}/{row.letter}/{row.onset}"
    assert timing(records(tmp_path)[uid]) == expected
    assert timing(records(tmp_path, repair="official")[uid]) == expected
    assert timing(records(tmp_path, repair="none")[uid]) != expected


def test_a_typing_error_that_the_authors_left_is_corrected_when_recommended(tmp_path):
    write_me(tmp_path / ME_V2, [Row("spNO.214", "c", 5, 20, 3460)])
    record = records(tmp_path)["spNO.214/c/5"]
    assert (record["offset"], record["offset_raw"]) == (34, "3460")
    assert record["offset_status"] == "corrected"
    assert records(tmp_path, repair="official")["spNO.214/c/5"]["offset"] == 3460


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (Row("spNO.216", "d", 3647, 2650, 2660), "spNO.216_d_3647"),
        (Row("spNO.216", "d", 3647, 2650, 2660), "spNO.216_d_2647"),
        (Row("spNO.216", "e", 0, 0, 20), "spNO.216_e_0"),
        (Row("spNO.216", "e", 0, 0, 20), "spNO.216_e_1"),
    ],
)
def test_a_clip_folder_may_hold_the_published_or_the_corrected_onset(tmp_path, row, named):
    write_me(tmp_path / ME_V2, [row])
    first = 2647 if row.letter == "d" else 1
    write_frames(tmp_path / "frame" / named, range(first, row.offset + 1), "{}.jpg")
    assert len(read(tmp_path)) == 1


def test_version_1_is_brought_up_to_version_2_and_keeps_its_ids(tmp_path):
    rows = [
        Row("spNO.144", "c", 451, 475, 520),
        Row("spNO.144", "c", 451, 599, 810),
        Row("spNO.160", "g", 1022, 1031, 1120),
        Row("spNO.10", "j", 501, 502, 560),
        Row("spNO.149", "d", 112, 167, 180, kind="Macro-expression"),
    ]
    write_both(tmp_path / BOTH_V1, rows)
    found = records(tmp_path, expressions="all")
    assert {uid: timing(record) for uid, record in found.items()} == {
        "spNO.144/c/451": (451, 519, 520),
        "spNO.144/c/579": (579, 799, 810),
        "spNO.160/g/963": (963, 1114, 1120),
        "spNO.10/j/501": (501, 545, 560),
        "spNO.149/d/112": (112, 160, 180),
    }
    assert "macro_in_v2" in found["spNO.10/j/501"]["quirks"]
    assert "micro_in_v2" in found["spNO.149/d/112"]["quirks"]
    assert "onset_of_v1" not in found["spNO.144/c/451"]["quirks"]
    published = records(tmp_path, expressions="all", repair="none")
    assert published.keys() == found.keys()
    assert timing(published["spNO.144/c/579"]) == (451, 599, 810)


def test_a_covered_face_is_marked(tmp_path):
    write_me(tmp_path / ME_V2, [Row("spNO.2", "e", 138, 140, 143), Row("spNO.2", "e", 1, 2, 3)])
    covered = ["face_occluded" in record["quirks"] for record in records(tmp_path).values()]
    assert covered == [True, False]


def test_two_expressions_with_one_onset_are_told_apart_by_their_apexes(tmp_path):
    write_me(tmp_path / ME_V2, [*ROWS, Row("spNO.1", "a", 5, 10, 12)])
    assert list(records(tmp_path))[-1] == "spNO.1/a/5/10"
    write_me(tmp_path / ME_V2, [*ROWS, ROWS[0]])
    with pytest.raises(mertk.DataError, match="row 2 and row 7 both annotate spNO.1/a/5"):
        survey(tmp_path)


# What is not right


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"subject": "sub"}, "row 3, column 'Subject': 'sub' is not a subject such as spNO.1"),
        ({"letter": "a1"}, "row 3, column 'Filename': 'a1' is not a letter"),
        ({"emotion": ""}, "row 3, column 'emotion': the cell is empty"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(tmp_path, changes, text):
    write_me(tmp_path / ME_V2, changed(ROWS, 1, **changes))
    with pytest.raises(mertk.DataError, match=text):
        survey(tmp_path)


def test_an_unknown_type_is_named_with_its_row(tmp_path):
    write_both(tmp_path / BOTH_V2, changed(ROWS, 1, kind="blink"))
    with pytest.raises(
        mertk.DataError, match="row 3, column 'Expression type': 'blink' is neither"
    ):
        survey(tmp_path)


@pytest.mark.parametrize("subject", ["spNo.1", "spNO.01", "1"])
def test_subjects_are_the_same_however_they_are_written(tmp_path, subject):
    write_casme3(tmp_path)
    write_me(tmp_path / ME_V2, [Row(subject, "a", 5, 9, 12)])
    (clip,) = read(tmp_path)
    assert (clip.uid, clip.record["subject_native"]) == (UIDS[0], subject)


def test_pictures_without_a_spreadsheet_and_rows_without_pictures_are_told(tmp_path):
    write_clips(tmp_path)
    with pytest.raises(mertk.DataError, match=r"no annotation spreadsheet.*none at all"):
        read(tmp_path)
    write_me(tmp_path / ME_V2, [*ROWS, Row("spNO.9", "h", 4, 4, 18)])
    with pytest.raises(mertk.DataError, match=r"spNO\.9/h/4 \(row 7\): no folder in"):
        read(tmp_path)
    assert len(read(tmp_path, missing="skip")) == 5


CELL = st.one_of(
    st.none(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "/", "1", "spNO.1", "a", "J", "4or", "(", "NULL", "VIII"]),
    st.text("abc/._,+ 019", max_size=6),
)  # fmt: skip
PLACE = st.tuples(st.integers(0, len(ROWS)), st.integers(0, len(ME_HEADER) - 1))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PLACE, CELL, max_size=4), st.permutations(range(len(ME_HEADER))))
def test_a_damaged_annotation_gives_clips_or_an_error_that_names_it(changes, order):
    table = [list(ME_HEADER), *map(me_cells, ROWS)]
    for (row, column), cell in changes.items():
        table[row][column] = cell
    with tempfile.TemporaryDirectory() as folder:
        write_book(Path(folder) / ME_V2, {"label": [[line[at] for at in order] for line in table]})
        write_frames(Path(folder) / "ME_A/spNO.1/a/color", range(1, 40), "{}.jpg")
        problem = folder
        try:
            assert survey(Path(folder)).clips
        except mertk.DataError as error:
            problem = str(error)
    assert folder in problem


def test_index_names_a_correction_that_is_filed_with_its_onset(tmp_path, capsys):
    write_me(tmp_path / ME_V2, [Row("spNO.214", "c", 5, 20, 3460)])
    out = tmp_path / "out.csv"
    with pytest.raises(SystemExit):
        mertk.cli.main(["data", "index", "casme3", "--data", str(tmp_path), "--out", str(out)])
    said = capsys.readouterr().out
    assert "published values: casme3:repair=official keeps them" in said
    assert "  casme3/spNO.214/c/5: offset 3460 → 34" in said
