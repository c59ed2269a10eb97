import csv
import tempfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from casme_sq_tree import (
    ORIGINAL,
    ROWS,
    UPDATED,
    Row,
    edition_rows,
    write_casme_sq,
    write_cropped,
    write_frames,
    write_raw,
    write_sheet,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mertk
import mertk.cli
from mertk.spotting.dataset_truth import read_dataset_truth
from mertk.spotting.recordings import find_recordings
from mertk_plugins.datasets.casme_sq import CASMESquared


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_casme_sq(tmp_path_factory.mktemp("CAS(ME)^2"))


def read(root, **params):
    return list(CASMESquared(**params).index(root))


def survey(root, **params):
    return CASMESquared(**params).survey(root)


def records(root, **params):
    return {clip.name: clip.record for clip in survey(root, **params).clips}


def numbers(clip):
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def test_the_registry_offers_it():
    registry = mertk.load_plugins().registry
    assert isinstance(registry.build("dataset", mertk.Use("casme_sq")), CASMESquared)


def test_micro_expressions_are_cut_out_of_the_recordings(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == [
        "casme_sq/s15/disgust1_1/8",
        "casme_sq/s16/happy2_1/95",
        "casme_sq/s34/anger1_2/1780",
    ]
    assert numbers(clips[0]) == [8, 9, 10, 11, 12]
    assert (clips[0].footage.apex, clips[0].footage.fps) == (2, 30)
    record = clips[1].record
    assert record["frames_dir"] == "rawpic/s16/16_0503unnyfarting"
    assert (record["subject_native"], record["inducement"]) == ("2", "0503")
    assert record["label"] == record["emotion"] == record["valence"] == "positive"
    assert record["self_report"] == "happiness"  # 'happyiness' in the file
    assert [code["alternative"] for code in record["aus"]] == [0, 0]


def test_whole_recordings_can_be_searched_with_all_their_truths(root):
    found = {one.video: one for one in find_recordings(read(root, expressions="all"), root)}
    truths = {(t.subject, t.onset, t.offset, t.kind) for one in found.values() for t in one.truths}
    assert {("s15", 557, 562, "macro"), ("s15", 8, 12, "micro")} <= truths
    assert len(truths) == len(ROWS)
    one = found["15_0101disgustingteeth"]
    at = list(one.numbers).index(8)
    assert round(float(one.footage.frames[at].mean()) / 2) == 8


def test_single_expressions_are_no_recordings(tmp_path):
    write_sheet(tmp_path / UPDATED)
    write_cropped(tmp_path / "cropped")
    with pytest.raises(mertk.DataError, match="holds the expression"):
        find_recordings(read(tmp_path), tmp_path)


def test_macro_expressions_are_read_when_they_are_asked_for(root):
    kinds = {
        wanted: [clip.record["expression_type"] for clip in read(root, expressions=wanted)]
        for wanted in ("micro", "macro", "all")
    }
    assert kinds["micro"] == ["micro"] * 3
    assert kinds["macro"] == ["macro"] * 3
    assert kinds["all"] == ["macro", "micro", "micro", "macro", "macro", "micro"]


def test_an_offset_that_is_not_annotated_is_the_apex(root):
    record = records(root, expressions="macro")["happy1_2/20"]
    assert (record["apex"], record["offset"], record["offset_raw"]) == (23, 23, "0")
    assert record["offset_status"] == "corrected"
    assert record["quirks"] == ("offset_is_apex", "au_unknown")
    found = survey(root, expressions="macro", repair="none")
    assert found.unusable == {"casme_sq/s16/happy1_2/20": "no offset is annotated (offset '0')"}


def test_an_apex_of_zero_is_missing(root):
    record = records(root, expressions="macro")["anger1_1/1763"]
    assert (record["apex"], record["apex_raw"], record["apex_status"]) == (None, "0", "missing")
    assert "apex_not_annotated" in record["quirks"]


LATE = Row(11, "disgust1_5", 1221, 1230, 1224, type="macro-expression")


def test_an_expression_ends_with_the_later_of_apex_and_offset(tmp_path):
    write_casme_sq(tmp_path, [LATE])
    (clip,) = read(tmp_path, expressions="macro")
    assert (clip.record["apex"], clip.record["offset"]) == (1230, 1230)
    assert clip.record["quirks"] == ("apex_after_offset",)
    published = records(tmp_path, expressions="macro", repair="official")["disgust1_5/1221"]
    assert (published["apex"], published["offset"]) == (None, 1224)


def test_but_not_where_its_folder_ends_with_the_published_offset(tmp_path):
    write_sheet(tmp_path / UPDATED, [LATE])
    write_frames(tmp_path / "cropped/27/disgust1_5", range(1221, 1225), "img{}.jpg")
    (clip,) = read(tmp_path, expressions="macro")
    assert (clip.record["apex"], clip.record["offset"]) == (None, 1224)


def test_a_micro_expression_of_closed_eyes_alone_is_marked(root):
    assert "au43_alone" in records(root)["anger1_2/1780"]["quirks"]


def test_cropped_folders_have_subjects_without_their_letter(tmp_path):
    write_sheet(tmp_path / UPDATED)
    write_cropped(tmp_path / "cropped")
    clips = read(tmp_path, expressions="all")
    assert {clip.record["root_kind"] for clip in clips} == {"cropped"}
    assert clips[0].record["frames_dir"] == "cropped/15/anger1_1"
    assert numbers(clips[0]) == [57, 58, 59, 60, 61, 62]


def test_kinds_of_trees_are_told_apart(tmp_path):
    write_sheet(tmp_path / UPDATED)
    write_cropped(tmp_path / "cropped")
    write_raw(tmp_path / "longVideoFaceCropped")
    write_cropped(tmp_path / "selectedpic")
    write_raw(tmp_path / "rawpic")
    kinds = ("raw", "selected", "cropped", "long_cropped")
    assert [survey(tmp_path, tree=kind).tree.name for kind in kinds] == [
        "rawpic", "selectedpic", "cropped", "longVideoFaceCropped",
    ]  # fmt: skip
    assert survey(tmp_path).kind == "raw"
    assert "selectedpic holds" in survey(tmp_path, tree="selected").assumed[-1]


@pytest.mark.parametrize("folder", ["15_0101", "015_0101disgusting teeth", "15_0101-x"])
def test_recordings_are_known_by_their_numbers(tmp_path, folder):
    write_sheet(tmp_path / UPDATED, ROWS[1:2])
    write_frames(tmp_path / "RawPic/S15" / folder, range(1, 30))
    assert len(read(tmp_path)) == 1


def test_one_without_frames_is_named(tmp_path):
    root = write_casme_sq(tmp_path, ROWS[1:2])
    write_sheet(root / UPDATED, ROWS)
    with pytest.raises(mertk.DataError, match=r"s16/happy2_1/95 \(row 3\): no folder in"):
        read(root)


@pytest.mark.usefixtures("made_up_content")
@pytest.mark.parametrize("name", ["original", "updated"])
@pytest.mark.parametrize(("wanted", "count"), [("micro", 57), ("macro", 300), ("all", 357)])
def test_an_edition_is_known_by_its_contents(tmp_path, name, wanted, count):
    write_sheet(tmp_path / "code_final.xlsx", edition_rows(name), title="CASMEcode_final")
    found = survey(tmp_path, expressions=wanted)
    assert (found.edition, len(found.clips), found.tree) == (name, count, None)


def test_the_updated_edition_is_read_unless_another_is_named(tmp_path):
    write_sheet(tmp_path / ORIGINAL, [replace(ROWS[1], valence="surprise")])
    write_sheet(tmp_path / UPDATED)
    assert survey(tmp_path).sheets[0].name == UPDATED
    assert records(tmp_path, sheet=ORIGINAL)["disgust1_1/8"]["label"] == "surprise"


def test_names_are_built_in_where_the_file_has_no_naming_rules(tmp_path):
    write_sheet(tmp_path / UPDATED, rules=False)
    write_raw(tmp_path / "rawpic")
    assert len(read(tmp_path, expressions="all")) == 6


def test_names_of_the_file_come_before_those_that_are_built_in(tmp_path):
    path = write_sheet(tmp_path / UPDATED, ROWS[1:2])
    book = openpyxl.load_workbook(path)
    book["naming rule1"]["B1"] = "s99"
    book["naming rule2"]["A1"] = 777
    book.save(path)
    write_frames(tmp_path / "rawpic/s99/99_0777x", range(1, 30))
    assert read(tmp_path)[0].uid == "casme_sq/s99/disgust1_1/8"


def test_a_participant_with_two_folders_is_refused(tmp_path):
    path = write_sheet(tmp_path / UPDATED)
    book = openpyxl.load_workbook(path)
    book["naming rule1"]["B2"] = "s77"
    book.save(path)
    with pytest.raises(mertk.DataError, match=r"rule1', row 2: participant 1 is s77.*s15 above"):
        survey(tmp_path)


def test_summaries_and_headers_are_left_out_and_named(tmp_path):
    after = [[None] * 10, ["micro", None, 57], [None] * 7 + ["macro-expression", 300]]
    write_sheet(tmp_path / UPDATED, after=after)
    found = survey(tmp_path)
    assert len(found.clips) == 3
    assert found.assumed == ("rows that annotate no expression are left out: 8, 9",)


def test_a_csv_of_the_codes_is_enough(tmp_path):
    lines = ["1,anger1_1,557,560,562,4,negative,macro-expression,anger",
             "1,disgust1_1,8,10,12,38,others,micro-expression,sadness"]  # fmt: skip
    (tmp_path / "CASFEcode_final.csv").write_text("\n".join(lines))
    assert [clip.uid for clip in survey(tmp_path).clips] == ["casme_sq/s15/disgust1_1/8"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"participant": 23}, "row 2, column 'participant': '23' is no participant"),
        ({"clip": "joy1_1"}, "row 2, column 'clip': 'joy1_1' is no clip"),
        ({"clip": ""}, "row 2, column 'clip': '' is no clip"),
        ({"type": "blink"}, "row 2, column 'type': 'blink' is neither"),
        ({"valence": ""}, "row 2, column 'valence': '' is no emotion"),
        ({"clip": "anger1_1", "onset": 557}, "row 1 and row 2 both annotate"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(tmp_path, changes, text):
    rows = [ROWS[0], replace(ROWS[1], **changes), *ROWS[2:]]
    write_sheet(tmp_path / UPDATED, rows)
    with pytest.raises(mertk.DataError, match=text):
        survey(tmp_path, expressions="all")


def test_a_file_without_codes_or_without_the_expressions_is_told(tmp_path):
    write_sheet(tmp_path / UPDATED, [])
    with pytest.raises(mertk.DataError, match="no sheet of codes; sheets: CASFEcode_final, naming"):
        survey(tmp_path)
    write_sheet(tmp_path / UPDATED, ROWS[:1])
    with pytest.raises(mertk.DataError, match="no rows for expressions=micro"):
        survey(tmp_path)
    write_sheet(tmp_path / UPDATED, [], after=[["a", "b"]])
    with pytest.raises(mertk.DataError, match=r"no row such as 1 \| anger1_1"):
        survey(tmp_path)


def test_pictures_without_a_spreadsheet_are_told(tmp_path):
    write_raw(tmp_path / "rawpic", ROWS[:1])
    with pytest.raises(mertk.DataError, match="no annotation spreadsheet"):
        survey(tmp_path)


CELL = st.one_of(
    st.none(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "/", "1", "s15", "anger1_1", "micro-expression", "4or", "(", "NULL"]),
    st.text("abc/._,+ 019", max_size=6),
)  # fmt: skip
PLACE = st.tuples(st.integers(0, len(ROWS) - 1), st.integers(0, 8))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PLACE, CELL, max_size=4), st.permutations(range(9)), st.booleans())
def test_a_damaged_annotation_gives_clips_or_an_error_that_names_it(changes, order, swapped):
    with tempfile.TemporaryDirectory() as folder:
        file = write_sheet(Path(folder) / UPDATED)
        book = openpyxl.load_workbook(file)
        codes = book["CASFEcode_final"]
        for (row, column), cell in changes.items():
            codes.cell(row + 1, column + 1).value = cell
        if swapped:
            lines = [[cell.value for cell in line[:9]] for line in codes.iter_rows()]
            for at, line in enumerate(lines, 1):
                for column, source in enumerate(order, 1):
                    codes.cell(at, column).value = line[source]
        book.save(file)
        problem = str(folder)
        try:
            assert survey(Path(folder), expressions="all").clips
        except mertk.DataError as error:
            problem = str(error)
    assert folder in problem


