import pytest
from casme2_tree import with_row
from samm_tree import LONG, Long, write_long_sheet, write_samm_lv

import mertk
from mertk_plugins.datasets.samm_lv import SAMMLongVideos

NAME = "SAMM_LongVideos_V2_Release.xlsx"


@pytest.fixture
def root(tmp_path):
    return write_samm_lv(tmp_path / "SAMM")


def read(root, **params):
    return list(SAMMLongVideos(**params).index(root))


def test_expressions_are_cut_out_of_their_recording(root):
    clip = read(root)[0]
    assert clip.uid == "samm_lv/006/006_1_2/3/micro"
    assert (len(clip.footage.frames), clip.footage.apex) == (5, 2)
    assert clip.record["n_files"] == 20
    assert clip.record["long_offset"] == 2000


def test_micro_macro_or_all_are_read(root):
    assert [c.record["expression_type"] for c in read(root)] == ["micro"] * 3
    assert [c.record["label"] for c in read(root, expressions="macro")] == ["macro"] * 2
    assert len(read(root, expressions="all")) == 5


def test_a_name_that_is_used_twice_gives_two_ids(root):
    ids = [c.uid for c in read(root, expressions="all") if c.subject == "037"]
    assert ids == ["samm_lv/037/037_4_1/8/micro", "samm_lv/037/037_4_1/7/macro"]


def test_what_begins_before_its_recording_begins_at_its_first_file(root):
    clip = next(c for c in read(root, expressions="macro") if c.subject == "011")
    record = clip.record
    assert (record["onset"], record["onset_raw"], record["onset_status"]) == (1, "0", "corrected")
    assert "begins_before_recording" in record["quirks"]
    assert clip.uid.endswith("/0/macro")
    with pytest.raises(mertk.DataError, match="onset frame 0"):
        read(root, expressions="macro", repair="none")


def test_minus_one_is_a_missing_apex(root):
    record = read(root)[2].record
    assert (record["apex"], record["apex_raw"], record["apex_status"]) == (None, "-1", "missing")


def test_fractions_of_version_1_are_rounded_to_even_and_keep_the_id(tmp_path):
    rows = with_row(LONG, 0, onset=2.5, apex=5.5, offset=7.25)
    root = write_samm_lv(tmp_path, rows)
    clip = read(root)[0]
    record = clip.record
    assert (record["onset"], record["apex"], record["offset"]) == (2, 6, 7)
    assert (record["onset_raw"], record["edition"]) == ("2.5", "unrecognised")
    assert "fraction_of_a_frame" in record["quirks"]
    assert clip.uid == "samm_lv/006/006_1_2/2/micro"


@pytest.mark.parametrize("preamble", [0, 9])
def test_the_header_is_found_wherever_it_stands(root, preamble):
    write_long_sheet(root / NAME, preamble=preamble)
    assert len(read(root)) == 3


@pytest.mark.parametrize(("name", "edition"), [(NAME, "V2"), (NAME.replace("V2", "V3"), "V3")])
def test_the_published_editions_are_known(tmp_path, name, edition):
    people = [*range(6, 34), 37]
    rows = [
        Long(f"{people[at % 29]:03d}", f"{people[at % 29]:03d}_1_{at}", 1, 2, 3, kind)
        for at, kind in enumerate(["Micro - 1/2"] * 159 + ["Macro"] * 342)
    ]
    rows.append(Long("036", "036_1_1", 1, 2, 3, "Macro"))
    write_long_sheet(tmp_path / name, rows)
    assert SAMMLongVideos().survey(tmp_path).edition == edition
    assert SAMMLongVideos(expressions="all").survey(tmp_path).edition == edition
    assert SAMMLongVideos(expressions="macro").survey(tmp_path).edition == edition


def test_the_newest_version_is_read(root):
    write_long_sheet(root / NAME.replace("V2", "V3"), LONG[:1])
    assert len(read(root)) == 1
    assert len(read(root, sheet=NAME)) == 3


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"kind": "blink"}, "row 11, column 'Type': 'blink' is neither"),
        ({"clip": "x"}, "row 11, column 'Filename': 'x' is not a clip"),
        ({"onset": "x"}, r"006/006_1_2/x/micro \(row 11\): onset 'x'"),
        ({"onset": 1e400}, "row 11.*onset"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(root, changes, text):
    write_long_sheet(root / NAME, with_row(LONG, 0, **changes))
    with pytest.raises(mertk.DataError, match=text):
        read(root)
