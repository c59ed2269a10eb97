"""`mertk study`, and `mertk bench` with a study file."""

import json
from pathlib import Path

import pytest

TOYS = Path(__file__).parents[1] / "toys.py"
TEXT = 'models = ["toy_model"]\ndataset = "toy"\nseeds = [0]\nfloors = false\n'


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.toml"
    file.write_text(TEXT)
    return file


def test_bench_runs_a_file_and_options_take_the_place_of_its_keys(run, study):
    given = ("--plugin", TOYS, "bench", study, "--jobs", "1", "--json")
    code, out, err = run(*given)
    assert code == 0, err
    assert [row["model"] for row in json.loads(out)["models"]] == ["toy_model"]
    assert (study.parent / "runs" / "study.toml").is_file()
    more = ("--set", "extractor.scale=2", "--baseline", "majority")
    code, out, err = run(*given, *more)
    assert code == 0, err
    names = [row["model"] for row in json.loads(out)["models"]]
    assert names == ["toy_model+extractor.scale=2", "majority"]


def test_a_study_is_shown_checked_and_listed(run, study):
    code, out, _ = run("study", "show", study)
    assert (code, out) == (0, TEXT)
    code, out, _ = run("study", "show", "--json", study)
    assert json.loads(out)["seeds"] == [0]
    code, out, _ = run("--plugin", TOYS, "study", "check", study)
    assert code == 0
    assert "models (1): toy_model" in out
    assert "The study can run." in out
    code, out, _ = run("study", "check", "megc2019", "--json")
    found = json.loads(out)
    assert code == 1
    assert len(found["problems"]) == 3
    assert "mertk data add casme2" in found["problems"][0]
    code, out, _ = run("study", "list")
    assert "megc2019" in out


def test_a_plan_of_a_study_runs_one_fold(run, study):
    code, out, err = run("--plugin", TOYS, "study", "plan", study, "--jobs", "1", "--json")
    assert code == 0, err
    (row,) = json.loads(out)["models"]
    assert row["left"] == row["folds"] - 1
