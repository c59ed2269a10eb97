"""The harness as its users meet it: repeats, resumes, reports, and names what is wrong."""

from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.report.page import render_page

TOYS = Path(__file__).parents[1] / "toys.py"


@pytest.fixture
def plugins():
    return mertk.load_plugins([TOYS])


def bench(plugins, out, **options):
    options = {"dataset": "toy", "jobs": 1, "floors": False} | options
    models = options.pop("models", ["toy_model"])
    return mertk.bench(models, plugins=plugins, out=out, **options)


def test_a_model_that_sees_the_signal_gets_it(plugins, tmp_path):
    row = bench(plugins, tmp_path).table().iloc[0]
    assert row["UF1"] == 1.0
    assert (row["clips"], row["folds"], row["subjects"]) == (16, 4, 4)


def test_floors_come_with_every_bench(plugins, tmp_path):
    pytest.importorskip("mertk_plugins.classifiers.majority")
    table = bench(plugins, tmp_path, floors=True).table()
    assert list(table["model"]) == ["toy_model", "majority", "prior"]
    assert list(table["floor"]) == [False, True, True]


def test_the_same_command_runs_nothing_twice(plugins, tmp_path):
    first = bench(plugins, tmp_path).runs[0]
    before = {f: f.stat().st_mtime_ns for f in (first.path / "folds").iterdir()}
    again = bench(plugins, tmp_path).runs[0]
    assert again.path == first.path
    assert {f: f.stat().st_mtime_ns for f in (first.path / "folds").iterdir()} == before


def test_a_run_knows_the_packages_and_files_of_its_components(plugins, tmp_path):
    recipe = plugins.registry.recipe("toy_model").swap("extractor", mertk.Use("flow"))
    results = bench(plugins, tmp_path, models=[recipe])
    assert results.runs[0].provenance["origins"] == [f"mertk {mertk.__version__}", "toys.py"]
    page = render_page(results, plugins)
    assert f"components from mertk {mertk.__version__}, toys.py" in page


def test_only_missing_or_damaged_folds_run_again(plugins, tmp_path):
    first = bench(plugins, tmp_path)
    whole = first.runs[0].predictions()
    files = sorted((first.runs[0].path / "folds").iterdir())
    files[0].unlink()
    files[1].write_text('{"name": "cut o')
    kept = files[2].stat().st_mtime_ns
    again = bench(plugins, tmp_path)
    assert again.runs[0].predictions().equals(whole)
    assert files[2].stat().st_mtime_ns == kept


def test_two_workers_give_the_same_bits_as_one(plugins, tmp_path):
    noisy = mertk.Recipe(
        aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("toy_change"), classifier=mertk.Use("toy_nearest", noise=20.0),
    )  # fmt: skip
    one = bench(plugins, tmp_path / "a", models=[noisy], jobs=1).runs[0].predictions()
    two = bench(plugins, tmp_path / "b", models=[noisy], jobs=2).runs[0].predictions()
    assert one.equals(two)


