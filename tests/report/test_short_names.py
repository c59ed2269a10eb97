"""Names of models: long ones without their common part, equal ones told apart by what differs."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

import mertk
from mertk.cli import main
from mertk.evaluation import comparison
from mertk.evaluation.comparison import Comparison, compare_runs
from mertk.report.comparison import format_markdown, write_comparison
from mertk.report.short_names import shorten_names, shorten_results

PLUGINS = mertk.load_plugins()
NONE = [("aligner", [mertk.Use("none")])]


def outcome(model, *changes, preset=""):
    """A model as `shorten_names` sees it."""
    name = f"{model}:{preset}" if preset else model
    for path, value in changes:
        name += f"+{path}={value}"
    variant = {"model": model, "preset": preset, "changes": changes}
    return SimpleNamespace(name=name, is_floor=False, run=SimpleNamespace(variant=variant))


def test_changes_that_all_models_have_are_said_once():
    none = ("aligner", "none")
    short = shorten_names([outcome("lbptop", none), outcome("hoof", none, ("classifier", "svm"))])
    assert short.common == "+aligner=none"
    assert list(short.names.values()) == ["lbptop", "hoof+classifier=svm"]


def test_of_long_names_of_one_model_the_difference_is_left():
    changes = [("fusion.0.epochs", "10"), ("fusion.0.epochs", "20")]
    given = [outcome("cnn_lstm_se", change, preset="quick") for change in changes]
    short = shorten_names([*given, outcome("cnn_lstm_se", preset="quick")])
    assert short.common == "cnn_lstm_se:quick"
    assert list(short.names.values()) == [
        "… +fusion.0.epochs=10", "… +fusion.0.epochs=20", "cnn_lstm_se:quick",
    ]  # fmt: skip


def test_names_that_have_nothing_in_common_stay_whole():
    assert shorten_names([outcome("lbptop", ("aligner", "none")), outcome("hoof")]).common == ""
    assert shorten_names([outcome("lbptop", ("aligner", "none"))]).common == ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two models on clips with large and with small motion, all without an aligner."""
    folder = tmp_path_factory.mktemp("names") / "runs"
    for amplitude in (1.0, 3.0):
        use = mertk.Use("synthetic", subjects=3, clips=3, size=96, amplitude=amplitude)
        mertk.bench(["flow_ridge", "flow_svm"], dataset=use, out=folder, jobs=1, swaps=NONE)
    return folder


def test_runs_that_differ_only_in_data_are_told_apart_by_what_differs(folder):
    names = list(mertk.Results.load(folder, plugins=PLUGINS).table()["model"])
    assert "flow_ridge+aligner=none (amplitude=1.0)" in names
    assert "flow_ridge+aligner=none (amplitude=3.0)" in names


def test_compare_takes_runs_of_equal_names(folder, tmp_path, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["compare", str(folder), "--out", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "| flow_svm (amplitude=3.0) |" in shown
    assert shown.count("aligner=none") == 1
    page = (tmp_path / "compare.html").read_text()
    assert "all models: +aligner=none" in page
    assert page.count("aligner=none") == 3  # the head, and the titles of two tables


def test_compare_takes_sets_of_clips_of_equal_titles(folder, tmp_path):
    (found,) = compare_runs([folder], PLUGINS)
    write_comparison([found, found], tmp_path)
    assert format_markdown([found, found]).count(found.title) == 2


def test_sets_of_clips_of_equal_titles_are_told_apart_by_their_clips():
    def compared(clips):
        table = pd.DataFrame({"uid": range(clips), "person": [at // 2 for at in range(clips)]})
        results = SimpleNamespace(outcomes=[SimpleNamespace(predictions=table)])
        return Comparison("folder · labels", results, {}, {})

    titles = [one.title for one in comparison._tell_titles_apart([compared(4), compared(6)])]
    assert titles == [
        "folder · labels · 4 clips of 2 subjects", "folder · labels · 6 clips of 3 subjects",
    ]  # fmt: skip


def test_the_table_on_a_terminal_says_the_common_part_once(folder, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["report", str(folder), "--out", str(folder / "report.html")])
    out = capsys.readouterr().out.partition("report: ")[0]
    assert "all models: +aligner=none" in " ".join(out.split())
    assert out.count("aligner=none") == 1


def test_names_in_files_stay_whole(folder):
    results = mertk.Results.load(folder, plugins=PLUGINS)
    shown = shorten_results(results)
    assert shown.common_name == "+aligner=none"
    assert "flow_ridge (amplitude=1.0)" in set(shown.table()["model"])
    assert "flow_ridge+aligner=none (amplitude=1.0)" in set(results.table()["model"])
