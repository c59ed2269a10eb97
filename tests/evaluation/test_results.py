"""Seeds, corrections, fold means, counts and marks, as a table shows them."""

import json
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.core import metrics
from mertk.evaluation import comparison, statistics
from mertk.report import page, sentences, terminal
from mertk.report.comparison import format_markdown

TOYS = Path(__file__).parents[1] / "toys.py"
NOISY = mertk.Use("toy_nearest", noise=30.0)
QUICK = """
import mertk
RECIPE = mertk.Recipe(aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
    extractor=mertk.Use("toy_change"), classifier=mertk.Use("toy_nearest", noise=30.0))
@mertk.hookimpl
def mertk_register(register):
    register.model("noisy", RECIPE, summary="Noisy.", presets={"quick": RECIPE})
"""
PRETRAINED = '''
import numpy as np, mertk
class Frozen:
    """Has weights from elsewhere."""
    def extract(self, faces, regions):
        return np.array([[float(faces.frames[faces.peak].mean())]])
@mertk.hookimpl
def mertk_register(register):
    register.extractor("frozen", Frozen, trained_on=("toy", "casme2"))
'''


@pytest.fixture
def plugins():
    return mertk.load_plugins([TOYS])


def bench(plugins, out, *models, **options):
    options = {"dataset": "toy", "jobs": 1, "floors": False} | options
    return mertk.bench(models or ["toy_model"], plugins=plugins, out=out, **options)


def test_a_model_that_takes_no_chance_is_run_once_and_another_five_times(plugins, tmp_path):
    assert bench(plugins, tmp_path).table()["seeds"][0] == 1
    results = bench(plugins, tmp_path, swaps=[("classifier", [NOISY])])
    (row,) = results.table().to_dict("records")
    assert row["seeds"] == 5
    scores = [metrics.uf1(one.sum(axis=0)) for one in results.outcomes[0].confusions]
    assert row["UF1_sd"] == pytest.approx(np.std(scores, ddof=1))
    assert any("over 5 seeds: UF1" in said for said in sentences.list_sentences(results))


def test_quick_is_run_once_and_seeds_can_be_asked_for(tmp_path):
    (tmp_path / "quick.py").write_text(QUICK)
    plugins = mertk.load_plugins([TOYS, tmp_path / "quick.py"])
    assert bench(plugins, tmp_path / "q", "noisy:quick").table()["seeds"][0] == 1
    assert bench(plugins, tmp_path / "s", "noisy", seeds=[3, 4]).table()["seeds"][0] == 2
    assert bench(plugins, tmp_path / "n", "noisy").table()["seeds"][0] == 5


def test_chance_is_seen_in_the_fold_and_not_declared(plugins, tmp_path):
    results = bench(plugins, tmp_path, swaps=[("classifier", [NOISY])], seeds=[0])
    assert [list(fold.drew) for fold in results.runs[0].folds()] == [["classifier"]] * 4
    assert results.runs[0].draws
    assert not bench(plugins, tmp_path).runs[0].draws


def test_above_is_said_only_where_it_holds_after_correction(plugins, tmp_path):
    blind = mertk.Recipe(
        aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("toy_change", scale=0.0), classifier=mertk.Use("toy_nearest"),
    )  # fmt: skip
    other = blind.set("extractor.scale", -0.0)
    options = {"dataset": "toy:subjects=6,clips=4"}
    two = bench(plugins, tmp_path / "a", "toy_model", blind, **options)
    (alone,) = two.comparisons().values()
    assert alone.corrected == alone.p == pytest.approx(2 / 64)
    assert any(
        said.startswith("toy_model scores above recipe2") for said in sentences.list_sentences(two)
    )
    three = bench(plugins, tmp_path / "b", "toy_model", blind, other, **options)
    test = three.comparisons()["toy_model", "recipe2"]
    assert (test.p, test.corrected) == pytest.approx((2 / 64, 4 / 64))
    assert test.effect == 1
    said = next(
        s
        for s in sentences.list_sentences(three)
        if s.startswith("No significant difference between toy_model and recipe2:")
    )
    assert "p = 0.0625" in said
    assert "Holm over 2 comparisons; rank-biserial correlation +1.00" in said


@pytest.mark.parametrize(("subjects", "said"), [(5, True), (8, False)])
def test_intervals_of_few_subjects_are_said_to_cover_less(plugins, tmp_path, subjects, said):
    other = mertk.Recipe.from_json(plugins.registry.recipe("toy_model").to_json())
    other = other.set("extractor.scale", 2.0)
    options = {"dataset": f"toy:subjects={subjects},clips=4"}
    results = bench(plugins, tmp_path, "toy_model", other, **options)
    mean, least = statistics.COVERED[5]
    line = (
        "Intervals of all clips: few subjects. With 5 subjects, a 95 % interval contains the "
        f"true score about {mean} % of the time, and {least} % in the worst simulated setting"
    )
    assert any(one.startswith(line) for one in sentences.list_sentences(results)) == said
    assert any("few subjects" in one for one in sentences.list_sentences(results)) == said
    assert ("few subjects" in page.render_page(results, plugins)) == said
    assert ("few subjects" in format_markdown(comparison.compare_runs([tmp_path], plugins))) == said


