"""`mertk spot`: what is found in long videos, as people, machines and `mertk score` see it."""

import csv
import functools
import json

import pytest

from mertk.datasets import elan

PLUGIN = '''
"""Spotters for tests."""

import mertk


class Told:
    """Finds an expression around each of `apexes`, in seconds."""

    def __init__(self, *, apexes: list[float] = (), half: int = 6) -> None:
        self.apexes, self.half = apexes, half

    def spot(self, faces):
        places = [round(apex * faces.fps) for apex in self.apexes]
        return [mertk.Spot(at - self.half, at, at + self.half, 2.0) for at in places]


class Lost(Told):
    """Finds what is outside."""

    def spot(self, faces):
        return [mertk.Spot(0, 1, len(faces.frames), 1.0)]


class Shy:
    """Sees the face in the middle of a video alone."""

    def align(self, footage):
        if not 60 <= footage.onset < 180:
            raise mertk.DataError(f"no face found in frame {footage.onset}")
        return footage.warped([[1, 0, 0], [0, 1, 0]], (64, 64))


@mertk.hookimpl
def mertk_register(register):
    register.aligner("shy", Shy)
    register.spotter("told", Told)
    register.spotter("lost", Lost)
'''
SET = "synthetic_long:videos=2,seconds=8,micros=1,macros=1,size=64,amplitude=1"


@pytest.fixture
def spot(tmp_path, run):
    plugin = tmp_path / "told.py"
    plugin.write_text(PLUGIN)
    return functools.partial(run, "--plugin", plugin)


def rows(file):
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def middles(truth):
    """Seconds of the middle of each true expression of the first video."""
    own = [row for row in truth if row["video"] == "v01"]
    return [(int(row["onset"]) + int(row["offset"])) / 2 / 30 for row in own]


def test_nothing_found_is_recall_0_and_files_that_can_be_scored(spot, tmp_path):
    out = tmp_path / "out"
    code, text, err = spot("spot", "--spotter", "told", "--dataset", SET, "--out", out)
    assert code == 0
    assert "(synthetic): 2 videos, 0.3 minutes, 0 without" in " ".join(text.split())
    assert "told (2)" in err
    assert [row["type"] for row in rows(out / "truth.csv")].count("me") == 2
    assert (out / "spots-told.csv").read_text() == "subject,video,onset,offset,type,apex,strength\n"
    code, text, _ = spot("score", out / "spots-told.csv", "--spotting", out / "truth.csv", "--json")
    assert code == 0
    assert json.loads(text)["rules"]["one_to_one"]["overall"]["truths"] == 4


def test_what_is_found_is_scored_overall_by_kind_and_whatever_the_kind(spot, tmp_path):
    spot("spot", "--spotter", "told", "--dataset", SET, "--out", tmp_path / "first")
    truth = rows(tmp_path / "first" / "truth.csv")
    apexes = "[" + ", ".join(f"{at:.3f}" for at in middles(truth)) + "]"
    told = f"told:apexes={apexes}"
    out = tmp_path / "second"
    code, text, _ = spot(
        "spot", "--spotter", told, "--spotter", f"{told},half=12", "--dataset", SET,
        "--out", out, "--json",
    )  # fmt: skip
    assert code == 0
    found = json.loads(text)
    assert json.loads((out / "spot.json").read_text()) == found
    assert found["videos"] == 2
    short, long = (one["scores"] for one in found["spotters"])
    assert short["overall"]["predictions"] == long["overall"]["predictions"] == 4
    assert short["micro"]["predictions"] == 4  # 13 frames at 30 Hz
    assert long["macro"]["predictions"] == 4  # 25 frames
    assert short["micro"]["matches"] >= 1
    assert short["overall"]["matches"] == short["micro"]["matches"] + short["macro"]["matches"]
    assert short["either kind"]["matches"] >= short["overall"]["matches"]
    assert {file.name for file in out.iterdir()} == {
        ".mertk.json", "truth.csv", "spots-told.csv", "spots-told-2.csv", "spot.json",
    }  # fmt: skip
    scored = spot("score", out / "spots-told.csv", "--spotting", out / "truth.csv", "--json")[1]
    again = json.loads(scored)["rules"]["one_to_one"]["overall"]
    assert again["matches"] == short["overall"]["matches"]
    assert again["F1"] == pytest.approx(short["overall"]["F1"])
    first = rows(out / "spots-told.csv")[0]
    assert int(first["offset"]) - int(first["onset"]) == 12
    assert float(first["strength"]) == 2.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--spotter", "tolt"], "Did you mean 'told'"),
        (["--spotter", "lost"], "video v01 of s01: spotter Lost gives Spot(onset=0"),
        (["--spotter", "told", "--aligner", "nobody"], "no aligner is called 'nobody'"),
        (["--spotter", "told", "--dataset", "casme_sq"], "casme_sq"),
        ([], "--spotter"),
    ],
)
def test_mistakes_are_one_line(spot, tmp_path, arguments, says):
    code, _, err = spot("spot", "--dataset", SET, "--out", tmp_path / "out", *arguments)
    assert code == 2
    assert says in err.strip().splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_clips_of_short_sets_are_searched_too(spot, tmp_path):
    small = "synthetic:subjects=1,clips=3,size=64"
    code, text, _ = spot("spot", "--spotter", "told", "--dataset", small, "--out", tmp_path / "o")
    assert (code, "3 videos" in text) == (0, True)