def test_true_intervals_need_the_sheet_alone_and_end_at_the_apex_without_an_offset(tmp_path):
    write_sheet(tmp_path / ORIGINAL)
    truths, notes = read_dataset_truth(mertk.load_plugins().registry, "casme_sq", tmp_path)
    assert len(truths) == len(ROWS)
    assert sum(one.kind == "macro" for one in truths) == 3
    (ends_at_apex,) = [one for one in truths if (one.video, one.onset) == ("16_0502", 20)]
    assert (ends_at_apex.offset, ends_at_apex.emotion, ends_at_apex.subject) == (
        23,
        "positive",
        "s16",
    )
    assert "Expressions that end at their apex, because no offset is annotated: 1." in notes


def test_index_names_the_values_that_repair_official_keeps(tmp_path, capsys):
    write_casme_sq(tmp_path, [LATE])
    ask = ["--data", str(tmp_path), "--out"]
    told = {}
    for level in ("recommended", "official"):
        name, file = f"casme_sq:expressions=macro,repair={level}", tmp_path / f"{level}.csv"
        with pytest.raises(SystemExit) as ended:
            mertk.cli.main(["data", "index", name, *ask, str(file)])
        assert ended.value.code == 0
        row = next(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
        told[level] = row["offset"], capsys.readouterr().out.splitlines()[1:]
    assert told["official"] == ("1224", [])
    offset, (said, changed) = told["recommended"]
    assert offset == "1230"
    assert said.startswith("recommended corrections of onsets and offsets: 1. The ground truth of ")
    assert said.endswith("MEGC has the published values: casme_sq:repair=official keeps them")
    assert changed == "  casme_sq/s27/disgust1_5/1221: offset 1224 → 1230"
