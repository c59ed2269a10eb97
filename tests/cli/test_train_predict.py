"""A model trained on everybody, in a folder without pickle, and asked about videos."""

from __future__ import annotations

import csv
import io
import json

import cv2
import numpy as np
import pytest

import mertk
from mertk import cli
from mertk.harness.saved import Saved

USE = "synthetic:subjects=4,clips=3,size=128"
PLUGINS = mertk.load_plugins()


def run(capsys, *arguments):
    """Exit code, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main([str(one) for one in arguments])
    told = capsys.readouterr()
    return ended.value.code, told.out, told.err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "model"
    with pytest.raises(SystemExit, match="0"):
        cli.main(["train", "--model", "flow_svm", "--dataset", USE, "--out", str(folder)])
    return folder


@pytest.fixture(scope="module")
def clip():
    return PLUGINS.registry.build("dataset", mertk.Use.parse(USE)).index(None)[0]


@pytest.fixture(scope="module")
def video(tmp_path_factory, clip):
    """A clip of the synthetic set as a video file."""
    file = tmp_path_factory.mktemp("video") / "a face.avi"
    frames = clip.footage.frames[:]
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 25, frames.shape[2:0:-1])
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return file


def test_a_folder_holds_plain_data_and_says_what_it_was_trained_on(trained):
    assert sorted(path.name for path in trained.iterdir()) == ["arrays.safetensors", "model.json"]
    about = json.loads((trained / "model.json").read_text())
    assert (about["name"], about["clips"], about["subjects"]) == ("flow_svm", 12, 4)
    assert about["identity"]["recipe"]["classifier"]["name"] == "svm"
    assert b"pickle" not in (trained / "arrays.safetensors").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["flow_svm", "lbptop", "nmp", "ststnet", "cnn_lstm_se"])
def test_what_is_read_back_answers_as_what_was_trained(model, tmp_path, clip, monkeypatch):
    from mertk.harness import saved
    from mertk.harness.bench import gather
    from mertk.harness.progress import Silent

    sets = [("classifier.epochs", 1)] if model in ("ststnet", "cnn_lstm_se") else []
    sets += [("extractor.epochs", 1)] if model == "cnn_lstm_se" else []
    request = gather([model], dataset=USE, floors=False, sets=sets, cache=tmp_path / "cache")
    found = saved.train(request, 0, Silent())
    found.save(tmp_path / "model", PLUGINS)
    again = Saved.load(tmp_path / "model", PLUGINS)
    expected = found.predict(clip.footage)
    np.testing.assert_array_equal(again.predict(clip.footage), expected)
    assert expected.sum() == pytest.approx(1)


def test_videos_are_answered_and_bad_ones_told(trained, video, tmp_path, capsys):
    empty, cut, blank = (tmp_path / name for name in ("empty.mp4", "cut.avi", "blank.avi"))
    empty.touch()
    cut.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    writer = cv2.VideoWriter(str(blank), cv2.VideoWriter.fourcc(*"MJPG"), 25, (128, 128))
    for _ in range(5):
        writer.write(np.full((128, 128, 3), 90, np.uint8))
    writer.release()
    code, out, err = run(capsys, "predict", trained, video, empty, cut, blank)
    assert code == 1
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows[0]["video"] == str(video)
    assert sum(float(rows[0][f"p_{name}"]) for name in ("negative", "positive", "surprise")) == (
        pytest.approx(1, abs=1e-4)
    )
    errors = [line for line in err.splitlines() if line.startswith("Error:")]
    assert [line.partition(": ")[2].partition(":")[0] for line in errors] == [
        str(one) for one in (empty, cut, blank)
    ]
    assert "no face found" in errors[-1]
    assert "Not for decisions about people" in err
    assert "4 subjects of synthetic" in err


def test_key_frames_may_be_given_and_must_fit(trained, video, capsys):
    code, out, _ = run(
        capsys, "predict", trained, video, "--onset", 2, "--apex", 6, "--offset", 9, "--json"
    )
    assert code == 0
    (told,) = json.loads(out)["videos"]
    assert (told["onset"], told["apex"], told["offset"]) == (2, 6, 9)
    code, _, err = run(capsys, "predict", trained, video, "--onset", 9, "--offset", 3)
    assert (code, "onset 9 lies after offset 3" in err) == (1, True)


def test_a_table_can_be_a_file(trained, video, tmp_path, capsys):
    code, out, _ = run(capsys, "predict", trained, video, "--out", tmp_path / "found.csv")
    assert (code, out) == (0, "")
    assert (tmp_path / "found.csv").read_text().startswith("video,onset,apex,offset,predicted,p_")


def test_what_is_no_model_is_one_line(tmp_path, video, capsys):
    code, _, err = run(capsys, "predict", tmp_path, video)
    assert code == 2
    assert "holds no trained model" in err


def test_a_model_that_names_other_code_is_refused(trained, video, tmp_path, capsys):
    evil = tmp_path / "evil"
    evil.mkdir()
    about = json.loads((trained / "model.json").read_text())
    mark = tmp_path / "mark"
    about["state"] = {
        "id": 0, "call": "os:system", "given": {"tuple": [f"touch {mark}"]}, "state": None,
    }  # fmt: skip
    (evil / "model.json").write_text(json.dumps(about))
    (evil / "arrays.safetensors").write_bytes((trained / "arrays.safetensors").read_bytes())
    code, _, err = run(capsys, "predict", evil, video)
    assert code == 2
    assert "names os:system" in err
    assert not mark.exists()
