"""`mertk.tune` and `mertk tune`: nested search, its cost, its ledger, and the final model."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.cli import main
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study
from mertk.experiment.trained_model import TrainedModel, train_model
from mertk.experiment.tuning_cost import TuningCost, estimate_cost
from mertk.experiment.variants import parse_space
from mertk.report.sentences import list_sentences

TOYS = Path(__file__).parents[1] / "toys.py"
SPACE = {"classifier.noise": [1000.0, 0.0]}


@pytest.fixture(scope="module")
def plugins():
    return mertk.load_plugins([TOYS])


def tuned(plugins, out, **options):
    return mertk.tune(
        "toy_model", SPACE, inner_folds=3, dataset=options.pop("dataset", "toy"), jobs=1, seeds=[0],
        floors=False, plugins=plugins, out=out, **options,
    )  # fmt: skip


def folds_of(results):
    return {fold.name: fold for fold in results.runs[0].folds()}


def test_each_fold_chooses_on_its_own_training_people(plugins, tmp_path):
    results = tuned(plugins, tmp_path / "runs")
    assert [row["model"] for row in results.table().to_dict("records")] == [
        "toy_model+tuned=classifier.noise", "toy_model",
    ]  # fmt: skip
    assert results.table()["UF1"].tolist() == [1.0, 1.0]
    for fold in folds_of(results).values():
        assert fold.choices == {"classifier.noise": 0.0}
        loud, quiet = fold.trials
        assert (quiet["values"], quiet["score"]) == ({"classifier.noise": 0.0}, 1.0)
        assert loud["score"] < 0.9
    (line,) = [one for one in list_sentences(results) if "inner folds" in one]
    assert line.startswith(
        "toy_model+tuned=classifier.noise: in each fold, classifier.noise was chosen among 2 "
        "combinations, by the UF1 of 3 inner folds of whole training subjects"
    )


def test_what_a_fold_chooses_does_not_depend_on_the_person_that_it_holds_out(plugins, tmp_path):
    plain = folds_of(tuned(plugins, tmp_path / "one"))
    touched = folds_of(tuned(plugins, tmp_path / "two", dataset="toy:touched=toy/s0/c1"))
    assert touched["toy/s0"].trials == plain["toy/s0"].trials
    assert touched["toy/s1"].trials != plain["toy/s1"].trials


def test_the_cost_is_told_before_anything_is_searched(plugins, tmp_path):
    study = Study(models=["toy_model"], dataset="toy", tunes=["classifier.noise=0,1,2"], seeds=[0])
    opened = study.open(Execution(jobs=1, out=tmp_path / "runs"), plugins=plugins)
    cost = estimate_cost(opened)
    assert (cost.folds, cost.combinations, cost.inner_folds, cost.plain) == (4, 3, 3, 2)
    assert cost.fits == 4 * (3 * 3 + 1) + 2
    with pytest.raises(mertk.ParameterError, match="^42 fits: 4 folds, each with 3 combinations"):
        cost.check_limit(0)
    with pytest.raises(mertk.ParameterError, match="above the limit of 0 min"):
        tuned(plugins, tmp_path / "runs", limit=0)
    assert len(tuned(plugins, tmp_path / "runs", limit=math.inf).runs) == 2


def test_the_expected_time_is_that_of_all_fits_on_the_workers():
    cost = TuningCost(combinations=9, inner_folds=5, folds=26, plain=25, fit_seconds=2.0, workers=4)
    assert cost.fits == 26 * 46 + 25
    assert cost.seconds == pytest.approx(cost.fits * 2 / 4)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("classifier.C=0.1,1,10", [0.1, 1, 10]),
        ("classifier.C=auto,1", ["auto", 1]),
        ("fusion.0.grid=[4,4],[8,8]", [[4, 4], [8, 8]]),
        ("classifier.C=0.1..1e3:log", {"low": 0.1, "high": 1000.0, "log": True}),
        ("classifier.epochs=10..50", {"low": 10, "high": 50, "log": False}),
    ],
)
def test_parameters_are_written_as_sweeps_are(text, values):
    assert parse_space([text]) == {text.partition("=")[0]: values}


@pytest.mark.parametrize("texts", [["C=1,2"], ["classifier.C=1", "classifier.C=2"], ["classifier"]])
def test_parameters_that_are_written_wrongly_are_refused(texts):
    with pytest.raises(mertk.ParameterError, match=r"SLOT\.PARAMETER=VALUE|PATH=VALUE"):
        parse_space(texts)


@pytest.mark.parametrize(
    "other",
    [
        {"sweeps": ["classifier.noise=0,1"]},
        {"jitter": [1]},
        {"oracle_gap": True},
        {"replay": "authors"},
    ],
)
def test_what_cannot_be_combined_is_refused(plugins, other):
    study = Study(models=["toy_model"], dataset="toy", tunes=["classifier.noise=0,1"], **other)
    with pytest.raises(mertk.ParameterError, match="--tune and --.* cannot be combined"):
        assert study.open(plugins=plugins).variants


def test_the_final_model_is_chosen_on_all_people_and_stored_as_it_was_chosen(plugins, tmp_path):
    study = Study(models=["flow_ridge"], dataset="synthetic:subjects=3,clips=6",
                  tunes=["classifier.alpha=1e6,1.0"], floors=False)  # fmt: skip
    opened = study.open(Execution(out=tmp_path / "runs"), plugins=plugins)
    model = train_model(opened, 0)
    recipe = model.about["identity"]["recipe"]
    assert "tuning" not in recipe
    assert recipe["classifier"]["alpha"] == model.about["choices"]["classifier.alpha"]
    model.save(tmp_path / "model", plugins)
    stored = TrainedModel.load(tmp_path / "model", plugins)
    clip = opened.task.clips[0]
    assert np.array_equal(stored.predict(clip.footage), model.predict(clip.footage))
    assert "chosen in training: `classifier.alpha = " in (tmp_path / "model/README.md").read_text()


def test_a_stored_model_whose_parameters_are_not_chosen_is_refused(plugins, tmp_path):
    study = Study(models=["toy_model"], dataset="toy", floors=False)
    model = train_model(study.open(Execution(out=tmp_path / "runs"), plugins=plugins), 0)
    trust = model.save(tmp_path / "model", plugins)
    path = tmp_path / "model" / "model.json"
    about = json.loads(path.read_text())
    about["identity"]["recipe"]["tuning"] = {"space": {"classifier.noise": [0.0]}}
    path.write_text(json.dumps(about))
    with pytest.raises(mertk.StorageError, match="its parameters are not chosen"):
        TrainedModel.load(tmp_path / "model", plugins, trust)


def test_the_command_prints_cost_choices_and_scores(capsys, tmp_path):
    def run(*more):
        with pytest.raises(SystemExit) as ended:
            main([
                "--plugin", str(TOYS), "tune", "toy_model", "--param", "classifier.noise=1000,0",
                "--dataset", "toy", "--seeds", "0", "--jobs", "1", "--out", str(tmp_path / "runs"),
                *more,
            ])  # fmt: skip
        return ended.value.code, *capsys.readouterr()

    code, out, err = run("--limit", "0")
    assert (code, out) == (2, "")
    assert "Error: 30 fits: 4 folds, each with 2 combinations in 3 inner folds" in err
    code, out, err = run("--json", "--limit", "0", "--yes")
    assert code == 0
    assert "fits: 4 folds" in err
    data = json.loads(out)
    assert data["choices"] == [
        {
            "model": "toy_model+tuned=classifier.noise", "choice": "classifier.noise",
            "value": "0", "folds": 4, "of": 4,
        }
    ]  # fmt: skip
    assert (tmp_path / "runs" / "report.html").is_file()
