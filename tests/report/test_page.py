"""The report: what stands on the page, and how it behaves in a browser."""

from __future__ import annotations

import re
import shlex
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import mertk
from mertk.cli import main
from mertk.evaluation import breakdowns, statistics
from mertk.experiment.held_out_clips import read_held_out_clips
from mertk.report import literature, sentences, verdict
from mertk.report.page import _describe_calibration, write_page

PLUGINS = mertk.load_plugins()
MODELS = ["flow_svm", "lbptop", "flow_ridge", "hoof"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "runs"
    use = mertk.Use("synthetic", subjects=4, clips=3, size=96)
    return mertk.bench(MODELS, dataset=use, out=out, jobs=1)


@pytest.fixture(scope="module")
def page(results):
    held_out = read_held_out_clips(results, PLUGINS)
    return write_page(results, results.runs[0].path.parent / "report.html", PLUGINS, held_out)


@pytest.fixture
def tab(tab):
    """The page with its sections open."""
    tab.evaluate("for (const one of document.querySelectorAll('details.part')) one.open = true")
    return tab


def test_the_command_on_the_page_gives_the_same_predictions(results, page, monkeypatch, tmp_path):
    monkeypatch.chdir(results.runs[0].path.parent.parent)
    command = shlex.split(sentences.format_command(results.runs[1]))
    assert " ".join(map(shlex.quote, command)) in page.read_text().replace("&#39;", "'")
    with pytest.raises(SystemExit, match="0"):
        main([*command[1:-1], str(tmp_path / "again")])
    (again,) = (tmp_path / "again").glob("lbptop-*")
    assert again.name == results.runs[1].path.name
    columns = [f"p_{name}" for name in results.classes]
    first, second = (run.predictions()[columns] for run in (results.runs[1], mertk.Run(again)))
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_every_paper_behind_a_run_is_cited_once(results):
    found = literature.format_bibtex(results.runs, PLUGINS.registry)
    keys = re.findall(r"^@\w+\{(\w+),$", found, re.MULTILINE)
    assert {"flow_svm", "lbptop", "hoof"} <= set(keys)
    assert len(keys) == len(set(keys))
    assert found.count("10.1109/TPAMI.2007.1110") == 1
    assert "author = {Zhao and Pietikäinen}" in found
    assert found.count("{") == found.count("}")


def test_cite_prints_it(results, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["cite", str(results.runs[0].path)])
    assert "@article{flow_svm," in capsys.readouterr().out


def test_the_gap_of_reliability_is_the_expected_calibration_error(results):
    assert results.outcomes[2].name == "flow_ridge"
    found = _describe_calibration(results.outcomes[2])
    table = results.outcomes[2].predictions
    sure = table[[f"p_{name}" for name in results.classes]].max(axis=1)
    right = table["truth"] == table["predicted"]
    tenths = (sure * 10).astype(int).clip(upper=9)
    gap = sum(abs(sure[tenths == t].mean() - right[tenths == t].mean()) * (tenths == t).mean()
              for t in tenths.unique())  # fmt: skip
    assert found["gap"] == pytest.approx(gap)
    assert sum(point["share"] for point in found["points"]) == pytest.approx(1)


def test_sections_have_the_words_of_the_field(page):
    titles = re.findall(r"<h2>(.*?)</h2>", page.read_text())
    assert titles == [
        "Scores",
        "Confusion matrices",
        "Calibration",
        "Accuracy by subgroup",
        "Clip explorer",
        "Choices of the folds",
        "Run time and memory",
        "Provenance",
        "Citation",
    ]
    assert page.read_text().count('<details class="part">') == len(titles)


def test_the_page_begins_with_a_verdict_on_each_model(results, page):
    table = results.table().set_index("model")["UF1"]
    text = page.read_text()
    head, _, rest = text[text.index("<main>") :].partition('<ul class="verdict">')
    models = re.findall(r'<span class="name">(.*?)</span>', head)
    assert models == sorted(table.index, key=table.get, reverse=True)
    assert "<h2>" not in head
    said = re.findall(r"<li>(.*?)</li>", rest)[:4]
    names = {outcome.name for outcome in results.models}
    expected = [model for model in models if model in names]
    assert [one.partition(" ")[0] for one in said] == expected


@pytest.mark.parametrize(
    ("score", "low", "collapsed", "said"),
    [
        (0.4, 0.3, False, "m is not above chance (UF1 0.400, chance up to 0.450)"),
        (0.6, 0.4, False, "m is not shown to be above chance: its interval begins at 0.400"),
        (0.6, 0.5, False, "m is above chance (UF1 0.600"),
        (0.6, 0.5, True, "m has learnt nothing"),
    ],
)
def test_a_verdict_follows_from_score_interval_and_chance(score, low, collapsed, said):
    row = {"model": "m", "UF1": score, "UF1_low": low, "collapsed": collapsed}
    results = SimpleNamespace(
        main_score="UF1", chance={"UF1": (0.2, 0.45)}, table=lambda: pd.DataFrame([row]),
        models=[SimpleNamespace(name="m")], comparisons=dict,
    )  # fmt: skip
    (found,) = verdict.list_verdicts(results)
    assert found.startswith(said)


@pytest.mark.parametrize(
    ("p", "difference", "said"),
    [
        (0.01, 0.2, "it is worse than first (p\u00a0=\u00a00.010)"),
        (0.0001, -0.2, "it is better than first (p\u00a0<\u00a00.001)"),
        (0.05, -0.2, "it does not differ significantly from first (p\u00a0=\u00a00.050)"),
    ],
)
def test_better_and_worse_are_said_of_significant_differences_alone(p, difference, said):
    test = statistics.Paired("UF1", difference, 0, 0, p, 9, True, 0.5, p)
    assert verdict._compare_with_first("first", test) == said


def test_published_scores_are_open_marks_on_the_line_of_their_method():
    outcomes = [
        SimpleNamespace(name="lbptop:meb", run=SimpleNamespace(variant={"model": "lbptop"}))
    ]
    row = {"model": "lbptop:meb", "UF1": 0.5, "UF1_low": 0.4, "UF1_high": 0.6, "floor": False}
    results = SimpleNamespace(
        main_score="UF1", protocol=mertk.Use("megc2019"), outcomes=outcomes,
        table=lambda: pd.DataFrame([row]),
    )  # fmt: skip
    ours, others = verdict.list_score_lines(results)
    assert [value for value, _ in ours.published] == [0.5882]
    assert "MEGC 2019, recognition guideline; L0?" in ours.published[0][1]
    assert (others.name, others.score) == (verdict.OTHERS, None)
    assert len(others.published) > 30


def test_the_header_says_models_data_date_and_version(results, tab):
    head = tab.locator("header").inner_text()
    for text in (
        ", ".join(o.name for o in results.models),
        "synthetic:clips=3,size=96,subjects=4",
        "synthetic3",
    ):
        assert text in head
    assert results.runs[0].provenance["made"][:10] in head
    assert f"mertk {results.runs[0].provenance['releases']['mertk']}" in head


def test_accuracy_by_subject_and_cpu_time_stand_in_the_table(results, tab):
    table = results.table().set_index("model")
    shares = statistics.subject_shares(results.outcomes[0].confusions)
    assert table["subject_mean"].iloc[0] == pytest.approx(shares.mean())
    assert table["worst_tenth"].iloc[0] == shares.min()
    assert (table.loc[~table["floor"], "cpu_seconds"] > 0).all()
    row = tab.locator("table.scores tbody tr").first.inner_text()
    assert f"{shares.min():.2f} worst" in row
    assert "CPU" in row


def test_the_worst_tenth_is_rounded_up():
    confusions = np.zeros((1, 11, 2, 2), int)
    confusions[0, :, 0, 0], confusions[0, :, 0, 1] = np.arange(11), 10 - np.arange(11)
    assert statistics.compute_subject_means(confusions) == pytest.approx((0.5, 0.05))


def test_the_page_states_the_chance_level(results, page):
    low, high = results.chance["UF1"]
    assert re.search(rf"Chance level:\s+UF1 {low:.3f}–{high:.3f}, ", page.read_text())
    assert (
        f"Chance level: UF1 {low:.3f}–{high:.3f} (95 %), of random predictions with the class "
        "frequencies of the training set."
    ) in page.read_text()


def test_calibration_plots_accuracy_against_mean_confidence(tab):
    plot = tab.get_by_role("img", name="Calibration of flow_ridge: expected calibration error")
    assert {"mean confidence", "accuracy"} <= set(plot.locator("text").all_text_contents())
    box = plot.bounding_box()
    for name in ("mean confidence", "accuracy"):
        title = plot.locator("text", has_text=name).bounding_box()
        assert box["x"] <= title["x"]
        assert title["x"] + title["width"] <= box["x"] + box["width"]
        assert title["y"] + title["height"] <= box["y"] + box["height"]


def test_clips_stand_from_the_worst_mistake_on(results):
    rows = breakdowns.rank_clips([one for one in results.outcomes if not one.is_floor])
    assert len(rows) == 12
    shares = [sum(one.probabilities[row.truth] for one in row.predictions) for row in rows]
    assert shares == sorted(shares)
    first = results.outcomes[0].predictions.set_index("uid").loc[rows[0].uid]
    assert rows[0].truth == results.classes[first["truth"]]
    prediction = rows[0].predictions[0]
    assert prediction.predicted == results.classes[first["predicted"]]
    assert prediction.probabilities[rows[0].truth] == pytest.approx(first[f"p_{rows[0].truth}"])


def test_the_page_needs_no_network_and_is_small(page):
    text = page.read_text()
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text)
    assert len(text) < 5e6