def test_workers_find_a_relative_folder_after_a_change_of_folder(plugins, tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        bench(plugins, "runs", jobs=2, sets=[("extractor.scale", 3.0)])
        assert len(list((tmp_path / name).glob("runs/*/folds/*.json"))) == 4


def test_seeds_differ_and_repeat(plugins, tmp_path):
    noisy = mertk.Use("toy_nearest", noise=20.0)
    options = {"swaps": [("classifier", [noisy])]}
    both = bench(plugins, tmp_path, seeds=(0, 1), **options).runs[0].predictions()
    alone = bench(plugins, tmp_path / "x", seeds=(1,), **options).runs[0].predictions()
    one, two = (both[both["seed"] == s].reset_index(drop=True) for s in (0, 1))
    assert not one["p_up"].equals(two["p_up"])
    assert two.equals(alone)


def test_a_changed_parameter_is_another_run(plugins, tmp_path):
    a = bench(plugins, tmp_path).runs[0].path
    b = bench(plugins, tmp_path, sets=[("extractor.scale", 2.0)]).runs[0].path
    assert a != b


def test_a_damaged_cache_entry_is_computed_again(plugins, tmp_path, caplog):
    whole = bench(plugins, tmp_path / "a").runs[0].predictions()
    from mertk.experiment import jobs
    from mertk.storage.cache import Cache

    for entry in Cache().entries():
        data = bytearray(entry.read_bytes())
        data[-1] ^= 0xFF
        entry.write_bytes(data)
    jobs._read_clip_state.cache_clear()
    assert bench(plugins, tmp_path / "b").runs[0].predictions().equals(whole)
    assert "is damaged" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": ["toy_modle"]}, "no model is called 'toy_modle'. Did you mean 'toy_model'"),
        ({"dataset": "toy:subjects=1"}, "at least 2 subjects"),
        ({"dataset": "toy:clips=1"}, "no clip is 'up'"),
        ({"dataset": "toy:subject=3"}, "takes no parameter 'subject'. Did you mean 'subjects'"),
        ({"dataset": "toy:subjects=many"}, "is not of type int"),
        ({"sets": [("extractor.size", 3)]}, "takes no parameter 'size'"),
        ({"sets": [("extract.size", 3)]}, "this recipe has no 'extract'"),
        ({"swaps": [("roi", [mertk.Use("gird")])]}, "no roi is called 'gird'"),
        ({"protocol": "toy_los"}, "Did you mean 'toy_loso'"),
        ({"data": {"casme2": "."}}, "gives a folder for 'casme2'"),
        ({"models": ["toy_model:quik"]}, "no preset of model 'toy_model' is called 'quik'"),
    ],
)
def test_a_mistake_is_named_and_leaves_no_run_behind(plugins, tmp_path, options, message):
    with pytest.raises(mertk.MertkError) as error:
        bench(plugins, tmp_path / "runs", **options)
    assert message in str(error.value)
    assert not (tmp_path / "runs").exists()


BAD = '''
import numpy as np, mertk
class Nan:
    """Gives NaN for one clip."""
    def extract(self, faces, regions):
        value = float(faces.frames[0].mean())
        return np.array([[np.nan if value > 99.6 else value]])
class Negative:
    """Gives no probabilities."""
    def fit(self, train, rng): self.k = len(train.classes)
    def predict(self, streams): return -np.ones(self.k)
@mertk.hookimpl
def mertk_register(register):
    register.extractor("nan", Nan)
    register.classifier("negative", Negative)
'''


def test_nan_from_a_component_is_refused_naming_clips(tmp_path):
    (tmp_path / "bad.py").write_text(BAD)
    plugins = mertk.load_plugins([TOYS, tmp_path / "bad.py"])
    with pytest.raises(mertk.ComponentError, match=r"of 16 clips failed(.|\n)*toy/s.*NaN"):
        bench(plugins, tmp_path, swaps=[("extractor", [mertk.Use("nan")])])


def test_what_are_no_probabilities_is_refused(tmp_path):
    (tmp_path / "bad.py").write_text(BAD)
    plugins = mertk.load_plugins([TOYS, tmp_path / "bad.py"])
    with pytest.raises(mertk.ComponentError, match="not probabilities"):
        bench(plugins, tmp_path, swaps=[("classifier", [mertk.Use("negative")])])


def test_comparison_and_chance_follow_from_predictions(plugins, tmp_path):
    results = bench(plugins, tmp_path, floors=True)
    low, high = results.chance["UF1"]
    assert 0 < low < 0.5 < high < 1
    test = results.comparisons()["toy_model", "majority"]
    assert test.exact
    assert np.isclose(test.p, 2 / 2**4)  # all right against all wrong: only both extremes


def test_a_pipeline_that_draws_and_is_deterministic_stops_after_two_seeds(tmp_path):
    use = mertk.Use("sklearn", path="sklearn.linear_model.LogisticRegression")
    recipe = mertk.load_plugins().registry.recipe("flow_svm").swap("classifier", use)
    clips = "synthetic:subjects=3,clips=3,frames=8,size=64"
    results = mertk.bench([recipe], dataset=clips, out=tmp_path, floors=False, jobs=1)
    (outcome,) = results.outcomes
    assert sorted({fold.seed for fold in outcome.run.folds()}) == [0, 1]
    again = mertk.bench([recipe], dataset=clips, out=tmp_path, floors=False, jobs=1)
    assert sorted({fold.seed for fold in again.outcomes[0].run.folds()}) == [0, 1]
