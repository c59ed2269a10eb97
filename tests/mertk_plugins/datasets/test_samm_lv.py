import pytest
from casme2_tree import with_row
from samm_tree import LONG, LONG_HEADER, Long, write_frames, write_long_sheet, write_samm_lv
from sheet_fuzz import fuzzed, named

import mertk
from mertk.spotting.recordings import find_recordings
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


def test_whole_recordings_can_be_searched_with_all_their_truths(root):
    clips = read(root, expressions="all")
    found = find_recordings(clips, root)
    assert sum(len(one.truths) for one in found) == len(clips)
    assert {one.video for one in found if one.truths} == {clip.record["video"] for clip in clips}
    assert len(found[0].footage.frames) == 20


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


def test_fractions_are_those_of_version_2_rounded_to_even(tmp_path):
    rows = with_row(LONG, 0, onset=2.5, apex=5.5, offset=7.25)
    root = write_samm_lv(tmp_path, rows)
    clip = read(root)[0]
    record = clip.record
    assert (record["onset"], record["apex"], record["offset"]) == (2, 6, 7)
    assert (record["onset_raw"], record["onset_status"]) == ("2.5", "given")
    assert (record["offset_raw"], record["quirks"]) == ("7.25", ())
    assert clip.uid == "samm_lv/006/006_1_2/2/micro"


def test_fractions_are_rounded_even_where_nothing_is_repaired(tmp_path):
    root = write_samm_lv(tmp_path, with_row(LONG, 0, onset=2.5))
    record = read(root, repair="none")[0].record
    assert (record["onset"], record["onset_raw"], record["onset_status"]) == (2, "2.5", "given")


def test_a_fraction_below_the_first_frame_begins_with_the_recording(tmp_path):
    root = write_samm_lv(tmp_path, with_row(LONG, 3, onset=0.5))
    clip = next(c for c in read(root, expressions="macro") if c.subject == "011")
    assert (clip.uid, clip.record["onset"]) == ("samm_lv/011/011_6_10/0/macro", 1)


def test_ids_are_made_from_whole_numbers_in_a_csv_too(tmp_path):
    write_frames(tmp_path / "006_1", range(1, 10), 4)
    header, cells = ",".join(LONG_HEADER), "6,006_1_2,1,3.0,5.0,7.0,5.0,Micro - 1/2,4,"
    (tmp_path / "SAMM_LongVideos_V1_Release.csv").write_text(f"{header}\n{cells}\n")
    clip = read(tmp_path)[0]
    assert clip.uid == "samm_lv/006/006_1_2/3/micro"
    assert (clip.record["onset_status"], clip.record["quirks"]) == ("given", ())


@pytest.mark.parametrize(
    ("row", "last"),
    [
        (Long("020", "020_6_5", 4990, 4995, 5476, "Macro"), 5001),
        (Long("020", "020_6_5", 4990.5, 4995, 5475.5, "Macro"), 5001),
        (Long("036", "036_7_4", 8190, 8195, 8298, "Macro"), 8201),
    ],
)
def test_what_ends_after_its_recording_ends_with_it(tmp_path, row, last):
    write_long_sheet(tmp_path / NAME, [row])
    write_frames(tmp_path / row.clip[:5], range(4980 if last == 5001 else 8180, last + 1), 4)
    clip = read(tmp_path, expressions="macro")[0]
    record = clip.record
    assert (record["offset"], record["offset_status"]) == (last, "corrected")
    assert (record["offset_raw"], record["n_missing"]) == (str(row.offset), 0)
    assert "offset_after_end" in record["quirks"]
    assert len(clip.footage.frames) == last - record["onset"] + 1


def test_an_end_after_the_recording_is_known_without_frames(tmp_path):
    write_long_sheet(tmp_path / NAME, [Long("020", "020_6_5", 3532, 3600, 5476, "Macro")])
    wanted = {"recommended": 5001, "official": 5476, "none": 5476}
    for level, last in wanted.items():
        survey = SAMMLongVideos(expressions="macro", repair=level).survey(tmp_path)
        assert survey.clips[0].record["offset"] == last


@pytest.mark.parametrize("subject", ["006", 6, "6"])
def test_subjects_may_be_numbers(root, subject):
    write_long_sheet(root / NAME, with_row(LONG, 0, subject=subject))
    clip = read(root)[0]
    assert (clip.subject, clip.record["subject_native"]) == ("006", str(subject))


def test_cropped_recordings_are_read_where_there_are_no_others(tmp_path):
    root = write_samm_lv(tmp_path / "data", tree="cropped_SAMM_longvideos")
    assert {clip.record["root_kind"] for clip in read(root)} == {"cropped"}
    write_samm_lv(root, tree="samm_longvideos")
    assert {clip.record["root_kind"] for clip in read(root)} == {"long"}
    assert {clip.record["root_kind"] for clip in read(root, tree="cropped")} == {"cropped"}


@pytest.mark.parametrize("preamble", [0, 9])
def test_the_header_is_found_wherever_it_stands(root, preamble):
    write_long_sheet(root / NAME, preamble=preamble)
    assert len(read(root)) == 3


@pytest.mark.parametrize("edition", ["V1", "V2", "V3"])
def test_the_published_editions_are_known(tmp_path, edition):
    name = NAME.replace("V2", edition)
    people = [*range(6, 34), 37]
    rows = [
        Long(f"{people[at % 29]:03d}", f"{people[at % 29]:03d}_1_{at}", 1, 2, 3, kind)
        for at, kind in enumerate(["Micro - 1/2"] * 159 + ["Macro"] * 342)
    ]
    rows.append(Long("036", "036_1_1", 1, 2, 3, "Macro"))
    rows = with_row(rows, 0, offset=3.5)  # as in the published V2; no sign of V1
    write_long_sheet(tmp_path / name, rows)
    assert SAMMLongVideos().survey(tmp_path).edition == edition
    assert SAMMLongVideos(expressions="all").survey(tmp_path).edition == edition
    survey = SAMMLongVideos(expressions="macro").survey(tmp_path)
    assert survey.edition == edition
    assert len(survey.assumed) == (edition == "V3")


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


@fuzzed(len(LONG_HEADER), ["subject", "clip", "onset", "apex", "offset", "kind", "au"])
def test_mutated_cells_give_clips_or_an_error_that_names_the_file(tmp_path, at, changes, order):
    write_long_sheet(tmp_path / NAME, with_row(LONG, at, **changes), order=order)
    survey = named(NAME, lambda: SAMMLongVideos(expressions="all").survey(tmp_path))
    assert survey is None or len(survey.clips) == len(LONG)
