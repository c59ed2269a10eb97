"""A trained model asked about videos: found, followed, spotted, classified, told."""

from __future__ import annotations

import csv
import io
import json

import cv2
import numpy as np
import pytest

import mertk
from mertk import cli

USE = "synthetic:subjects=4,clips=3,size=128"
PLUGINS = mertk.load_plugins()
FPS = 25

SPOTTER = '''
"""Spots what it is told to, in seconds."""
import mertk

class Told:
    """Half a second from each of some moments on."""
    def __init__(self, *, at: str = "0.4", strength: float = 1.5) -> None:
        self.at = at
        self.strength = strength

    def spot(self, faces):
        """The moments that lie inside."""
        found = [round(float(one) * faces.fps) for one in self.at.split("/")]
        half = round(faces.fps / 2)
        return [
            mertk.Spot(one, one + half // 2, one + half, self.strength)
            for one in found if one + half < len(faces.frames)
        ]

@mertk.hookimpl
def mertk_register(register):
    register.spotter("told", Told)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("predict")


@pytest.fixture(scope="module")
def trained(folder):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["train", "--model", "flow_svm", "--dataset", USE, "--out", str(folder / "model")])
    return folder / "model"


@pytest.fixture(scope="module")
def face():
    """Frames of a synthetic face that moves."""
    return PLUGINS.registry.build("dataset", mertk.Use.parse(USE)).index(None)[0].footage.frames[:]


@pytest.fixture(scope="module")
def plugin(folder):
    (folder / "told.py").write_text(SPOTTER)
    return folder / "told.py"


def film(file, frames, fps=FPS):
    """A video file of frames `[time, height, width, 3]`."""
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), fps, frames.shape[2:0:-1])
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return file


def there_and_back(face, count):
    """So many frames, played forward and backward."""
    around = np.concatenate([face, face[::-1]])
    return np.concatenate([around] * (1 + count // len(around)))[:count]


@pytest.fixture(scope="module")
def video(folder, face):
    return film(folder / "a face.avi", there_and_back(face, 50))


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_what_is_spotted_is_classified(trained, video, plugin, run):
    code, out, err = run(
        "--plugin", plugin, "predict", trained, video, "--spotter", "told:at=0.4/1.2"
    )
    assert code == 0, err
    one, two = rows(out)
    assert (one["video"], one["onset"], one["apex"], one["offset"]) == (
        str(video),
        "10",
        "16",
        "22",
    )
    assert (one["begins"], one["ends"], one["strength"]) == ("0.4", "0.88", "1.5")
    assert two["onset"] == "30"
    for row in (one, two):
        shares = {c: float(row[f"p_{c}"]) for c in ("negative", "positive", "surprise")}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
        assert row["predicted"] == max(shares, key=shares.__getitem__)
    assert "Do not use it for decisions about people." in err
    assert "12 clips of 4 subjects of synthetic" in err


def test_an_interval_is_classified_the_same_whether_spotted_or_given(trained, video, plugin, run):
    spotted = run("--plugin", plugin, "predict", trained, video, "--spotter", "told")[1]
    given = run("predict", trained, video, "--onset", 10, "--apex", 16, "--offset", 22
    )[1]  # fmt: skip
    for name in ("predicted", "onset", "apex", "offset", "begins", "ends"):
        assert rows(spotted)[0][name] == rows(given)[0][name], name
    # the face is found in a cut-out of the same frame, so within the landmarks' jitter
    assert float(rows(spotted)[0]["p_negative"]) == pytest.approx(
        float(rows(given)[0]["p_negative"]), abs=0.1
    )


def test_what_is_too_weak_or_too_unlikely_is_no_expression(trained, video, plugin, run):
    ask = ["--plugin", plugin, "predict", trained, video, "--spotter", "told:strength=2"]
    assert rows(run(*ask, "--strength", 2)[1])[0]["predicted"] != "no expression"
    (weak,) = rows(run(*ask, "--strength", 2.1)[1])
    assert (weak["predicted"], weak["onset"]) == ("no expression", "")
    (unlikely,) = rows(run(*ask, "--least", 1)[1])
    assert (unlikely["predicted"], unlikely["onset"]) == ("no expression", "10")
    assert float(unlikely["p_negative"]) > 0


def test_a_folder_holds_table_json_and_page(trained, video, plugin, tmp_path, run):
    strange = tmp_path / "<script>alert(1)<b>.avi"
    strange.write_bytes(video.read_bytes())
    code, out, _ = run("--plugin", plugin, "predict", trained, strange, tmp_path / "missing.mp4",
        "--spotter", "told", "--out", tmp_path / "found",
    )  # fmt: skip
    assert code == 1
    assert "1 interval in 1 video:" in out
    found = json.loads((tmp_path / "found" / "predictions.json").read_text())
    assert (found["model"], found["classes"]) == ("flow_svm", ["negative", "positive", "surprise"])
    (told,) = found["videos"]
    assert (told["frames"], told["fps"], told["followed"]) == (50, FPS, [[0, 49]])
    assert told["expressions"][0]["onset"] == 10
    assert "missing.mp4" in found["failed"][0]
    assert len(rows((tmp_path / "found" / "predictions.csv").read_text())) == 1
    page = (tmp_path / "found" / "predictions.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;b&gt;.avi" in page
    assert "Do not use it for decisions about people." in page
    assert "No prediction: " in page


def test_bad_videos_are_told_and_the_others_answered(trained, video, plugin, tmp_path, run):
    empty, cut, blank = (tmp_path / name for name in ("empty.mp4", "cut.avi", "blank.avi"))
    empty.touch()
    cut.write_bytes(video.read_bytes()[:3000])
    film(blank, np.full((30, 128, 128, 3), 90, np.uint8))
    code, out, err = run(
        "--plugin",
        plugin,
        "predict",
        trained,
        video,
        empty,
        cut,
        blank,
        "--spotter",
        "told",
    )
    assert code == 1
    assert [row["video"] for row in rows(out)] == [str(video)]
    errors = [line for line in err.splitlines() if line.startswith("Error:")]
    assert [line.partition(": ")[2].partition(":")[0] for line in errors] == [
        str(one) for one in (empty, cut, blank)
    ]
    assert errors[-1].endswith(
        "no face found in frame 0 of 30; use a video that shows a face from the front"
    )


def test_a_video_that_is_cut_off_is_answered_as_far_as_it_goes(
    trained, face, plugin, tmp_path, run
):
    whole = film(tmp_path / "whole.avi", there_and_back(face, 60))
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])
    code, out, err = run("--plugin", plugin, "predict", trained, cut, "--spotter", "told", "--json")
    assert code == 0, err
    (told,) = json.loads(out)["videos"]
    assert told["frames"] < 60
    assert "can be decoded: it may be cut off" in told["notes"][0]
    assert told["expressions"][0]["predicted"]
    code, out, err = run("predict", trained, cut, "--whole")
    assert (code, rows(out)[0]["offset"]) == (0, str(told["frames"] - 1))
    assert f"Note: {cut}: its header says" in err


def test_where_no_face_is_there_is_a_marked_gap(trained, face, plugin, tmp_path, run):
    frames = there_and_back(face, 110)
    frames[45:70] = 90
    file = film(tmp_path / "gap.avi", frames)
    code, out, _ = run("--plugin", plugin, "predict", trained, file, "--spotter", "told", "--json")
    assert code == 0
    (told,) = json.loads(out)["videos"]
    (gap,) = told["gaps"]
    assert (gap["first"], gap["last"]) == (45, 69)
    assert "no face found" in gap["reason"]
    assert told["followed"] == [[0, 44], [70, 109]]
    assert [one["onset"] for one in told["expressions"]] == [10, 80]


def test_two_faces_are_a_gap_not_a_guess(trained, face, plugin, tmp_path, run):
    twice = np.concatenate([there_and_back(face, 30)] * 2, axis=2)
    file = film(tmp_path / "two.avi", twice)
    code, _, err = run("--plugin", plugin, "predict", trained, file, "--spotter", "told")
    assert code == 1
    assert "2 faces found" in err


def test_grey_and_fast_videos_are_answered(trained, face, plugin, tmp_path, run):
    grey = np.repeat(there_and_back(face, 100).mean(axis=3, keepdims=True), 3, axis=3)
    file = film(tmp_path / "grey.avi", grey.astype(np.uint8), fps=100)
    code, out, _ = run("--plugin", plugin, "predict", trained, file, "--spotter", "told:at=0.2/90")
    assert code == 0
    (one,) = rows(out)
    assert (one["onset"], one["offset"], one["begins"], one["ends"]) == ("20", "70", "0.2", "0.7")


def test_key_frames_may_be_given_and_must_fit(trained, video, run):
    code, out, _ = run(
        "predict", trained, video, "--onset", 2, "--apex", 6, "--offset", 9, "--json"
    )
    assert code == 0
    (told,) = json.loads(out)["videos"]
    (one,) = told["expressions"]
    assert (one["onset"], one["apex"], one["offset"], one["strength"]) == (2, 6, 9, None)
    code, _, err = run("predict", trained, video, "--onset", 9, "--offset", 3)
    assert (code, "onset 9 lies after offset 3" in err) == (1, True)
    (whole,) = rows(run("predict", trained, video, "--whole")[1])
    assert (whole["onset"], whole["apex"], whole["offset"]) == ("0", "", "49")


def test_the_page_shows_what_was_found_unless_it_should_not(trained, video, plugin, tmp_path, run):
    ask = ["--plugin", plugin, "predict", trained, video, "--spotter", "told:at=0.4/1.2"]
    assert run(*ask, "--out", tmp_path / "seen", "--occlusion", 1)[0] == 0
    page = (tmp_path / "seen" / "predictions.html").read_text()
    assert page.count("<article") == 2
    assert page.count("data:image/") > 10
    assert page.count("occlusion map of flow_svm") > 0
    assert len(page) < 5_000_000
    assert run(*ask, "--out", tmp_path / "bare", "--no-frames")[0] == 0
    bare = (tmp_path / "bare" / "predictions.html").read_text()
    assert "data:image/" not in bare
    assert "<select" not in bare
    assert "0.40–0.88" in bare


def test_folders_and_arrays_of_frames_are_read_with_a_rate(trained, face, plugin, tmp_path, run):
    frames = there_and_back(face, 50)
    np.save(tmp_path / "clip.npy", frames)
    (tmp_path / "clip").mkdir()
    for at, frame in enumerate(frames):
        cv2.imwrite(str(tmp_path / "clip" / f"img{at}.png"), frame[..., ::-1])
    ask = ["--plugin", plugin, "predict", trained, "--spotter", "told"]
    code, out, err = run(*ask, tmp_path / "clip.npy", tmp_path / "clip", "--fps", FPS)
    assert code == 0, err
    one, two = rows(out)
    assert (one["onset"], one["begins"], one["ends"]) == ("10", "0.4", "0.88")
    assert {**one, "video": ""} == {**two, "video": ""}
    code, _, err = run(*ask, tmp_path / "clip", tmp_path / "clip" / "img0.png")
    assert code == 1
    assert f"Error: {tmp_path / 'clip'}: its frame rate is not known; give it with --fps" in err
    assert "img0.png: this is a picture, not a video; an expression is a change" in err


def test_the_rows_of_a_table_are_classified_without_labels(trained, video, tmp_path, run):
    (tmp_path / "index.csv").write_text(
        "Subject,Filename,Path,OnsetFrame,ApexFrame,OffsetFrame\n"
        f"s1,a,{video},2,6,9\ns1,b,{video},10,/,22\n"
    )
    code, out, err = run("predict", trained, tmp_path / "index.csv")
    assert code == 0, err
    one, two = rows(out)
    assert (one["video"], one["onset"], one["apex"], one["offset"]) == (
        "folder/s1/a",
        "2",
        "6",
        "9",
    )
    given = run("predict", trained, video, "--onset", 2, "--apex", 6, "--offset", 9)[1]
    assert one["predicted"] == rows(given)[0]["predicted"]
    assert float(one["p_negative"]) == pytest.approx(float(rows(given)[0]["p_negative"]), abs=1e-4)
    assert (two["apex"], two["begins"]) == ("", "0.4")


@pytest.fixture(scope="module")
def couple(folder):
    """Two people beside each other, for two seconds."""
    clips = PLUGINS.registry.build("dataset", mertk.Use.parse(USE)).index(None)
    both = [there_and_back(clips[at].footage.frames[:], 50) for at in (0, 3)]
    return film(folder / "couple.avi", np.concatenate(both, axis=2))


def test_of_two_people_each_has_a_result_of_their_own(trained, couple, plugin, tmp_path, run):
    ask = ["--plugin", plugin, "predict", trained, couple, "--spotter", "told"]
    code, _, err = run(*ask)
    assert code == 1
    assert "2 faces found" in err
    assert "--face largest, left, right, N or all says which is meant" in err
    code, out, err = run(*ask, "--face", "all", "--out", tmp_path / "found")
    assert code == 0, err
    assert "2 intervals of 2 people in 1 video:" in out
    assert f"Note: {couple}: 2 people are tracked: 1 at x " in err
    both = rows((tmp_path / "found" / "predictions.csv").read_text())
    assert [row["person"] for row in both] == ["1", "2"]
    page = (tmp_path / "found" / "predictions.html").read_text()
    assert "couple.avi, person 2" in page
    found = json.loads((tmp_path / "found" / "predictions.json").read_text())
    assert [one["person"] for one in found["videos"]] == [1, 2]
    (right,) = rows(run(*ask, "--face", "right")[1])
    assert right == both[1]
    code, _, err = run(*ask, "--face", 3)
    assert (code, "there is no person 3: 2 people are tracked" in err) == (1, True)


def test_a_given_interval_of_one_of_two_people(trained, couple, run):
    ask = ["predict", trained, couple, "--onset", 10, "--apex", 16, "--offset", 22]
    code, out, err = run(*ask, "--face", "all")
    assert code == 0, err
    assert [(row["person"], row["apex"]) for row in rows(out)] == [("1", "16"), ("2", "16")]
    assert run(*ask)[0] == 1
    assert "give largest, left, right, all or the number" in run(*ask, "--face", "both")[2]
