"""The rule that carries the design: whatever learns lives inside the fold, with all after it."""

import json
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.core.errors import ComponentError
from mertk.pipeline.pipeline import build_pipeline
from mertk.plugins.registry import Registrar, Registry
from mertk.storage import run_files

TOYS = Path(__file__).parents[1] / "toys.py"

LEARNING = """
import numpy as np, mertk
seen = []
class Aligner:
    def fit(self, train, rng): self.level = float(np.mean([f.frames[0].mean() for f in train.inputs]))
    def align(self, footage): return footage.faces()
class Roi:
    def fit(self, train, rng): self.width = train.inputs[0].size[0]; self.n = len(train)
    def locate(self, faces):
        w, h = faces.size
        return mertk.Regions(names=("a",), boxes=np.array([[0, 0, w, h]]))
class Extractor:
    def fit(self, train, rng):
        self.level = float(np.mean([faces.frames[faces.onset].mean() for faces, _ in train.inputs]))
    def extract(self, faces, regions):
        return np.array([[faces.frames[faces.peak].mean() - self.level]])
class Fusion:
    def fit(self, train, rng): self.mean = np.mean([mertk.flatten(s) for s in train.inputs], axis=0)
    def fuse(self, streams): return {"x": mertk.flatten(streams) - self.mean}
@mertk.hookimpl
def mertk_register(register):
    register.aligner("learnt_aligner", Aligner, summary="x")
    register.roi("learnt_roi", Roi, summary="x")
    register.extractor("learnt_extractor", Extractor, summary="x")
    register.fusion("learnt_fusion", Fusion, summary="x")
"""


@pytest.fixture
def plugins(tmp_path):
    file = tmp_path / "learning.py"
    file.write_text(LEARNING)
    return mertk.load_plugins([TOYS, file])


def recipe(**slots):
    toy = mertk.Recipe(
        aligner=mertk.Use("toy_plain"),
        roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("toy_change"),
        classifier=mertk.Use("toy_nearest"),
    )
    for slot, name in slots.items():
        toy = toy.swap(slot, mertk.Use(name))
    return toy


@pytest.mark.parametrize(
    ("slot", "name", "inside"),
    [
        ("aligner", "learnt_aligner", ["aligner", "roi", "extractor", "classifier"]),
        ("roi", "learnt_roi", ["roi", "extractor", "classifier"]),
        ("extractor", "learnt_extractor", ["extractor", "classifier"]),
        ("fusion", "learnt_fusion", ["fusion.0", "classifier"]),
        ("classifier", "toy_nearest", ["classifier"]),
    ],
)
def test_what_learns_moves_into_the_fold_with_all_that_follows(plugins, slot, name, inside):
    line = build_pipeline(plugins.registry, recipe(**{slot: name}))
    assert [step.place for step in line.inside] == inside


@pytest.mark.parametrize(
    ("slot", "name"),
    [
        ("aligner", "learnt_aligner"),
        ("roi", "learnt_roi"),
        ("extractor", "learnt_extractor"),
        ("fusion", "learnt_fusion"),
        ("classifier", "toy_nearest"),
    ],
)
def test_a_learning_component_runs_in_any_slot(plugins, tmp_path, slot, name):
    results = mertk.bench(
        [recipe(**{slot: name})], dataset="toy", plugins=plugins, out=tmp_path, jobs=1, floors=False
    )
    assert results.table()["UF1"][0] > 0.8


def test_a_learnt_extractor_leaves_a_pure_one_beside_it_in_the_prefix(plugins):
    both = recipe().swap("extractor.learnt", mertk.Use("learnt_extractor"))
    line = build_pipeline(plugins.registry, both)
    assert "extractor.features" in [step.place for step in line.prefix]
    assert [step.place for step in line.inside] == ["extractor.learnt", "classifier"]


SPY = '''
import json, os, numpy as np, mertk
class Spy:
    """Writes down what it learnt."""
    def fit(self, train, rng):
        X = mertk.design_matrix(train.inputs)
        self.state = X.mean(axis=0) + rng.normal(size=X.shape[1])
        name = "-".join(sorted(set(train.people))).replace("/", "_")
        with open(os.path.join(os.environ["SPY"], name), "w") as file:
            file.write(self.state.astype(np.float64).tobytes().hex())
        self.k = len(train.classes)
    def predict(self, streams):
        p = np.abs(np.resize(mertk.flatten(streams) - self.state, self.k)) + 1e-3
        return p / p.sum()
@mertk.hookimpl
def mertk_register(register):
    register.classifier("spy", Spy)
'''


def test_a_held_out_clip_cannot_touch_the_state_or_the_other_predictions(tmp_path, monkeypatch):
    (tmp_path / "spy.py").write_text(SPY)
    plugins = mertk.load_plugins([TOYS, tmp_path / "spy.py"])
    seen = {}
    for touched in ("", "toy/s2/c1"):
        folder = tmp_path / f"state{touched.replace('/', '_')}"
        folder.mkdir()
        monkeypatch.setenv("SPY", str(folder))
        results = mertk.bench(
            [recipe(classifier="spy")], dataset=mertk.Use("toy", touched=touched),
            plugins=plugins, out=folder / "runs", jobs=1, floors=False, seeds=[0],
        )  # fmt: skip
        states = {file.name: file.read_text() for file in folder.glob("toy*")}
        seen[touched] = states, results.runs[0].predictions().set_index("uid")
    (before, rows), (after, changed) = seen[""], seen["toy/s2/c1"]
    fold_without_s2 = "toy_s0-toy_s1-toy_s3"
    assert before[fold_without_s2] == after[fold_without_s2]
    assert before != after  # the folds that do train on the clip notice
    others = [uid for uid in rows.index if uid.startswith("toy/s2/") and uid != "toy/s2/c1"]
    assert (rows.loc[others, "p_up"] == changed.loc[others, "p_up"]).all()
    assert rows.loc["toy/s2/c1", "p_up"] != changed.loc["toy/s2/c1", "p_up"]


class Block:
    """A block to be trained by gradient."""

    def module(self, shapes):
        raise NotImplementedError


def test_a_classifier_that_cannot_train_a_block_refuses_it_by_name(plugins):
    registry = Registry()
    registry.merge(plugins.registry)
    Registrar(registry, "test").fusion("block", Block)
    joint = recipe().swap("fusion", mertk.Use("block"))
    with pytest.raises(ComponentError, match="toy_nearest cannot train block by gradient"):
        build_pipeline(registry, joint)


def test_the_ledger_joins_by_clip_id(plugins, tmp_path):
    results = mertk.bench(
        ["toy_model"], dataset="toy", plugins=plugins, out=tmp_path, jobs=1, floors=False
    )
    file = next((results.runs[0].path / "folds").glob("*.json"))
    data = json.loads(file.read_text())
    del data["checksum"]
    for name in ("uids", "people", "truth", "probabilities"):
        data[name] = data[name][::-1]
    run_files.write_sealed(file, data["run"], data)
    again = mertk.Results.load(results.runs[0].path, plugins=plugins)
    assert np.array_equal(again.outcomes[0].confusion, results.outcomes[0].confusion)
