"""`--plan`: the first fold is done for real, kept, and tells what the others take."""

import json
from pathlib import Path

import pytest

import mertk
from mertk.cli import main
from mertk.core.printing import format_duration
from mertk.experiment.bench import plan_study, run_study
from mertk.experiment.execution import Execution
from mertk.experiment.runner import Planned
from mertk.experiment.study import Study

TOYS = Path(__file__).parents[1] / "toys.py"


@pytest.fixture
def opened(tmp_path):
    def opened(**options):
        study = Study(models=["toy_model"], dataset="toy", floors=False, **options)
        execution = Execution(jobs=1, out=tmp_path / "runs", cache=tmp_path / "cache")
        return study.open(execution, plugins=mertk.load_plugins([TOYS]))

    return opened


def test_the_first_fold_is_kept_and_the_others_are_left(opened, tmp_path):
    (planned,) = plan_study(opened())
    assert (planned.model, planned.folds, planned.left) == ("toy_model", 4, 3)
    (kept,) = tmp_path.glob("runs/*/folds/*.json")
    fold = json.loads(kept.read_text())
    assert planned.fold_seconds == fold["seconds"]["total"]
    before = kept.stat().st_mtime_ns
    run_study(opened())
    assert len(list(tmp_path.glob("runs/*/folds/*.json"))) == 4
    assert kept.stat().st_mtime_ns == before  # it was not run again


def test_what_is_finished_is_not_left(opened):
    run_study(opened())
    (planned,) = plan_study(opened())
    assert (planned.left, planned.seconds_left(1)) == (0, 0)


def test_a_stochastic_model_is_planned_with_five_seeds(opened):
    (planned,) = plan_study(opened(sets=[("classifier.noise", 1.0)]))
    assert (planned.folds, planned.left) == (20, 19)
    (one,) = plan_study(opened(sets=[("classifier.noise", 1.0)], seeds=[0]))
    assert (one.folds, one.left) == (4, 2)  # two folds of seed 0 are there now


def test_workers_do_whole_folds():
    planned = Planned(
        model="m", folds=10, left=9, fold_seconds=2.0, features_seconds=1.0, memory=0.0, workers=1
    )
    assert [planned.seconds_left(count) for count in (1, 2, 8, 32)] == [18, 10, 4, 2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.42 s"), (100, "100 s"), (180, "3 min"), (18_720, "5.2 h"), (700_000, "8.1 days")],
)
def test_times_are_readable(seconds, text):
    assert format_duration(seconds) == text


def test_the_command_prints_a_plan_and_writes_no_report(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["--plugin", str(TOYS), "bench", "--model", "toy_model", "--dataset", "toy"]
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--jobs", "1", "--plan", "--json"])
    assert end.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["models"][0]["workers"] == 1
    assert [one["left"] for one in found["models"]] == [
        3,
        3,
        19,
    ]  # `prior` is stochastic: five seeds
    assert not (tmp_path / "runs" / "report.html").exists()
