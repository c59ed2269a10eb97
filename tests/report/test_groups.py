"""Scores by class, action unit and length, and what the audit said."""

from __future__ import annotations

import json

import pytest

import mertk
from mertk.cli import main
from mertk.evaluation.breakdowns import make_groupings
from mertk.report import page
from mertk.storage import audit_record

PLUGINS = mertk.load_plugins()
USE = mertk.Use("synthetic", subjects=4, clips=6, size=96)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("groups") / "runs"
    return mertk.bench(["flow_svm", "hoof_ridge"], dataset=USE, out=out, jobs=1)


def test_groups_are_counted_from_the_predictions(results):
    found = make_groupings(results)
    assert list(found) == ["class", "action unit", "length of the clip"]
    table = results.outcomes[1].predictions
    right = table["truth"] == table["predicted"]
    by_class = found["class"]
    assert list(by_class.columns) == ["clips", "flow_svm", "hoof_ridge"]
    assert list(by_class.index) == list(results.classes)
    assert by_class["clips"].sum() == 24
    for at, share in enumerate(by_class["hoof_ridge"]):
        assert share == pytest.approx(right[table["truth"] == at].mean())

    clips = {clip.uid: clip for clip in PLUGINS.registry.build("dataset", USE).index(None)}
    smiling = {uid for uid, clip in clips.items() if 12 in clip.record["au_set"]}
    au12 = found["action unit"].loc["AU12"]
    assert au12["clips"] == len(smiling)
    assert au12["hoof_ridge"] == pytest.approx(right[table["uid"].isin(smiling)].mean())

    lengths = found["length of the clip"]
    assert lengths["clips"].sum() == 24
    assert (lengths["clips"] * lengths["hoof_ridge"]).sum() == pytest.approx(right.sum())


def test_runs_that_know_nothing_of_their_clips_have_classes_alone(results, monkeypatch):
    needed = ("fold", "person", "truth")
    for run in results.runs:
        clips = {uid: {part: facts[part] for part in needed} for uid, facts in run.clips.items()}
        monkeypatch.setitem(run.__dict__, "clips", clips)
    assert list(make_groupings(results)) == ["class"]


def test_time_and_memory_are_told_by_stage(results):
    row = page._describe_run_time(results.outcomes[0])
    spent = [fold.seconds for fold in results.runs[0].folds()]
    assert dict(row["stages"])["classifier"] == pytest.approx(sum(s["classifier"] for s in spent))
    assert row["memory"] == max(fold.memory for fold in results.runs[0].folds())
    assert 50 < row["memory"] < 50_000  # a Python process with numpy, in MB


@pytest.mark.slow
def test_a_report_says_whether_its_models_were_audited(results, monkeypatch):
    folder = results.runs[0].path.parent
    assert "this recipe was not audited" in page.render_page(results, PLUGINS)
    monkeypatch.chdir(folder.parent)
    with pytest.raises(SystemExit, match="0"):
        main(["audit", "--model", "flow_svm", "--quick", "--probe", "dataset", "--jobs", "1"])
    first, second = results.runs[:2]
    assert audit_record.read_record(first)["passed"] is True
    assert "no probe finds a leak (dataset; synthetic3" in page.render_page(results, PLUGINS)
    assert audit_record.read_record(second) is None


def test_a_leak_that_was_found_stands_in_the_report(results):
    run = results.runs[1]
    recipe = mertk.Recipe.from_json(run.identity["recipe"])
    leak = {"probe": "noise", "leak": "classifier", "how": "<b>"}
    audit = {"protocol": "p", "clips": 3, "verdicts": [leak], "passed": False}
    file = audit_record.write_record(run.path.parent, PLUGINS.registry, recipe, audit)
    assert "AUDIT FAILED (p, 3 clips" in page.render_page(results, PLUGINS)
    # another parameter is another recipe, which nobody audited
    other = recipe.set("classifier.alpha", 9.0)
    assert audit_record.write_record(run.path.parent, PLUGINS.registry, other, audit) != file
    assert json.loads(file.read_text())["verdicts"] == [leak]
