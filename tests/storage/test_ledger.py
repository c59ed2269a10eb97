"""The ledger: predictions on disk, whole folds only."""

import json
from dataclasses import replace

import pytest

from mertk.core.errors import StorageError
from mertk.storage.ledger import Fold, Run

IDENTITY = {"classes": ["a", "b"], "recipe": {"classifier": {"name": "x"}}}


PLAN = {
    f"{person}/{at}": {"fold": person, "person": person, "truth": at - 1}
    for person in ("toy/s1", "toy/s2") for at in (1, 2)
}  # fmt: skip


def begin(root, identity=IDENTITY, provenance=None, clips=PLAN):
    return Run.open(root, "model", identity, provenance or {}, clips)


def fold(name="toy/s1", seed=0):
    return Fold(
        name=name, seed=seed, uids=[f"{name}/2", f"{name}/1"], people=[name] * 2, truth=[1, 0],
        probabilities=[[0.2, 0.8], [0.4, 0.6]], seconds={"total": 0.5},
    )  # fmt: skip


def test_a_saved_fold_comes_back(tmp_path):
    run = begin(tmp_path)
    assert not run.has(0, "toy/s1")
    run.save(fold())
    assert run.has(0, "toy/s1")
    assert list(run.folds()) == [fold()]


def test_predictions_are_a_table_sorted_by_seed_and_clip(tmp_path):
    run = begin(tmp_path)
    run.save(fold(seed=1))
    run.save(fold())
    table = run.predictions()
    assert table["uid"].tolist() == ["toy/s1/1", "toy/s1/2"] * 2
    assert table["predicted"].tolist() == [1, 1, 1, 1]
    assert table["p_a"].tolist() == [0.4, 0.2, 0.4, 0.2]


def test_the_same_identity_opens_the_same_folder(tmp_path):
    first = begin(tmp_path, provenance={"made": "then"})
    again = begin(tmp_path, provenance={"made": "now"})
    other = begin(tmp_path, {**IDENTITY, "data": "x"})
    assert first.path == again.path != other.path
    assert again.provenance == {"made": "then"}


def test_folds_whose_names_look_alike_do_not_collide(tmp_path):
    clips = {
        f"{name}/{at}": {"fold": name, "person": name, "truth": at - 1}
        for name in ("toy/s 1", "toy/s_1") for at in (1, 2)
    }  # fmt: skip
    run = begin(tmp_path, clips=clips)
    run.save(fold("toy/s 1"))
    run.save(fold("toy/s_1"))
    assert {f.name for f in run.folds()} == {"toy/s 1", "toy/s_1"}


def test_a_cut_off_fold_counts_as_not_finished(tmp_path):
    run = begin(tmp_path)
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
    clips = {
        "toy/s1/2": {"fold": "toy/s1", "person": "toy/s1", "truth": [1, 0]},
        "toy/s1/1": {"fold": "toy/s1", "person": "toy/s1", "truth": [0, 0]},
    }
    run = begin(tmp_path, {**IDENTITY, "multilabel": True}, clips=clips)
    many = replace(fold(), truth=[[1, 0], [0, 0]], probabilities=[[0.9, 0.8], [0.1, 0.2]])
    run.save(many)
    assert list(run.folds()) == [many]
    table = run.predictions()
    assert table[["t_a", "t_b"]].to_numpy().tolist() == [[0, 0], [1, 0]]
    assert table["p_b"].tolist() == [0.2, 0.8]
    assert "predicted" not in table


def test_a_run_is_multi_label_by_its_identity_alone(tmp_path):
    plain = begin(tmp_path)
    many = begin(tmp_path, {**IDENTITY, "multilabel": True})
    assert (plain.multilabel, many.multilabel) == (False, True)
    assert plain.path != many.path


def test_a_run_knows_what_is_missing_of_each_seed(tmp_path):
    run = begin(tmp_path)
    run.note_seeds([0, 1, 2])
    assert not run.contents().whole
    assert (
        run.contents().progress
        == "seed 0: 0 of 2 folds, seed 1: 0 of 2 folds, seed 2: 0 of 2 folds"
    )
    run.save(fold("toy/s1"))
    run.save(fold("toy/s2"))
    run.save(fold("toy/s1", seed=1))
    contents = Run(run.path).contents()
    assert contents.missing == {0: [], 1: ["toy/s2"], 2: ["toy/s1", "toy/s2"]}
    assert contents.progress == "seed 1: 1 of 2 folds, seed 2: 0 of 2 folds"
    assert not contents.whole
    for seed, name in ((1, "toy/s2"), (2, "toy/s1"), (2, "toy/s2")):
        run.save(fold(name, seed))
    assert run.contents().whole


