"""Multi-label protocols through the same harness, ledger and report."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.report import sentences, terminal
from mertk.report.page import write_page

TOYS = Path(__file__).parents[1] / "toys.py"

SIGNS = '''
import numpy as np, mertk
class Signs:
    """What a clip shows: one sign, none (toy/s3/c0), or a rare one too (toy/s0/c1)."""
    multilabel = True
    datasets = ("toy",)
    def __init__(self, *, classes: list[str] = ["up", "down", "rare"], show: str = "signs"):
        self.classes, self.show = tuple(classes), show
    def label(self, clip):
        if self.show == "text": return clip.record["label"]
        if self.show == "nobody": return None
        found = {clip.record["label"], *(["moving"] if "moving" in self.classes else [])}
        if clip.uid == "toy/s0/c1" and "rare" in self.classes: found.add("rare")
        return [] if clip.uid == "toy/s3/c0" and "moving" not in self.classes else found
    def splits(self, clips): return mertk.leave_one_subject_out([clip.person for clip in clips])
    def score(self, confusion): return mertk.core.metrics.multilabel_scores(confusion)
class Loud:
    """Gives more than is possible."""
    def fit(self, train, rng): self.k = len(train.classes)
    def predict(self, streams): return np.full(self.k, 1.5)
@mertk.hookimpl
def mertk_register(register):
    register.protocol("signs", Signs)
    register.classifier("loud", Loud)
'''
RECIPE = mertk.Recipe(
    aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
    extractor=mertk.Use("toy_change"), classifier=mertk.Use("linear_svm"),
)  # fmt: skip


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "signs.py").write_text(SIGNS)
    return mertk.load_plugins([TOYS, tmp_path / "signs.py"])


def bench(plugins, out, recipe=RECIPE, **options):
    options = {"dataset": "toy", "protocol": "signs", "jobs": 1, "floors": False} | options
    return mertk.bench([recipe], plugins=plugins, out=out, **options)


def test_labels_that_show_are_found(plugins, tmp_path):
    results = bench(plugins, tmp_path)
    row = results.table().iloc[0]
    assert row["binary F1"] == pytest.approx((1 + 14 / 15 + 0) / 3)  # s3/c0 looks like any other
    assert row["binary F1_low"] <= row["binary F1"] <= row["binary F1_high"]
    assert (row["clips"], row["folds"], row["subjects"]) == (16, 4, 4)
    assert results.outcomes[0].confusions.shape == (1, 4, 3, 2, 2)


def test_the_long_table_joins_labels_and_there_is_no_confusion_plot(plugins, tmp_path):
    results = bench(plugins, tmp_path)
    table = results.predictions().set_index("clip")
    assert table.loc["toy/s0/c1", "true"] in ("up + rare", "down + rare")
    assert table.loc["toy/s3/c0", "true"] == "none"
    found = results.confusion()
    said = table["predicted"].str.contains("rare").sum()  # never of the one clip that is
    assert found.loc["rare"].tolist() == [15 - said, said, 1, 0]
    assert list(found.columns)[2:] == ["false negative", "true positive"]
    with pytest.raises(mertk.ParameterError, match="several labels"):
        mertk.plots.plot_confusion(results)


def test_predictions_hold_truth_and_probability_of_every_label(plugins, tmp_path):
    run = bench(plugins, tmp_path).runs[0]
    assert run.identity["multilabel"] is True
    table = run.predictions().set_index("uid")
    assert table.loc["toy/s0/c1", ["t_up", "t_down", "t_rare"]].tolist() == [1, 0, 1]
    assert table.loc["toy/s3/c0", ["t_up", "t_down", "t_rare"]].tolist() == [0, 0, 0]
    assert not {"truth", "predicted"} & set(table.columns)
    assert ((table["p_up"] >= 0.5) == (table["t_up"] == 1)).all()


def test_a_single_label_run_is_named_as_before(plugins, tmp_path):
    assert "multilabel" not in bench(plugins, tmp_path, protocol="toy_loso").runs[0].identity


def test_a_label_that_training_never_held_is_not_predicted(plugins, tmp_path):
    table = bench(plugins, tmp_path).runs[0].predictions()
    held_out = table[table["person"] == "toy/s0"]
    assert held_out["p_rare"].tolist() == [0, 0, 0, 0]
    assert held_out["t_rare"].sum() == 1


def test_it_resumes_at_the_first_missing_fold(plugins, tmp_path):
    first = bench(plugins, tmp_path)
    whole = first.runs[0].predictions()
    gone, *kept = sorted((first.runs[0].path / "folds").iterdir())
    gone.unlink()
    before = [file.stat().st_mtime_ns for file in kept]
    again = bench(plugins, tmp_path)
    assert again.runs[0].predictions().equals(whole)
    assert [file.stat().st_mtime_ns for file in kept] == before
    loaded = mertk.Results.load(first.runs[0].path, plugins=plugins)
    assert loaded.table()["binary F1"].equals(first.table()["binary F1"])


def test_chance_and_comparison_take_the_protocols_first_score(plugins, tmp_path):
    results = bench(plugins, tmp_path, floors=True)
    low, high = results.chance["binary F1"]
    assert 0 < low < high < 0.7
    test = results.comparisons()["recipe1", "majority"]
    assert test.score == "binary F1"
    assert test.difference > 0
    assert results.comparisons("macro F1")["recipe1", "prior"].score == "macro F1"


@pytest.mark.parametrize(
    "use",
    [
        mertk.Use("majority"),
        mertk.Use("prior"),
        mertk.Use("linear_svm"),
        mertk.Use("svm"),
        mertk.Use("mlp", epochs=2, hidden=[4]),
    ],
    ids=str,
)
def test_every_classifier_runs_and_repeats(plugins, tmp_path, use):
    recipe = RECIPE.swap("classifier", use)
    one, two = (bench(plugins, tmp_path / name, recipe).runs[0].predictions() for name in "ab")
    assert one.equals(two)
    assert one[["p_up", "p_down", "p_rare"]].to_numpy().max() <= 1


def test_the_report_shows_positives_and_scores_per_label(plugins, tmp_path, capsys):
    results = bench(plugins, tmp_path, floors=True)
    page = write_page(results, tmp_path / "report.html", plugins).read_text()
    assert "<h3>Per label</h3>" in page
    assert page.count("<details") == page.count("</details>")
    assert "Confusion matrices" not in page
    terminal.print_results(results)
    shown = capsys.readouterr().out
    assert "8 of 16" in shown
    assert "0.933 / 0.937" in shown
    assert "Chance level: binary F1 " in shown
    found = json.loads(json.dumps(sentences.to_json(results)))["per_label"]
    assert [(row["label"], row["positives"]) for row in found] == [
        ("up", 8),
        ("down", 7),
        ("rare", 1),
    ]
    assert found[0]["binary"][0] == 1
    assert np.mean([row["macro"][0] for row in found]) == pytest.approx(
        results.table()["macro F1"][0]
    )


def test_the_report_of_a_single_label_run_is_without_it(plugins, tmp_path):
    results = bench(plugins, tmp_path, protocol="toy_loso")
    page = write_page(results, tmp_path / "report.html", plugins).read_text()
    assert "<h2>Confusion matrices</h2>" in page
    assert "Per label" not in page
    assert sentences.to_json(results)["per_label"] == []


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"classes": []}, "must fix its `classes`"),
        ({"classes": ["up", "down", "gone"]}, "scores 'gone', which 0 of 16 clips show"),
        ({"classes": ["up", "down", "moving"]}, "scores 'moving', which 16 of 16 clips show"),
        ({"classes": ["up"]}, "label 'down' is not in ('up',)"),
        ({"show": "text"}, "`label` gave 'down'; it must give a collection"),
        ({"show": "nobody"}, "leaves out all 16 clips"),
    ],
)
def test_a_protocol_that_cannot_be_scored_is_refused(plugins, tmp_path, params, message):
    with pytest.raises(mertk.ProtocolError) as error:
        bench(plugins, tmp_path / "runs", protocol=mertk.Use("signs", **params))
    assert message in str(error.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("loud", "not probabilities"), ("toy_nearest", "as the protocol is multi-label")],
)
def test_a_classifier_that_is_not_made_for_it_is_named(plugins, tmp_path, name, message):
    with pytest.raises(mertk.ComponentError, match=message):
        bench(plugins, tmp_path, RECIPE.swap("classifier", mertk.Use(name)))


def test_the_clip_list_depends_on_every_label(plugins, tmp_path):
    lists = [
        bench(plugins, tmp_path, protocol=mertk.Use("signs", classes=list(classes)))
        .runs[0].identity["clip_list"]
        for classes in (("up", "down"), ("up", "down", "rare"))
    ]  # fmt: skip
    assert all(a != b for a, b in itertools.pairwise(lists))