def models(tab):
    rows = tab.locator("table.sortable").first.locator("tbody th:visible")
    return [name.partition(" ")[0] for name in rows.all_inner_texts()]


def test_tables_sort_by_a_column_up_and_down(tab, results):
    table = results.table().set_index("model")["UF1"]
    button = tab.locator("table.sortable").first.get_by_role("button", name="UF1")
    button.click()
    assert [table[name] for name in models(tab)] == sorted(table, reverse=True)
    button.press("Enter")  # the keyboard does it as well
    assert [table[name] for name in models(tab)] == sorted(table)
    assert tab.locator("th[aria-sort=ascending]").inner_text() == "UF1"


def test_a_table_of_few_rows_has_no_search(tab):
    assert len(models(tab)) == 6
    assert tab.locator("details.part").first.get_by_role("searchbox").count() == 0


def test_clips_can_be_searched_and_sorted(tab):
    tab.get_by_text("12 clips, largest errors first").click()
    truth = tab.get_by_role("button", name="truth")
    table = tab.locator("table.sortable").filter(has=truth)
    table.get_by_role("button", name="truth").click()
    truths = table.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert truths == sorted(truths, reverse=True)
    tab.locator("details", has=table).get_by_role("searchbox").fill("s02")
    shown = table.locator("tbody th:visible").all_inner_texts()
    assert len(shown) == 3
    assert all("s02" in name for name in shown)