def test_a_run_that_was_only_begun_is_not_whole(tmp_path):
    run = begin(tmp_path)
    assert not run.contents().whole
    assert run.contents().progress == "0 of 2 folds"
    assert run.seeds == ()


def test_clips_that_are_only_trained_on_belong_to_no_fold(tmp_path):
    extra = {"toy/s9/1": {"fold": None, "person": "toy/s9", "truth": 0}}
    run = begin(tmp_path, clips=PLAN | extra)
    assert run.plan == {"toy/s1": ["toy/s1/1", "toy/s1/2"], "toy/s2": ["toy/s2/1", "toy/s2/2"]}
    assert run.clips["toy/s9/1"] == extra["toy/s9/1"]


def test_the_fold_of_another_run_is_damaged_here(tmp_path):
    one, two = begin(tmp_path), begin(tmp_path, {**IDENTITY, "data": "x"})
    one.save(fold())
    two.save(fold())
    (mine,), (theirs,) = (list((run.path / "folds").iterdir()) for run in (one, two))
    assert mine.name == theirs.name
    mine.write_bytes(theirs.read_bytes())
    assert not one.has(0, "toy/s1")
    assert one.contents().faults[0] == f"{mine} is damaged (it is of another run)"


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize(
    ("row", "sound"),
    [
        ([0.5, 0.5], {False, True}),
        ([0.0, 1.0], {False, True}),
        ([0.9, 0.8], {True}),
        ([0.1, 0.1], {True}),
        ([0.50004, 0.50004], {False, True}),
        ([1.2, -0.2], set()),
        ([1.0], set()),
        ([0.5, 0.5, 0.0], set()),
        (["a", 0.5], set()),
        (["0.5", "0.5"], set()),
        ([10**30, 0.5], set()),
        ([[0.5], 0.5], set()),
        (0.5, set()),
        (None, set()),
    ],
)
def test_rows_are_probabilities_of_each_class(tmp_path, row, sound, multilabel):
    truth = [0, 1] if multilabel else 1
    clips = {"toy/s1/1": {"fold": "toy/s1", "person": "toy/s1", "truth": truth}}
    run = begin(tmp_path, {**IDENTITY, "multilabel": multilabel}, clips=clips)
    run.save(
        replace(fold(), uids=["toy/s1/1"], people=["toy/s1"], truth=[truth], probabilities=[row])
    )
    assert run.has(0, "toy/s1") == (multilabel in sound)


def test_a_damaged_run_is_opened_anew_and_keeps_its_folds(tmp_path, caplog):
    run = begin(tmp_path)
    run.save(fold())
    (run.path / "run.json").write_text("{")
    (run.path / "clips.json").write_text("{")
    (run.path / "seeds.json").write_text("{")
    assert Run.find(tmp_path, "model", IDENTITY) is None
    again = begin(tmp_path)
    again.note_seeds([3])
    assert list(again.folds()) == [fold()]
    assert again.seeds == (0, 3)
    for name in ("run.json", "clips.json", "seeds.json"):
        assert f"{run.path / name} is damaged" in caplog.text


def test_what_the_prefix_pass_noted_is_unknown_once_it_is_lost(tmp_path):
    run = begin(tmp_path)
    run.save(fold())
    run.note_prefix(1.5, ["offset", "apex"])
    assert (run.prefix_seconds, run.keyframes) == (1.5, ("apex", "offset"))
    assert run.contents().faults == []
    (run.path / "prefix.json").unlink()
    assert run.keyframes == ("unknown",)
    assert str(run.prefix_seconds) == "nan"
    assert run.contents().faults == [f"{run.path / 'prefix.json'} is missing"]


def test_seeds_may_be_cleared_damaged_or_not(tmp_path):
    run = begin(tmp_path)
    for seed in (0, 1):
        run.save(fold(seed=seed))
    for file in (run.path / "folds").iterdir():
        file.write_text("{")
    run.clear([1])
    assert [file.name[:5] for file in (run.path / "folds").iterdir()] == ["seed0"]
