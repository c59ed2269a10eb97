"""Observers of runs: what they are told, and what they leave behind."""

from __future__ import annotations

import importlib
import json

import mlflow
import pytest

import mertk

RUN = {"dataset": "synthetic:subjects=3,clips=3,size=64", "jobs": 1, "floors": False}

OBSERVER = """
import json, mertk
from pathlib import Path

LOG = Path(__file__).parent / "log"

@mertk.hookimpl
def mertk_fold_done(fold, name, folder):
    with LOG.open("a") as log:
        log.write(json.dumps([name, fold["name"], folder.name]) + "\\n")

@mertk.hookimpl
def mertk_run_done(run, scores):
    with LOG.open("a") as log:
        log.write(json.dumps([run["protocol"]["name"], scores]) + "\\n")
"""


def observed(tmp_path, *plugins):
    return mertk.bench(["flow_ridge"], plugins=mertk.load_plugins(plugins), out=tmp_path, **RUN)


def test_observers_are_told_of_each_fold_and_of_the_run(tmp_path):
    file = tmp_path / "observer.py"
    file.write_text(OBSERVER)
    results = observed(tmp_path / "runs", file)
    folder = results.runs[0].path.name
    *folds, run = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(folds) == [["flow_ridge", f"synthetic/s0{n}", folder] for n in (1, 2, 3)]
    assert run == ["synthetic3", {s: pytest.approx(results.table()[s][0]) for s in run[1]}]


def test_an_observer_that_fails_costs_a_line_and_not_the_run(tmp_path, caplog):
    file = tmp_path / "fails.py"
    file.write_text(
        "import mertk\n@mertk.hookimpl\ndef mertk_run_done(scores):\n    raise OSError('no server')\n"
    )
    results = observed(tmp_path / "runs", file)
    assert len(list(results.runs[0].folds())) == 3
    assert "fails.py failed in mertk_run_done, the run goes on: OSError: no server" in caplog.text


def test_a_plugin_may_be_a_module_by_its_dotted_name():
    plugins = mertk.load_plugins(["mertk_observers.mlflow"])
    assert not plugins.broken
    assert plugins.manager.has_plugin("mertk_observers.mlflow")
    assert "No module named 'mertk_observers.none'" in next(
        iter(mertk.load_plugins(["mertk_observers.none"]).broken.values())
    )
    with pytest.raises(mertk.PluginError, match="dotted name"):
        mertk.load_plugins(["mine.py"])


def test_observers_are_not_loaded_unless_asked_for():
    loaded = [name for name, _ in mertk.load_plugins().manager.list_name_plugin()]
    assert not [name for name in loaded if "observers" in name]


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_mlflow_holds_the_run_once(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    for _ in range(2):
        results = observed(tmp_path / "runs", "mertk_observers.mlflow")
    (found,) = mlflow.search_runs(output_format="list")
    assert found.info.run_name == "flow_ridge"
    assert found.data.params["classifier"] == "ridge"
    assert found.data.metrics["UF1"] == pytest.approx(results.table()["UF1"][0])
    listed = mlflow.artifacts.list_artifacts(run_id=found.info.run_id, artifact_path="run")
    names = {one.path for one in listed}
    assert {"run/run.json", "run/folds"} <= names


@pytest.mark.filterwarnings("ignore")  # TensorBoard's own
def test_tensorboard_shows_folds_and_scores(tmp_path):
    results = observed(tmp_path / "runs", "mertk_observers.tensorboard")
    reader = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    seen = reader.EventAccumulator(str(results.runs[0].path / "tensorboard")).Reload()
    assert seen.Scalars("scores/UF1")[0].value == pytest.approx(results.table()["UF1"][0])
    assert [one.step for one in seen.Scalars("seconds/total")] == [1, 2, 3]