def test_the_dark_page_is_dark_and_the_printed_one_has_no_search(tab):
    tab.get_by_text("12 clips, largest errors first").click()
    background = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(background)
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate(background) != light
    tab.emulate_media(media="print")
    assert not tab.get_by_role("searchbox").first.is_visible()


def test_a_phone_shows_all_scores_and_whole_captions(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    for cell in tab.locator("table.scores tbody tr").first.locator("td").all():
        box = cell.bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= 390
    for caption in tab.locator("caption span:visible").all():
        box = caption.bounding_box()
        assert box["x"] + box["width"] <= 390


def test_print_opens_what_is_folded_and_shows_the_whole_table(browser, page):
    tab = browser.new_page(viewport={"width": 700, "height": 900})  # A4 less its margins
    tab.goto(page.as_uri())
    assert not tab.locator("table.scores").is_visible()
    tab.emulate_media(media="print")
    table = tab.locator("table.scores").bounding_box()
    assert table["height"] > 0
    assert table["x"] + table["width"] <= 700
    assert tab.get_by_text("BibTeX of the methods").bounding_box()["height"] > 0
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details:not([open])").count() == 0
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details.part[open]").count() == 0
    tab.close()


def test_the_explorer_shows_the_view_of_the_chosen_model(tab, results):
    choice = tab.locator("select.model")
    names = sorted(outcome.name for outcome in results.models)
    assert sorted(choice.locator("option").all_inner_texts()) == names
    clips = tab.locator("select.choice")
    clips.select_option(index=2)
    title = clips.evaluate("one => one.selectedOptions[0].text")
    for name in ("lbptop", "flow_svm"):
        choice.select_option(label=name)
        assert clips.evaluate("one => one.selectedOptions[0].text") == title
        seen = tab.locator("article.clip:visible").get_by_text("Face registration").inner_text()
        assert name in seen.partition(".")[0]
        assert ("lbptop" in seen) == (name == "lbptop")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(faults, scheme):
    assert faults(scheme) == []


def test_text_from_data_stays_text(browser, tmp_path):
    """A subject called <script> is a name."""
    evil = "<script>alert(1)<script><img src=x onerror=alert(2)>"
    rows = ["subject,clip,path,label,onset,apex,offset"]
    for at, person in enumerate([evil, "b"] * 2):
        frames = np.random.default_rng(at).integers(0, 256, (3, 64, 64, 3), np.uint8)
        np.save(tmp_path / f"{at}.npy", frames)
        rows.append(f"{person},c{at},{at}.npy,{'joy' if at > 1 else 'fear'},0,1,2")
    (tmp_path / "index.csv").write_text("\n".join(rows))
    results = mertk.bench(
        ["flow_ridge"], dataset="folder", data=tmp_path, out=tmp_path / "runs", jobs=1,
        swaps=[("aligner", [mertk.Use("none")])],
    )  # fmt: skip
    tab = browser.new_page()
    tab.on("dialog", lambda _: pytest.fail("the name ran as a script"))
    tab.goto(write_page(results, tmp_path / "report.html", PLUGINS).as_uri())
    assert evil in tab.locator("svg[aria-label^=Accuracy]").text_content()
    assert tab.locator("script").count() == 1
