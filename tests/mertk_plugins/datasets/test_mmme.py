"""MMME: frames by their clock, half a second, and no name anywhere."""

import json
import pickle

import pytest
from click.testing import CliRunner
from mmme_tree import NAMES, ROWS, Row, write_mmme, write_sheet

import mertk
from mertk.cli import app
from mertk_plugins.datasets.mmme import MMME, name_people, read_clock


@pytest.fixture
def root(tmp_path):
    return write_mmme(tmp_path / "MMME")


def read(root, **params):
    return list(MMME(**params).index(root))


def numbers(clip):
    return [round(float(frame.mean()) / 2) for frame in clip.footage.frames]


def has_name(text):
    return [name for name in NAMES if name in text.lower()]


def test_every_short_row_is_a_clip_under_a_pseudonym(root):
    clips = read(root)
    assert [clip.uid for clip in clips] == [
        "mmme/p01/angry_116_3/0.02",
        "mmme/p01/angry_116_3/0.1",
        "mmme/p02/happy_107_2/0.02",
    ]
    first = clips[0]
    assert numbers(first) == list(range(3, 10))  # 0.02 s … 0.06 s at 150 frames a second
    assert (first.footage.apex, first.footage.fps) == (3, 150)
    assert (first.record["label"], first.record["au_set"]) == ("anger", (4, 7))
    assert {clip.record["expression_type"] for clip in clips} == {"micro"}


def test_what_lasts_longer_is_a_macro_expression(tmp_path):
    root = write_mmme(tmp_path / "MMME", count=130)
    clips = read(root, expressions="all")
    assert [clip.record["expression_type"] for clip in clips] == ["micro"] * 3 + ["macro"]
    assert clips[-1].record["emotion"] == "sadness"


def test_no_name_is_in_clips_their_records_or_what_the_doctor_says(root):
    clips = read(root)
    for clip in clips:
        assert not has_name(json.dumps(clip.record, default=str) + clip.uid + clip.subject)
        assert list(clip.files) == []
    said = CliRunner().invoke(app, ["data", "check", "mmme", "--data", str(root), "--verbose"])
    assert "mmme" in said.output
    assert not has_name(said.output)


def test_no_name_is_in_messages_on_lost_frames_and_folders_without_rows(root):
    folder = root / "frames/angry_116_3_zhuge_20230802"
    for file in sorted(folder.iterdir())[3:12]:
        file.unlink()
    (root / "frames/happy_107_2_sunquan_20230803").rename(root / "frames/fear_1_2_sunquan_20230803")
    survey = MMME().survey(root)
    assert len(survey.unusable) == 2
    assert survey.unannotated
    assert not has_name(repr(survey.unusable) + repr(survey.unannotated) + repr(survey.notices))
    with pytest.raises(mertk.DataError) as error:
        read(root)
    assert not has_name(str(error.value))
    lost = next(clip for clip in survey.clips if clip.uid in survey.unusable)
    with pytest.raises(mertk.DataError) as error:
        lost.footage.frames[0]
    assert not has_name(str(error.value))


def test_a_bad_name_of_a_video_is_not_shown(root):
    write_sheet(root / "coding_file.xlsx", [Row(video="zhuge again.avi")])
    with pytest.raises(mertk.DataError, match=r"row 2.*emotion_trial_marker") as error:
        read(root)
    assert not has_name(str(error.value))


def test_a_run_writes_no_name(root, tmp_path):
    out, cache = tmp_path / "out", tmp_path / "cache"
    rows = [*ROWS[:3], Row("diaochan", "sad_110_5_diaochan_20230804.avi", emotion="sad")]
    write_mmme(root, rows)
    found = CliRunner().invoke(
        app,
        ["bench", "--model", "majority", "--dataset", "mmme", "--data", f"mmme={root}",
         "--protocol", "loso", "--out", str(out)],
        env={"MERTK_CACHE": str(cache)},
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    files = [path for path in (*out.rglob("*"), *cache.rglob("*")) if path.is_file()]
    assert len(files) > 3
    for path in files:
        assert not has_name(path.read_bytes().decode("utf-8", "ignore") + path.name), path


def test_repeated_rows_are_two_clips(root):
    write_mmme(root, [ROWS[0], Row(emotion="fear")])
    clips = read(root)
    assert [clip.uid for clip in clips] == [
        "mmme/p01/angry_116_3/0.02",
        "mmme/p01/angry_116_3/0.02/2",
    ]
    assert clips[1].record["quirks"] == ("onset_repeated",)


def test_one_person_has_one_pseudonym_and_clocks_may_have_dates():
    assert name_people(["Zhu Ge", "zhuge20230802", "", "SunQuan"]) == {
        "zhuge": "p01",
        "sunquan": "p02",
    }
    assert read_clock("14-05-33-120-1") == read_clock("2023-08-02-14-05-33-120-1-147") == 50733120
    assert read_clock("img001") is None


def test_frames_are_read_in_worker_processes(root):
    clip = pickle.loads(pickle.dumps(read(root)[0]))  # noqa: S301  what was made here
    assert numbers(clip) == list(range(3, 10))
