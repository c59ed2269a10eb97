"""Runs compared: every pair tested, cliques, tables for a paper, the page and its files."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import mertk
from mertk.cli import main
from mertk.evaluation import comparison, statistics
from mertk.report import figures
from mertk.report.comparison import format_latex, write_comparison

TITLES = [
    "synthetic:clips=3,size=96,subjects=4 · synthetic3",
    "synthetic:clips=3,size=96,subjects=5 · synthetic3",
]
PLUGINS = mertk.load_plugins()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three models on one set of clips, two of them on another."""
    found = []
    for subjects, models in (
        (4, ["flow_svm", "lbptop", "flow_ridge"]),
        (5, ["flow_svm", "lbptop"]),
    ):
        folder = tmp_path_factory.mktemp("compare") / "runs"
        use = mertk.Use("synthetic", subjects=subjects, clips=3, size=96)
        mertk.bench(models, dataset=use, out=folder, jobs=1)
        found.append(folder)
    return found


@pytest.fixture(scope="module")
def comparisons(folders):
    return comparison.compare_runs(folders, PLUGINS)


def test_each_set_of_clips_is_compared_by_itself_without_floors(comparisons):
    assert [one.title for one in comparisons] == TITLES
    assert [sorted(one.ranks) for one in comparisons] == [
        ["flow_ridge", "flow_svm", "lbptop"], ["flow_svm", "lbptop"],
    ]  # fmt: skip
    assert [len(one.tests) for one in comparisons] == [3, 1]


def test_a_test_is_that_of_the_report_corrected_over_all_pairs(comparisons, folders):
    results = comparisons[1].results
    (found,) = comparisons[1].tests.values()
    (expected,) = [
        test for (_, b), test in results.comparisons().items() if b in ("lbptop", "flow_svm")
    ]
    assert (abs(found.difference), found.p) == (abs(expected.difference), expected.p)
    assert {test.family for test in comparisons[0].tests.values()} == {3}
    assert all(test.corrected >= test.p for test in comparisons[0].tests.values())


def test_ranks_are_those_of_the_subjects_shares(comparisons):
    assert sum(comparisons[0].ranks.values()) == pytest.approx(1 + 2 + 3)
    shares = {"a": np.array([0.9, 0.5]), "b": np.array([0.4, 0.5]), "c": np.array([0.1, 0.2])}
    assert comparison.compute_mean_ranks(shares) == {"a": 1.25, "b": 1.75, "c": 3}


def paired(p):
    return statistics.Paired("UF1", 0.1, 0, 0.2, p, 9, True, 0.5, p)


@pytest.mark.parametrize(
    ("p", "cliques"),
    [
        ({"ab": 0.5, "bc": 0.5, "ac": 0.5}, [["a", "b", "c"]]),
        ({"ab": 0.5, "bc": 0.5, "ac": 0.01}, [["a", "b"], ["b", "c"]]),
        ({"ab": 0.01, "bc": 0.5, "ac": 0.01}, [["b", "c"]]),
        ({"ab": 0.01, "bc": 0.01, "ac": 0.01}, []),
    ],
)
def test_a_bar_joins_only_models_of_which_no_pair_differs(comparisons, p, cliques):
    tests = {(pair[0], pair[1]): paired(value) for pair, value in p.items()}
    ranks = {"a": 1.0, "b": 2.0, "c": 3.0}
    assert comparison.Comparison("", comparisons[0].results, ranks, tests).cliques == cliques


def test_latex_is_balanced_and_escaped(comparisons):
    found = format_latex(comparisons)
    assert found.count("\\begin{tabular}") == found.count("\\end{tabular}") == 2
    assert "flow\\_ridge" in found
    assert "flow_ridge" not in found
    tables = re.findall(r"{tabular}{(lr+)}(.*?)\\end", found, re.DOTALL)
    assert len(tables) == 2
    for columns, body in tables:
        rows = [line for line in body.splitlines() if line.endswith("\\\\")]
        assert len(rows) > 1
        assert {row.count("&") + 1 for row in rows} == {len(columns)}
    assert found.count("\\textbf") == 2


def test_the_command_writes_page_figures_and_tables(folders, tmp_path, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["compare", *map(str, folders), "--out", str(tmp_path), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [one["title"] for one in told["comparisons"]] == TITLES
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        ".mertk.json",
        "compare.html", "compare.tex", "compare.md", "compare-scores.svg",
        "compare-ranks1.svg", "compare-ranks2.svg",
    }  # fmt: skip
    assert "src=" not in (tmp_path / "compare.html").read_text()


@pytest.fixture(scope="module")
def page(comparisons, tmp_path_factory):
    return write_comparison(comparisons, tmp_path_factory.mktemp("page"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(faults, scheme):
    assert faults(scheme) == []


def test_each_set_of_clips_has_a_picture_and_a_verdict(tab, comparisons):
    assert tab.locator("figure.forest").count() == 2
    for one, verdict in zip(comparisons, tab.locator("ul.verdict").all(), strict=True):
        said = verdict.locator("li").all_inner_texts()
        table = one.results.table().sort_values("UF1", ascending=False, kind="stable")
        best, *others = [name for name in table["model"] if name in one.ranks]
        assert [text.partition(" ")[0] for text in said] == [best, *others]
        assert "than" not in said[0]
        for text in said[1:]:
            assert f"from {best}" in text or f"than {best}" in text


def test_the_page_fits_a_phone_and_is_printed_whole(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    for cell in tab.locator("table.scores").first.locator("td").all():
        box = cell.bounding_box()
        assert box["x"] + box["width"] <= 390
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = false")
    tab.emulate_media(media="print")
    assert tab.get_by_text("\\toprule").first.bounding_box()["height"] > 0


def test_long_names_are_broken_in_figures_and_never_cut(comparisons):
    long = [f"cnn_lstm_se:quick+fusion.0.epochs={at}+aligner=none" for at in (10, 20, 30)]
    ranks = dict(zip(long, (1.0, 2.5, 2.5), strict=True))
    tests = {(long[0], long[1]): paired(0.5), (long[1], long[2]): paired(0.5)}
    tests[long[0], long[2]] = paired(0.5)
    svg = figures.draw_rank_diagram(comparison.Comparison("", comparisons[0].results, ranks, tests))
    texts = "".join("".join(re.findall(r"<text[^>]*>(.*?)</text>", svg)).split())
    for name in long:
        assert name in texts
        assert max(map(len, figures.wrap_name(name, 14).split("\n"))) <= 14
    width = float(re.search(r'width="([\d.]+)pt"', svg)[1])
    axis = [float(x) for x in re.findall(r'<use [^>]*x="([\d.]+)"', svg)]
    assert max(axis) - min(axis) > width / 3  # the axis has not collapsed


def test_one_model_alone_is_one_line(folders, tmp_path, capsys):
    (run,) = folders[0].glob("lbptop-*")
    with pytest.raises(SystemExit, match="2"):
        main(["compare", str(run), "--out", str(tmp_path)])
    assert "nothing to compare: 1 on synthetic" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
