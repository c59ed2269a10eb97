"""A model trained on everybody, in a folder without pickle, and asked about videos."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

import mertk
from mertk import cli
from mertk.harness.saved import Saved

USE = "synthetic:subjects=4,clips=3,size=128"
PLUGINS = mertk.load_plugins()


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
    assert sorted(path.name for path in trained.iterdir()) == [
        ".mertk.json", "README.md", "arrays.safetensors", "model.json",
    ]  # fmt: skip
    about = json.loads((trained / "model.json").read_text())
    assert (about["name"], about["clips"], about["subjects"]) == ("flow_svm", 12, 4)
    assert about["identity"]["recipe"]["classifier"]["name"] == "svm"
    assert b"pickle" not in (trained / "arrays.safetensors").read_bytes()


def test_the_card_says_what_was_trained_and_what_it_scores(trained, tmp_path, run, monkeypatch):
    card = (trained / "README.md").read_text()
    assert "12 clips of 4 subjects" in card
    assert "was not measured; run `mertk bench`" in card
    assert f"components of mertk {mertk.__version__}\n" in card
    monkeypatch.chdir(tmp_path)
    assert run("bench", "--model", "flow_svm", "--dataset", USE, "--jobs", 1)[0] == 0
    code, out, _ = run("train", "--model", "flow_svm", "--dataset", USE, "--out", "model")
    results = mertk.Results.load(tmp_path / "runs").table().set_index("model")
    scored = f"UF1 {results.loc['flow_svm', 'UF1']:.3f}"
    assert code == 0
    assert scored in out
    assert scored in (tmp_path / "model" / "README.md").read_text()
    # a run of another recipe is not this model's
    again = ["--model", "flow_svm", "--set", "classifier.C=1", "--dataset", USE, "--out", "other"]
    assert "was not measured" in run("train", *again)[1]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["flow_svm", "lbptop", "nmp", "ststnet", "cnn_lstm_se"])
def test_what_is_read_back_answers_as_what_was_trained(model, tmp_path, clip, monkeypatch):
    from mertk.harness import saved
    from mertk.harness.execution import Execution
    from mertk.harness.study import Study

    sets = [("classifier.epochs", 1)] if model in ("ststnet", "cnn_lstm_se") else []
    sets += [("extractor.epochs", 1)] if model == "cnn_lstm_se" else []
    study = Study(models=[model], dataset=USE, floors=False, sets=sets)
    found = saved.train(study.open(Execution(cache=tmp_path / "cache")), 0)
    found.save(tmp_path / "model", PLUGINS)
    again = Saved.load(tmp_path / "model", PLUGINS)
    expected = found.predict(clip.footage)
    np.testing.assert_array_equal(again.predict(clip.footage), expected)
    assert expected.sum() == pytest.approx(1)
    card = (tmp_path / "model" / "README.md").read_text()
    known = {"ststnet": 1_683, "cnn_lstm_se": 13_673_662}
    assert found.weights == again.weights == known.get(model, 0)
    assert ("Trained weights:" in card) == (model in known)


def test_what_is_no_model_is_one_line(tmp_path, video, run):
    code, _, err = run("predict", tmp_path, video)
    assert code == 2
    assert "holds no trained model" in err


@pytest.mark.parametrize("part", ["state", "identity", "clips", "measured"])
def test_a_model_that_lacks_something_is_one_line(part, trained, video, tmp_path, run):
    about = json.loads((trained / "model.json").read_text())
    del about[part]
    (tmp_path / "model.json").write_text(json.dumps(about))
    (tmp_path / "arrays.safetensors").write_bytes((trained / "arrays.safetensors").read_bytes())
    code, _, err = run("predict", tmp_path, video)
    assert code == 2
    assert f"model.json is damaged (KeyError: '{part}')" in err


def test_a_model_that_names_other_code_is_refused(trained, video, tmp_path, run):
    evil = tmp_path / "evil"
    evil.mkdir()
    about = json.loads((trained / "model.json").read_text())
    mark = tmp_path / "mark"
    about["state"] = {
        "id": 0, "call": "os:system", "given": {"tuple": [f"touch {mark}"]}, "state": None,
    }  # fmt: skip
    (evil / "model.json").write_text(json.dumps(about))
    (evil / "arrays.safetensors").write_bytes((trained / "arrays.safetensors").read_bytes())
    code, _, err = run("predict", evil, video)
    assert code == 2
    assert "names os:system" in err
    assert not mark.exists()
