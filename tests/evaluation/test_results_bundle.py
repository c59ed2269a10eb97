"""Shared results: what is in a bundle, and what is never in it."""

import json
from pathlib import Path

import pytest

import mertk
from mertk.core.errors import StorageError
from mertk.evaluation import pseudonyms
from mertk.evaluation.bundle_files import find_bundles, read_bundle
from mertk.evaluation.results_bundle import write_bundle
from mertk.storage.ledger import Run

TOYS = Path(__file__).parents[1] / "toys.py"
NOISY = mertk.Use("toy_nearest", noise=30.0)


@pytest.fixture(scope="module")
def plugins():
    return mertk.load_plugins([TOYS])


@pytest.fixture
def runs(plugins, tmp_path):
    options = {"dataset": "toy", "jobs": 1, "floors": False, "out": tmp_path / "runs"}
    mertk.bench(
        "toy_model", plugins=plugins, seeds=[0, 1], swaps=[("classifier", [NOISY])], **options
    )
    return tmp_path / "runs"


def test_a_bundle_holds_the_scores_and_no_path_or_id_of_somebodys_own_clips(
    plugins, runs, tmp_path
):
    (folder,) = write_bundle(runs, to=tmp_path / "results", by="a  lab", plugins=plugins)
    assert find_bundles(tmp_path / "results") == [folder]
    bundle = read_bundle(folder)
    (row,) = mertk.Results.load(runs, plugins=plugins).table().to_dict("records")
    for part, column in {
        "value": "UF1",
        "low": "UF1_low",
        "high": "UF1_high",
        "sd": "UF1_sd",
    }.items():
        assert bundle.about["scores"]["UF1"][part] == pytest.approx(row[column], abs=1e-6)
    assert bundle.about["by"] == "a lab"
    assert bundle.about["replaced_ids"] == ["toy"]
    assert bundle.about["identity"]["data"] == pseudonyms.LEFT_OUT
    (run,) = runs.glob("toy*")
    known = json.loads((run / "clips.json").read_text())["clips"]
    texts = "".join(file.read_text() for file in folder.iterdir())
    assert str(TOYS.parent) not in texts
    assert "toys.py" not in texts
    for uid, facts in known.items():
        assert uid not in texts
        assert facts["person"] not in texts
    people = {facts["person"] for facts in bundle.clips.values()}
    assert people == {f"toy/p{at:03}" for at in range(1, len(people) + 1)}
    assert len(people) == len({facts["person"] for facts in known.values()})
    again = write_bundle(runs, to=tmp_path / "other", plugins=plugins)[0]
    assert read_bundle(again).clips == bundle.clips


def test_published_ids_and_the_key_are_those_of_the_run(plugins, tmp_path):
    results = mertk.bench(
        "majority",
        dataset="synthetic:subjects=3,clips=6",
        jobs=1,
        floors=False,
        out=tmp_path / "runs",
    )
    (folder,) = write_bundle(tmp_path / "runs", to=tmp_path / "results")
    bundle = read_bundle(folder)
    assert bundle.about["key"] == bundle.about["run"] == results.runs[0].key
    assert bundle.clips.keys() == results.runs[0].clips.keys()
    assert bundle.about["left_out"] == []
    assert bundle.about["identity"] == dict(results.runs[0].identity)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("lbptop+classifier.weights=/home/jane/w.safetensors+size=2", "lbptop+classifier.weights=(left out)+size=2"),
        ("~/clips", "(left out)"),
        (r"C:\Users\jane", "(left out)"),
        ("jane.csv", "(left out)"),
        ("package.module.Network", "package.module.Network"),
        ("numpy 2.4.6", "numpy 2.4.6"),
        ("20.0.1.post1", "20.0.1.post1"),
    ],
)  # fmt: skip
def test_paths_and_file_names_are_taken_out_of_text(text, clean):
    assert pseudonyms.clean_text(text) == clean


def test_a_run_that_is_not_whole_is_not_shared(plugins, runs, tmp_path):
    next(runs.glob("toy*/folds/*")).unlink()
    with pytest.raises(StorageError, match="is not finished"):
        write_bundle(runs, to=tmp_path / "results", plugins=plugins)
    assert not (tmp_path / "results").exists()


def test_a_file_in_the_place_of_a_bundle_survives(plugins, runs, tmp_path):
    (folder,) = write_bundle(runs, to=tmp_path / "results", plugins=plugins)
    (folder / "notes.txt").write_text("years of work")
    with pytest.raises(StorageError, match=r"notes\.txt was not written by mertk"):
        write_bundle(runs, to=tmp_path / "results", plugins=plugins)
    assert (folder / "notes.txt").read_text() == "years of work"


def test_a_replay_that_leaks_is_not_shared(plugins, runs, tmp_path):
    run = Run(next(path.parent for path in runs.glob("*/run.json")))
    run.replay = {"name": "authors"}
    with pytest.raises(StorageError, match="is a replay that leaks"):
        write_bundle(run, to=tmp_path / "results", plugins=plugins)


@pytest.mark.parametrize(
    ("dataset", "kept"),
    [("casme2", True), ("samm", True), ("synthetic", True), ("folder", False), ("toy", False)],
)
def test_ids_are_kept_of_data_sets_that_everybody_can_obtain(plugins, dataset, kept):
    assert pseudonyms.keeps_ids(plugins.registry, dataset) is kept
