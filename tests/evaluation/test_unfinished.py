"""Unfinished runs are not scored as whole ones, and clips meet by their ids."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mertk
from mertk.cli import main
from mertk.evaluation import comparison
from mertk.report import sentences, terminal
from mertk.report.comparison import format_latex, format_markdown
from mertk.report.page import render_page
from mertk.storage.ledger import Fold, Run

PLUGINS = mertk.load_plugins()
PEOPLE = ("p0", "p1", "p2", "p3")
CLIPS = {
    f"s/{person}/{at}": {"fold": person, "person": f"s/{person}", "truth": at % 2}
    for person in PEOPLE for at in range(4)
}  # fmt: skip


def identity(model, **parts):
    return {
        "recipe": PLUGINS.registry.recipe(model).to_json(),
        "protocol": {"name": "loso", "params": {}},
        "classes": ["a", "b"],
        "clip_list": "x",
        "data": "y",
        "components": {},
        "datasets": [{"name": "folder"}],
        **parts,
    }


def make(root, model, *, lacking=(), wrong=(), seeds=(0,), clips=CLIPS, **parts):
    """A run that is right but on the clips of `wrong` people, without the folds `lacking`."""
    run = Run.open(root, model, identity(model, **parts), {}, clips)
    run.note_seeds(seeds)
    run.note_prefix(0.0, [])
    for seed in seeds:
        for person, uids in run.plan.items():
            if person in lacking or (seed, person) in lacking:
                continue
            truth = [clips[uid]["truth"] for uid in uids]
            said = [1 - one if person in wrong else one for one in truth]
            run.save(Fold(
                name=person, seed=seed, uids=uids, people=[f"s/{person}"] * len(uids),
                truth=truth, probabilities=np.eye(2)[said].tolist(), seconds={"total": 1.0},
            ))  # fmt: skip
    return run


def load(*paths, **options):
    return mertk.Results.load(*paths, plugins=PLUGINS, **options)


def test_a_run_with_some_of_its_folds_is_not_scored(tmp_path):
    run = make(tmp_path, "flow_svm", lacking=["p3"])
    with pytest.raises(mertk.MertkError) as error:
        load(run.path)
    assert str(error.value).startswith(
        f"{run.path} is not finished (seed 0: 3 of 4 folds), and left out; run the same bench again"
    )


def test_a_run_with_a_whole_seed_and_a_half_one_is_not_scored(tmp_path):
    make(tmp_path, "lbptop")
    run = make(tmp_path, "flow_svm", seeds=(0, 1), lacking=[(1, "p1"), (1, "p2")])
    results = load(tmp_path)
    assert [one.name for one in results.outcomes] == ["lbptop"]
    assert len(results.notices) == 1
    assert f"{run.path} is not finished (seed 1: 2 of 4 folds)" in results.notices[0]


def test_a_run_that_failed_does_not_hide_the_others(tmp_path):
    Run.open(tmp_path, "flow_svm", identity("flow_svm"), {}, CLIPS)
    make(tmp_path, "lbptop")
    make(tmp_path, "flow_ridge", wrong=["p0"])
    assert list(load(tmp_path).table()["model"]) == ["flow_ridge", "lbptop"]
    (found,) = comparison.compare_runs([tmp_path], PLUGINS)
    assert sorted(found.ranks) == ["flow_ridge", "lbptop"]
    assert repr(found).endswith("pairs that differ: 0 of 1>")
    assert "0 of 4 folds" in found.results.notices[0]


def test_partial_runs_meet_on_their_common_clips_by_id(tmp_path):
    make(tmp_path, "flow_svm", lacking=["p3"], wrong=["p0"])
    make(tmp_path, "lbptop", lacking=["p1"])
    results = load(tmp_path, partial=True)
    table = results.table().set_index("model")
    names = [f"{model} (partial: 8 of 16 clips)" for model in ("flow_svm", "lbptop")]
    assert list(table.index) == names
    assert table["accuracy"].tolist() == [0.5, 1.0]  # of p0 and p2 alone
    assert table["clips"].tolist() == [8, 8]
    assert results.outcomes[0].subjects == results.outcomes[1].subjects == ("s/p0", "s/p2")
    ((pair, test),) = results.comparisons("accuracy").items()
    assert pair == tuple(names)
    assert (test.difference, test.subjects) == (-0.5, 2)
    (found,) = comparison.compare_runs([tmp_path], PLUGINS, partial=True)
    assert found.ranks == {names[0]: 1.75, names[1]: 1.25}


def test_a_whole_run_beside_a_partial_one_is_scored_on_the_same_clips(tmp_path):
    make(tmp_path, "flow_svm", lacking=["p3"])
    make(tmp_path, "lbptop", wrong=["p3"])
    assert load(tmp_path).table()["accuracy"].tolist() == [0.75]
    table = load(tmp_path, partial=True).table()
    assert table["accuracy"].tolist() == [1.0, 1.0]
    assert all(name.endswith(" (partial: 12 of 16 clips)") for name in table["model"])


def test_of_a_half_seed_nothing_is_scored_while_another_is_whole(tmp_path):
    run = make(tmp_path, "flow_svm", seeds=(0, 1), lacking=[(1, "p1")])
    results = load(run.path, partial=True)
    row = results.table().iloc[0]
    assert row["model"] == "flow_svm (partial: 1 of 2 seeds)"
    assert (row["clips"], row["seeds"], row["accuracy"]) == (16, 1, 1.0)
    assert results.scope == ""


def test_half_seeds_meet_on_the_folds_that_all_have(tmp_path):
    run = make(tmp_path, "flow_svm", seeds=(0, 1), lacking=[(0, "p0"), (1, "p3")], wrong=["p1"])
    row = load(run.path, partial=True).table().iloc[0]
    assert row["model"] == "flow_svm (partial: 8 of 16 clips)"
    assert (row["seeds"], row["accuracy"]) == (2, 0.5)


def test_whole_runs_look_alike_with_and_without_partial(tmp_path):
    make(tmp_path, "flow_svm", wrong=["p1"])
    make(tmp_path, "lbptop")
    plain, partial = load(tmp_path), load(tmp_path, partial=True)
    assert plain.table().equals(partial.table())
    assert partial.notices == []
    assert not any("partial" in line.lower() for line in sentences.list_sentences(partial))


def test_runs_without_a_common_clip_are_refused(tmp_path):
    make(tmp_path, "flow_svm", lacking=["p0", "p1"])
    make(tmp_path, "lbptop", lacking=["p2", "p3"])
    with pytest.raises(mertk.MertkError, match="the 0 clips that .* hold none that is 'a'"):
        load(tmp_path, partial=True)


def test_common_clips_without_one_of_the_classes_are_refused(tmp_path):
    clips = {**CLIPS, "s/p9/0": {"fold": "p9", "person": "s/p9", "truth": 2}}
    classes = ["a", "b", "c"]
    run = Run.open(tmp_path, "flow_svm", identity("flow_svm", classes=classes), {}, clips)
    run.save(Fold(
        name="p0", seed=0, uids=run.plan["p0"], people=["s/p0"] * 4, truth=[0, 1, 0, 1],
        probabilities=[[1.0, 0.0, 0.0]] * 4, seconds={},
    ))  # fmt: skip
    with pytest.raises(mertk.MertkError, match="the 4 clips that .* hold none that is 'c'"):
        load(run.path, partial=True)


def test_every_table_says_that_it_is_partial(tmp_path, capsys):
    make(tmp_path, "flow_svm", lacking=["p3"], wrong=["p0"])
    make(tmp_path, "lbptop", wrong=["p1"])
    results = load(tmp_path, partial=True)
    terminal.print_results(results)
    mark = "(partial: 12 of 16 clips)"
    shown = " ".join(capsys.readouterr().out.split())
    assert "PARTIAL: 12 of 16 clips" in shown
    told = sentences.to_json(results)
    assert told["partial"] == "12 of 16 clips"
    for part in ("models", "fold_means"):
        assert told[part]
        assert all(row["model"].endswith(mark) for row in told[part])
    assert all(one[side].endswith(mark) for one in told["comparisons"] for side in "ab")
    page = render_page(results, PLUGINS)
    assert f'<th scope="row">flow_svm {mark}</th>' in page
    assert "seed 0: 3 of 4 folds" in page
    found = comparison.compare_runs([tmp_path], PLUGINS, partial=True)
    assert found[0].title.endswith("PARTIAL: 12 of 16 clips")
    for text in (format_markdown(found), format_latex(found)):
        rows = [line for line in text.splitlines() if "flow" in line or "lbptop" in line]
        assert len(rows) == 2
        assert all(mark in row for row in rows)


def test_the_commands_score_a_part_only_when_they_are_asked_to(tmp_path, capsys):
    run = make(tmp_path / "runs", "flow_svm", lacking=["p3"])
    make(tmp_path / "runs", "lbptop", lacking=["p0"], wrong=["p1"])
    with pytest.raises(SystemExit, match="2"):
        main(["report", str(tmp_path / "runs")])
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{run.path} is not finished (seed 0: 3 of 4 folds)" in said.err
    assert not (tmp_path / "runs" / "report.html").exists()
    with pytest.raises(SystemExit, match="0"):
        main(["report", str(tmp_path / "runs"), "--partial", "--json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["partial"] == "8 of 16 clips"
    assert said.err.count("Warning: ") == 2
    with pytest.raises(SystemExit, match="0"):
        main([
            "compare", str(tmp_path / "runs"), "--partial", "--json", "--out", str(tmp_path / "c"),
        ])  # fmt: skip
    (one,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert one["partial"] == "8 of 16 clips"
    assert one["tests"][0]["subjects"] == 2


def test_runs_on_other_clips_are_groups_of_their_own(tmp_path, capsys):
    make(tmp_path, "flow_svm")
    make(tmp_path, "lbptop", wrong=["p0"])
    fewer = {uid: facts for uid, facts in CLIPS.items() if facts["fold"] != "p3"}
    make(tmp_path, "flow_ridge", clips=fewer, clip_list="z", datasets=[{"name": "casme2"}])
    results = load(tmp_path)
    assert [[run.name for run in one.runs] for one in results.groups] == [
        ["flow_ridge"], ["flow_svm", "lbptop"],
    ]  # fmt: skip
    table = results.table()
    assert list(table.columns[:3]) == ["datasets", "protocol", "model"]
    assert table["datasets"].tolist() == ["casme2", "folder", "folder"]
    assert table["clips"].tolist() == [12, 16, 16]
    assert [one.name for one in results.outcomes] == ["flow_ridge", "flow_svm", "lbptop"]
    for ask in (lambda: results.chance, results.comparisons, lambda: results.classes):
        with pytest.raises(mertk.MertkError, match="on 2 sets of clips .* take one of `groups`"):
            ask()
    with pytest.raises(SystemExit, match="0"):
        main(["report", str(tmp_path), "--json"])
    told = json.loads(capsys.readouterr().out)["groups"]
    assert [one["datasets"] for one in told] == [["casme2"], ["folder"]]
    assert [one["report"] for one in told] == [
        str(tmp_path / "report-1.html"), str(tmp_path / "report-2.html"),
    ]  # fmt: skip
    assert "flow_ridge" in (tmp_path / "report-1.html").read_text()
    assert "flow_ridge" not in (tmp_path / "report-2.html").read_text()


def test_one_set_of_clips_is_its_own_group(tmp_path):
    make(tmp_path, "flow_svm")
    results = load(tmp_path)
    assert results.groups == [results]
    assert "datasets" not in results.table()


def test_equal_clips_in_other_folds_are_another_group(tmp_path):
    make(tmp_path, "flow_svm")
    halves = {uid: {**facts, "fold": facts["fold"] > "p1"} for uid, facts in CLIPS.items()}
    halves = {uid: {**facts, "fold": f"half{facts['fold']:d}"} for uid, facts in halves.items()}
    run = Run.open(tmp_path, "lbptop", identity("lbptop"), {}, halves)
    for name, uids in run.plan.items():
        truth = [CLIPS[uid]["truth"] for uid in uids]
        people = [CLIPS[uid]["person"] for uid in uids]
        run.save(Fold(
            name=name, seed=0, uids=uids, people=people, truth=truth,
            probabilities=np.eye(2)[truth].tolist(), seconds={},
        ))  # fmt: skip
    assert [len(one.runs) for one in load(tmp_path).groups] == [1, 1]
    with pytest.raises(mertk.MertkError, match="differ in their folds"):
        mertk.Results([Run(path) for path in sorted(tmp_path.glob("*-*"))], PLUGINS)


def test_runs_of_one_name_are_told_apart_and_a_copy_counts_once(tmp_path):
    one = make(tmp_path / "a", "flow_svm")
    two = make(tmp_path / "b", "flow_svm", data="other", wrong=["p0"])
    make(tmp_path / "c", "flow_svm")
    results = load(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    names = [f"flow_svm (data {run.identity['data'][:6]})" for run in (one, two)]
    assert list(results.table()["model"]) == names
    assert list(results.comparisons("accuracy")) == [tuple(names)]
    assert len(results.notices) == 1
    assert results.notices[0].endswith(f"it is the same run as {one.path}")


def test_a_path_that_is_no_run_is_an_error(tmp_path):
    make(tmp_path / "runs", "flow_svm")
    (tmp_path / "runs" / "audits").mkdir()
    assert load(tmp_path / "runs").notices == []
    with pytest.raises(mertk.MertkError, match="audits is not a run folder"):
        load(tmp_path / "runs", tmp_path / "runs" / "audits")
