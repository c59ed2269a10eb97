"""The ledger: predictions on disk, whole folds only."""

import json
from dataclasses import replace

import pytest

from mertk.errors import StorageError
from mertk.ledger import Fold, Run

IDENTITY = {"classes": ["a", "b"], "recipe": {"classifier": {"name": "x"}}}


def fold(name="toy/s1", seed=0):
    return Fold(
        name=name, seed=seed, uids=[f"{name}/2", f"{name}/1"], people=[name] * 2, truth=[1, 0],
        probabilities=[[0.2, 0.8], [0.4, 0.6]], seconds={"total": 0.5},
    )  # fmt: skip


def test_a_saved_fold_comes_back(tmp_path):
    run = Run.open(tmp_path, "model", IDENTITY, {})
    assert not run.has(0, "toy/s1")
    run.save(fold())
    assert run.has(0, "toy/s1")
    assert list(run.folds()) == [fold()]


def test_predictions_are_a_table_sorted_by_seed_and_clip(tmp_path):
    run = Run.open(tmp_path, "model", IDENTITY, {})
    run.save(fold(seed=1))
    run.save(fold())
    table = run.predictions()
    assert table["uid"].tolist() == ["toy/s1/1", "toy/s1/2"] * 2
    assert table["predicted"].tolist() == [1, 1, 1, 1]
    assert table["p_a"].tolist() == [0.4, 0.2, 0.4, 0.2]


def test_the_same_identity_opens_the_same_folder(tmp_path):
    first = Run.open(tmp_path, "model", IDENTITY, {"made": "then"})
    again = Run.open(tmp_path, "model", IDENTITY, {"made": "now"})
    other = Run.open(tmp_path, "model", {**IDENTITY, "data": "x"}, {})
    assert first.path == again.path != other.path
    assert again.provenance == {"made": "then"}


def test_folds_whose_names_look_alike_do_not_collide(tmp_path):
    run = Run.open(tmp_path, "model", IDENTITY, {})
    run.save(fold("toy/s 1"))
    run.save(fold("toy/s_1"))
    assert {f.name for f in run.folds()} == {"toy/s 1", "toy/s_1"}


def test_a_cut_off_fold_counts_as_not_finished(tmp_path):
    run = Run.open(tmp_path, "model", IDENTITY, {})
    run.save(fold())
    file = next((run.path / "folds").iterdir())
    file.write_text(file.read_text()[:40])
    assert not run.has(0, "toy/s1")
    with pytest.raises(StorageError, match="no finished fold"):
        run.predictions()


def test_what_is_no_run_says_so(tmp_path):
    with pytest.raises(StorageError, match=r"give a folder that holds run\.json"):
        Run(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(StorageError, match="format 99"):
        Run(tmp_path)


def test_a_multi_label_run_has_truth_and_probability_of_each_label(tmp_path):
    run = Run.open(tmp_path, "model", {**IDENTITY, "multilabel": True}, {})
    many = replace(fold(), truth=[[1, 0], [0, 0]], probabilities=[[0.9, 0.8], [0.1, 0.2]])
    run.save(many)
    assert list(run.folds()) == [many]
    table = run.predictions()
    assert table[["t_a", "t_b"]].to_numpy().tolist() == [[0, 0], [1, 0]]
    assert table["p_b"].tolist() == [0.2, 0.8]
    assert "predicted" not in table


def test_a_run_is_multi_label_by_its_identity_alone(tmp_path):
    plain = Run.open(tmp_path, "model", IDENTITY, {})
    many = Run.open(tmp_path, "model", {**IDENTITY, "multilabel": True}, {})
    assert (plain.multilabel, many.multilabel) == (False, True)
    assert plain.path != many.path