def test_a_face_is_followed_and_counted_by_the_frames_of_its_video(spot, tmp_path):
    ask = ["spot", "--spotter", "told:apexes=[1.0]", "--dataset", SET]
    assert spot(*ask, "--out", tmp_path / "whole")[0] == 0
    assert spot(*ask, "--aligner", "none", "--out", tmp_path / "same")[0] == 0
    code, text, _ = spot(*ask, "--aligner", "shy", "--out", tmp_path / "part")
    line = "no single face can be tracked in 268 of 480 frames"  # 60 to 165 of each
    assert (code, line in " ".join(text.split())) == (0, True)
    whole, same, part = (
        [int(row["apex"]) for row in rows(tmp_path / name / "spots-told.csv")]
        for name in ("whole", "same", "part")
    )
    assert whole == same == [30, 30]
    assert part == [90, 90]  # a second after the 60th frame, from which the face is seen


def test_a_shipped_spotter_runs_behind_an_aligner(spot, tmp_path):
    code, text, _ = spot(
        "spot", "--spotter", "flow_peaks", "--aligner", "none", "--dataset", SET,
        "--out", tmp_path / "o",
    )  # fmt: skip
    assert (code, "ms per frame" in text) == (0, True)


def test_spot_then_recognise_gives_strs_and_files_that_score_reads_unchanged(spot, tmp_path):
    made = SET.replace("micros=1", "micros=2").replace("seconds=8", "seconds=14")
    spot("spot", "--spotter", "told", "--dataset", made, "--out", tmp_path / "first")
    apexes = [f"{at:.3f}" for at in middles(rows(tmp_path / "first" / "truth.csv"))]
    told, model, out = f"told:apexes=[{', '.join(apexes)}]", tmp_path / "model", tmp_path / "out"
    train = ("--dataset", "synthetic", "--set", "dataset.subjects=3", "--set", "dataset.clips=3")
    assert spot("train", "--model", "majority", *train, "--out", model)[0] == 0
    ask = ("spot", "--spotter", told, "--dataset", made, "--model", model, "--out", out)
    code, text, err = spot(*ask)
    assert code == 0, err
    assert "STRS of micro-expressions" in text
    spots = rows(out / "spots-told.csv")
    assert {row["emotion"] for row in spots} == {"negative"}
    assert {row["emotion"] for row in rows(out / "truth.csv")} <= {
        "negative",
        "positive",
        "surprise",
    }
    again = json.loads(spot(*ask, "--json")[1])
    (scored,) = again["scored"]
    read = spot("score", out / "spots-told.csv", "--spotting", out / "truth.csv", "--json")[1]
    assert json.loads(read)["rules"]["one_to_one"]["strs"] == scored["rules"]["one_to_one"]["strs"]


def test_a_model_that_was_trained_on_the_data_set_is_refused(spot, tmp_path):
    model = tmp_path / "model"
    assert spot("train", "--model", "majority", "--dataset", SET, "--out", model)[0] == 0
    code, _, err = spot(
        "spot", "--spotter", "told", "--dataset", SET, "--model", model, "--out", tmp_path / "out"
    )
    assert code == 2
    assert "majority was trained on synthetic_long" in err


def test_spots_become_elan_files(spot, tmp_path):
    given = ("spot", "--spotter", "told:apexes=[2,4]", "--dataset", SET)
    code, _, _ = spot(*given, "--out", tmp_path / "out", "--elan", tmp_path / "elan")
    assert code == 0
    found = {}
    for file in sorted((tmp_path / "elan").glob("*.eaf")):
        found[file.name] = [(one.onset, one.apex, one.offset) for one in elan.read_elan(file)]
    spotted = {}
    for row in rows(tmp_path / "out" / "spots-told.csv"):
        ends = tuple(int(row[name]) for name in ("onset", "apex", "offset"))
        spotted.setdefault(f"{row['subject']}_{row['video']}.eaf", []).append(ends)
    assert found == spotted
    assert len(found) == 2
    code, _, err = spot(*given, "--spotter", "told", "--out", tmp_path / "o", "--elan", tmp_path)
    assert code == 2
    assert "--elan is for one spotter" in err
