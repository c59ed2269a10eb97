"""A model trained on everybody, in a folder without pickle, and asked about videos."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import mertk
from mertk import cli
from mertk.experiment.trained_model import TrainedModel

sys.path.insert(0, str(Path(__file__).parents[1]))
from hostile_models import HOSTILE, canary

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
    assert "Its scores on unseen people were not measured; run `mertk bench`" in card
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
    assert "were not measured" in run("train", *again)[1]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["flow_svm", "lbptop", "nmp", "ststnet", "cnn_lstm_se"])
def test_what_is_read_back_answers_as_what_was_trained(model, tmp_path, clip, monkeypatch):
    from mertk.experiment import trained_model
    from mertk.experiment.execution import Execution
    from mertk.experiment.study import Study

    sets = [("classifier.epochs", 1)] if model in ("ststnet", "cnn_lstm_se") else []
    sets += [("fusion.0.epochs", 1)] if model == "cnn_lstm_se" else []
    study = Study(models=[model], dataset=USE, floors=False, sets=sets)
    found = trained_model.train_model(study.open(Execution(cache=tmp_path / "cache")), 0)
    found.save(tmp_path / "model", PLUGINS)
    again = TrainedModel.load(tmp_path / "model", PLUGINS)
    expected = found.predict(clip.footage)
    np.testing.assert_array_equal(again.predict(clip.footage), expected)
    assert expected.sum() == pytest.approx(1)
    card = (tmp_path / "model" / "README.md").read_text()
    known = {"ststnet": 1_683, "cnn_lstm_se": 13_673_662}
    assert again.about["weights"] == known.get(model, 0)
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


@pytest.mark.parametrize(
    "name",
    [
        "a stored class of mertk that unpickles", "a field predict", "arrays of one more axis",
        "a pipe for model.json", "arrays that declare 745 GiB", "deep JSON",
    ],
)  # fmt: skip
def test_a_hostile_model_is_one_line_and_exit_code_2(name, trained, video, tmp_path, run):
    folder = shutil.copytree(trained, tmp_path / "model")
    dict(HOSTILE)[name](folder)
    code, out, err = run("predict", folder, video, "--whole")
    assert (code, out) == (2, "")
    assert [line for line in err.splitlines() if line != video.name] == [err.splitlines()[-1]]
    assert err.splitlines()[-1].startswith("Error: ")
    assert not canary(folder).exists()


def test_the_files_of_a_model_have_one_mode(trained):
    modes = {path.name: path.stat().st_mode & 0o777 for path in trained.iterdir()}
    plain = trained.parent / "plain"
    plain.touch()
    assert set(modes.values()) == {plain.stat().st_mode & 0o777}, modes


@pytest.mark.parametrize(
    ("path", "slot"),
    [
        ("sklearn.ensemble.RandomForestClassifier,n_estimators=5", "classifier"),
        ("sklearn.preprocessing.MinMaxScaler", "fusion"),
    ],
)
def test_a_model_of_foreign_code_is_asked_by_whom_trusts_it(path, slot, video, tmp_path, run):
    folder = tmp_path / "model"
    swap = f"{slot}=sklearn:{path}"
    code, out, _ = run(
        "train", "--model", "flow_svm", "--swap", swap, "--dataset", USE, "--out", folder
    )
    needs = "which `mertk predict` imports: it needs --trust sklearn."
    assert code == 0
    assert needs in out
    assert needs in (folder / "README.md").read_text()
    code, out, err = run("predict", folder, video, "--whole")
    assert (code, out) == (2, "")
    assert f"names foreign code or data: {path.partition(',')[0]}" in err
    assert "say --trust sklearn" in err
    assert run("predict", folder, video, "--whole", "--trust", "scipy")[0] == 2
    code, out, _ = run("predict", folder, video, "--whole", "--trust", "sklearn")
    assert code == 0
    assert "positive" in out


def test_a_model_of_shipped_components_needs_no_trust(trained, video, run):
    assert "--trust" not in (trained / "README.md").read_text()
    assert run("predict", trained, video, "--whole")[0] == 0