SPELT = """
import numpy as np, mertk
class Spelt:
    \"\"\"People or classes in two spellings.\"\"\"
    default_protocol = "loso"
    def __init__(self, *, people: str = "a+b+c", labels: str = "x+y"):
        self.people, self.labels = people.split("+"), labels.split("+")
    def index(self, root, /):
        return [
            mertk.Clip(
                dataset="spelt", subject=who, name=str(at), fingerprint=f"{who}{at}",
                footage=mertk.Footage(frames=mertk.Frames.of(np.zeros((2, 8, 8, 3), np.uint8)),
                                      onset=0, offset=1, fps=25.0),
                record={"label": label, "synthetic": True},
            )
            for who in self.people for at, label in enumerate(self.labels)
        ]
@mertk.hookimpl
def mertk_register(register):
    register.dataset("spelt", Spelt)
"""


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("spelt:people=1+01+2", "people that differ in spelling alone: 'spelt/1' and 'spelt/01'"),
        ("spelt:people=S1+s1+2", "people that differ in spelling alone: 'spelt/S1' and 'spelt/s1'"),
        (
            "spelt:labels=Happy+happy+sad",
            "classes that differ in spelling alone: 'Happy' and 'happy'",
        ),
    ],
)
def test_a_person_or_class_in_two_spellings_is_not_trained_on(tmp_path, dataset, message):
    (tmp_path / "spelt.py").write_text(SPELT)
    plugins = mertk.load_plugins([TOYS, tmp_path / "spelt.py"])
    with pytest.raises(mertk.MertkError, match=message):
        bench(plugins, tmp_path / "runs", dataset=dataset)
    assert not (tmp_path / "runs").exists()


def test_one_subject_is_said_to_tell_nothing():
    lines = sentences.describe_coverage({"all clips": 12, "smic": 1, "samm": 3, "casme2": 3})
    assert lines[0] == "No interval of smic is valid: there is only one subject."
    assert lines[1].startswith("Intervals of samm, casme2: few subjects. With 3 subjects")
    assert len(lines) == 2


def test_floors_are_a_family_of_their_own(plugins, tmp_path):
    results = bench(plugins, tmp_path, floors=True)
    assert results.comparisons()["toy_model", "majority"].family == 2


def test_fold_means_are_named_so_and_kept_out_of_the_table(plugins, tmp_path):
    results = bench(plugins, tmp_path, swaps=[("classifier", [NOISY])], seeds=[0])
    data = json.loads(json.dumps(sentences.to_json(results), allow_nan=False))
    by = {row["absent classes"]: row for row in data["fold_means"]}
    folds = results.outcomes[0].confusions[0]  # one subject a fold
    assert by["counted as 0"]["UF1 fold mean"] == pytest.approx(metrics.uf1(folds).mean())
    assert by["counted as 0"]["accuracy fold mean"] == pytest.approx(metrics.accuracy(folds).mean())
    assert not any("fold mean" in key for key in data["models"][0])
    assert "UAR fold mean" in page.render_page(results, plugins)


def test_configurations_that_were_tried_are_counted_from_the_ledger(plugins, tmp_path):
    assert bench(plugins, tmp_path).tried == 1
    bench(plugins, tmp_path, sets=[("extractor.scale", 2.0)])
    bench(plugins, tmp_path, dataset="toy:subjects=3")  # other clips do not count
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "run.json").write_text("{}")
    results = bench(plugins, tmp_path, floors=True)
    assert results.tried == 2
    line = (
        f"2 configurations evaluated on this protocol in {tmp_path.name}; the best score is "
        "optimistically biased."
    )
    assert line in sentences.list_sentences(results)


def test_weights_that_were_trained_on_the_data_set_are_marked(tmp_path, capsys):
    (tmp_path / "frozen.py").write_text(PRETRAINED)
    plugins = mertk.load_plugins([TOYS, tmp_path / "frozen.py"])
    recipe = plugins.registry.recipe("toy_model").swap("extractor", mertk.Use("frozen"))
    bench(plugins, tmp_path / "runs", "toy_model", recipe)
    results = mertk.Results.load(tmp_path / "runs", plugins=mertk.load_plugins([TOYS]))
    marked = results.table().set_index("model")["seen_before"]
    assert marked.to_dict() == {"toy_model": False, "recipe2": True}
    terminal.print_results(results)
    said = capsys.readouterr().out
    assert "recipe2 †" in said
    assert "toy_model †" not in said
    assert "the weights of extractor were pretrained on toy" in said
