"""Commands as functions of Python: the same names, the same defaults, the same result."""

from __future__ import annotations

import importlib
import inspect
import json

import numpy as np
import pytest

import mertk
from mertk import cli
from mertk.core.options import options_of
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study

USE = "synthetic:subjects=4,clips=3,size=128"
PAIRS = {
    "bench": mertk.bench,
    "audit": mertk.audit_model,
    "train": mertk.train_model,
    "predict": mertk.predict_videos,
    "compare": mertk.compare_runs,
    "report": mertk.write_report,
}
OF_COMMANDS = {
    "as_json": "prints",
    "published": "prints",
    "plan": "prints",
    "help": "prints",
    ("bench", "baselines"): "further `models`",
    ("bench", "file"): "`Study.open` of `read_study`",
    ("bench", "frames"): "of `write_report`",
    ("audit", "spotter"): "a spotter, no model",
    ("predict", "out"): "files of `mertk predict`; the function gives the predictions",
    ("predict", "frames"): "of these files",
    ("predict", "occlusion"): "of these files",
    ("report", "runs"): "`Results.load`",
    ("report", "partial"): "of `Results.load`",
    ("report", "maps"): "`Results.label_maps`",
}
"""What a function does not have, and what stands for it."""


@pytest.mark.parametrize("name", PAIRS)
def test_options_of_a_command_are_parameters_of_its_function(name):
    command = importlib.import_module(f"mertk.cli.{name}_command").command
    known = inspect.signature(PAIRS[name]).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in known.values())
    fields = {**options_of(Study), **options_of(Execution)}
    for param in command.params:
        if param.name in OF_COMMANDS or (name, param.name) in OF_COMMANDS:
            continue
        assert param.name in known or (takes_any and param.name in fields), param.name
        if param.name in known and not param.required and isinstance(param.default, int | str):
            default = known[param.name].default
            assert str(default) == str(param.default), param.name


def test_what_a_function_lacks_is_an_option_of_its_command():
    for key in OF_COMMANDS:
        if isinstance(key, tuple):
            command = importlib.import_module(f"mertk.cli.{key[0]}_command").command
            assert key[1] in {param.name for param in command.params}


def test_a_model_is_trained_and_predicts_as_on_the_command_line(tmp_path, capsys):
    clip = mertk.load_dataset(USE)[0]
    np.save(tmp_path / "face.npy", clip.footage.frames[:])
    model = mertk.train_model("flow_svm", dataset=USE, out=tmp_path / "model", runs=tmp_path)
    options = {"onset": 2, "apex": 7, "fps": 100.0}
    (found,) = mertk.predict_videos(tmp_path / "model", tmp_path / "face.npy", **options)
    (again,) = mertk.predict_videos(model, tmp_path / "face.npy", **options)
    assert found.findings[0].probabilities == again.findings[0].probabilities
    words = ["predict", str(tmp_path / "model"), str(tmp_path / "face.npy"), "--json"]
    with pytest.raises(SystemExit, match="0"):
        cli.main([*words, "--onset", "2", "--apex", "7", "--fps", "100"])
    (video,) = json.loads(capsys.readouterr().out)["videos"]
    (interval,) = video["expressions"]
    assert interval["predicted"] == found.findings[0].predicted
    assert list(interval["probabilities"].values()) == pytest.approx(
        found.findings[0].probabilities, abs=1e-3
    )


def test_an_audit_is_written_for_the_report(tmp_path):
    found = mertk.audit_model(
        "flow_ridge", dataset=USE, probes=["dataset"], quick=True, runs=tmp_path, jobs=1
    )
    assert found.outcome in ("passed", "inconclusive")
    assert [one.probe for one in found.verdicts] == ["dataset"]
    assert list(tmp_path.rglob("*.json"))
