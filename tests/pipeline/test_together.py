"""All folds at once: the same predictions and ledger as one by one, from one call of `fit_folds`."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import mertk
from mertk.cli import main
from mertk.experiment.execution import Execution
from mertk.experiment.jobs import Job
from mertk.experiment.runner import Runner
from mertk.experiment.study import Study
from mertk.pipeline.fold import can_fit_folds_together
from mertk.pipeline.pipeline import build_pipeline

TOYS = Path(__file__).parents[1] / "toys.py"

FOLDS = '''
import numpy as np, mertk
calls = []
class Means:
    """Nearest class mean; may take chances, and be told to go wrong."""
    def __init__(self, *, noise: float = 0.0, wrong: str = ""):
        self.noise, self.wrong = noise, wrong
    def fit(self, train, rng):
        calls.append("fit")
        self.learn(mertk.design_matrix(train.inputs), train.labels, rng, len(train.classes))
    def fit_folds(self, clips, folds, rngs):
        calls.append(len(folds))
        if self.wrong == "raises":
            raise ValueError("no such luck")
        X = mertk.design_matrix(clips.inputs)
        made = type(self)(noise=self.noise)
        for fold, rng in zip(folds, rngs, strict=True):
            made = made if self.wrong == "one for all" else type(self)(noise=self.noise)
            made.learn(X[fold], clips.labels[fold], rng, len(clips.classes))
            yield made
            if self.wrong == "too few":
                return
        if self.wrong == "too many":
            yield type(self)()
    def learn(self, X, labels, rng, classes):
        X = X + self.noise * rng.normal(size=X.shape) if self.noise else X
        self.means = np.stack([X[labels == c].mean(axis=0) for c in range(classes)])
    def predict(self, streams):
        odds = np.exp(-np.square(self.means - mertk.flatten(streams)).sum(axis=1) / 100)
        return odds / odds.sum()
class Centre:
    """A fusion block that is fitted for all folds at once."""
    def fit(self, train, rng): self.mean = mertk.design_matrix(train.inputs).mean(axis=0)
    def fit_folds(self, clips, folds, rngs):
        calls.append(len(folds))
        X = mertk.design_matrix(clips.inputs)
        for fold in folds:
            made = Centre()
            made.mean = X[fold].mean(axis=0)
            yield made
    def fuse(self, streams): return {"x": mertk.flatten(streams) - self.mean}
@mertk.hookimpl
def mertk_register(register):
    register.classifier("means", Means)
    register.fusion("centre", Centre)
'''


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "folds.py").write_text(FOLDS)
    return mertk.load_plugins([TOYS, tmp_path / "folds.py"])


@pytest.fixture
def calls(plugins):
    """What was called in this process: `fit`, or the number of folds that `fit_folds` was given."""
    found = plugins.registry.get("classifier", "means").load().fit.__globals__["calls"]
    found.clear()
    return found


def recipe(*blocks, **means):
    return mertk.Recipe(
        aligner=mertk.Use("toy_plain"),
        roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("toy_change"),
        fusion=tuple(mertk.Use(name) for name in blocks),
        classifier=mertk.Use("means", **means),
    )


def bench(plugins, out, model, **options):
    options = {"dataset": "toy", "jobs": 1, "floors": False, "seeds": [0]} | options
    return mertk.bench([model], plugins=plugins, out=out, **options).runs[0]


@pytest.mark.parametrize("blocks", [(), ("centre",)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_together_gives_what_one_by_one_gives(plugins, tmp_path, blocks, jobs):
    model = recipe(*blocks, noise=20.0)
    one = bench(plugins, tmp_path / "a", model, together=False).predictions()
    all_at_once = bench(plugins, tmp_path / "b", model, jobs=jobs).predictions()
    assert all_at_once.equals(one)


def test_the_folds_of_a_seed_are_one_call(plugins, tmp_path, calls):
    bench(plugins, tmp_path, recipe(), seeds=[0, 1])
    assert calls == [4, 4]


def test_one_by_one_fits_each_fold_and_is_the_same_run(plugins, tmp_path, calls):
    apart = bench(plugins, tmp_path, recipe(), together=False)
    assert calls == ["fit"] * 4
    assert bench(plugins, tmp_path, recipe()).path == apart.path
    assert calls == ["fit"] * 4
    assert apart.provenance["together"] is False


def test_only_missing_folds_are_fitted(plugins, tmp_path, calls):
    run = bench(plugins, tmp_path, recipe())
    whole = run.predictions()
    files = sorted((run.path / "folds").iterdir())
    kept = files[0].stat().st_mtime_ns
    for file in files[1:]:
        file.unlink()
    assert bench(plugins, tmp_path, recipe()).predictions().equals(whole)
    assert calls == [4, 3]
    assert files[0].stat().st_mtime_ns == kept


def test_what_comes_after_is_fitted_fold_by_fold(plugins, tmp_path, calls):
    bench(plugins, tmp_path, recipe("centre"))
    assert calls == [4, "fit", "fit", "fit", "fit"]


def test_behind_what_learns_fold_by_fold_nothing_is_fitted_together(plugins, tmp_path, calls):
    bench(plugins, tmp_path, recipe("toy_centred"))
    assert calls == ["fit"] * 4


def test_chances_and_the_time_of_each_fold_are_noticed(plugins, tmp_path):
    folds = list(bench(plugins, tmp_path, recipe(noise=20.0)).folds())
    assert [list(fold.drew) for fold in folds] == [["classifier"]] * 4
    assert all(fold.seconds["total"] >= fold.seconds["classifier.fit"] > 0 for fold in folds)
    assert not bench(plugins, tmp_path, recipe()).draws


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            "raises",
            r"fold 'toy/s0' of 4 at once, classifier \(Means\): ValueError: no such luck",
        ),
        (
            "too few",
            "fold 'toy/s1' of 4 at once, classifier: fit_folds gave 1 different components",
        ),
        ("too many", "4 folds at once, classifier: fit_folds gave more components"),
        ("one for all", "fit_folds gave 1 different components for 4 folds"),
    ],
)
def test_a_mistake_is_named(plugins, tmp_path, wrong, said):
    with pytest.raises(mertk.ComponentError, match=said):
        bench(plugins, tmp_path, recipe(wrong=wrong))


def test_the_command_line_can_switch_it_off(plugins, tmp_path, calls):
    files = [part for file in plugins.files for part in ("--plugin", file)]
    given = ["bench", "--model", "toy_model", "--dataset", "toy", "--swap", "classifier=means"]
    given += ["--jobs", "1", "--one-by-one", "--out", str(tmp_path), "--json"]
    with pytest.raises(SystemExit) as ended:
        main([*files, *given])
    assert ended.value.code == 0
    run = next(file for file in tmp_path.glob("toy_model*/run.json"))
    assert json.loads(run.read_text())["provenance"]["together"] is False
    assert set(calls) == {"fit"}


def test_a_held_out_clip_may_be_seen_and_leaves_no_trace(plugins, tmp_path):
    seen = {}
    for touched in ("", "toy/s2/c1"):
        run = bench(
            plugins, tmp_path / f"x{len(touched)}", recipe(),
            dataset=mertk.Use("toy", touched=touched),
        )  # fmt: skip
        seen[touched] = run.predictions().set_index("uid")["p_up"]
    before, after = seen[""], seen["toy/s2/c1"]
    others = [uid for uid in before.index if uid.startswith("toy/s2/") and uid != "toy/s2/c1"]
    assert np.array_equal(before[others], after[others])
    assert before["toy/s0/c0"] != after["toy/s0/c0"]


def test_a_component_that_gains_on_a_gpu_alone_is_fitted_fold_by_fold_on_a_cpu(
    plugins, tmp_path, calls, monkeypatch
):
    means = plugins.registry.get("classifier", "means").load()
    monkeypatch.setattr(means, "together_on", "cuda", raising=False)
    bench(plugins, tmp_path, recipe())
    assert calls == ["fit"] * 4
    pipeline = build_pipeline(plugins.registry, recipe())
    found = {name: can_fit_folds_together(pipeline, name) for name in ("cpu", "cuda:1", "auto", "")}
    assert found == {"cpu": False, "cuda:1": True, "auto": True, "": True}


@pytest.mark.parametrize(("device", "sizes"), [("cpu", [2, 1, 1]), ("cuda", [4])])
def test_folds_that_share_a_gpu_are_one_unit_of_work(plugins, tmp_path, device, sizes, monkeypatch):
    monkeypatch.setattr("mertk.experiment.executors.choose.find_device", str)
    study = Study(models=[recipe()], dataset="toy", floors=False)
    opened = study.open(Execution(device=device, out=tmp_path), plugins=plugins)
    runner = Runner(opened, opened.variants[0], SimpleNamespace(workers=3))
    job = Job(recipe(), (), tmp_path, device, tmp_path, tmp_path, together=True)
    assert [len(group) for group in runner._group_splits(opened.task.splits, job)] == sizes


@pytest.mark.parametrize("preset", ["paper", "code", "quick", "motion"])
def test_the_reference_model_fits_folds_together_on_a_gpu_alone(preset):
    registry = mertk.load_plugins().registry
    pipeline = build_pipeline(registry, registry.get("model", "cnn_lstm_se").presets[preset])
    assert can_fit_folds_together(pipeline, "cuda")
    assert not can_fit_folds_together(pipeline, "cpu")
