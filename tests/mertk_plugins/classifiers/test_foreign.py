"""Other people's classes by their import path: scikit-learn's, and modules of torch."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from parts import asked, fitted, part_of, rows_of
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.svm import SVC

import mertk
from mertk_plugins._foreign import import_target
from mertk_plugins.classifiers.sklearn import SklearnClassifier
from mertk_plugins.classifiers.torch_module import TorchModule
from mertk_plugins.fusion.sklearn import SklearnTransformer

LABELS = np.arange(60) % 3
REGISTRY = mertk.load_plugins().registry

NETWORK = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, *, classes, in_channels, width=4):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(in_channels, width, 3), nn.ReLU(), nn.Flatten())
        self.head = nn.LazyLinear(classes)

    def forward(self, x):
        return self.head(self.body(x))

class Nearest:
    def fit(self, X, y):
        self.classes_ = sorted(set(y))
        self.means = [X[y == c].mean(axis=0) for c in self.classes_]

    def predict(self, X):
        return [self.classes_[min(range(len(self.means)), key=lambda c: abs(x - self.means[c]).sum())] for x in X]

class Lost(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.LazyLinear(7)

    def forward(self, x):
        return self.layer(x.flatten(1))
"""


@pytest.fixture
def networks(tmp_path, monkeypatch):
    """A module of the user's own, importable as `networks_of_mine`."""
    (tmp_path / "networks_of_mine.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "networks_of_mine.py"
    sys.modules.pop("networks_of_mine", None)


def pictures(part):
    """The same clips with a picture `[1, 2, 6, 6]` that shows the label."""
    rng = np.random.default_rng(0)
    shown = [rng.normal(label, 1, (1, 2, 6, 6)).astype(np.float32) for label in part.labels]
    return mertk.TrainingSet(
        inputs=[{"flow": one} for one in shown],
        labels=part.labels, people=part.people, classes=part.classes,
    )  # fmt: skip


def test_an_estimator_answers_as_it_does_alone():
    part, unseen = (part_of(LABELS, seed=seed) for seed in (0, 1))
    path = "sklearn.ensemble.ExtraTreesClassifier"
    found = fitted(SklearnClassifier(path=path, n_estimators=20, random_state=3), part)
    alone = ExtraTreesClassifier(n_estimators=20, random_state=3)
    alone.fit(rows_of(part).astype(np.float32), part.labels)
    np.testing.assert_allclose(asked(found, unseen), alone.predict_proba(rows_of(unseen)))


def test_chance_comes_from_the_fold():
    part = part_of(LABELS, spread=0.2)
    build = lambda: SklearnClassifier(path="sklearn.ensemble.ExtraTreesClassifier", n_estimators=5)  # noqa: E731
    first, again = (asked(fitted(build(), part), part_of(LABELS, seed=1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = build()
    other.fit(part, np.random.default_rng(1))
    assert (asked(other, part_of(LABELS, seed=1)) != first).any()


@pytest.mark.parametrize("labels", [LABELS, 1 + LABELS % 2], ids=["three", "two"])
@pytest.mark.parametrize(
    "path", ["sklearn.svm.SVC", "sklearn.linear_model.RidgeClassifier", "networks_of_mine.Nearest"]
)
def test_the_decision_is_the_estimators_own(path, labels, networks):
    part, unseen = (part_of(labels, spread=0.5, seed=seed) for seed in (0, 1))
    found = asked(fitted(SklearnClassifier(path=path), part), unseen)
    alone = import_target(path)()
    alone.fit(rows_of(part).astype(np.float32), part.labels)
    assert found.argmax(axis=1).tolist() == list(alone.predict(rows_of(unseen)))
    assert found.sum(axis=1) == pytest.approx(1)


def test_one_class_alone_is_certain():
    found = fitted(SklearnClassifier(path="sklearn.svm.SVC"), part_of([2] * 6))
    assert found.predict({"features": np.zeros((1, 12), np.float32)}).tolist() == [0, 0, 1]


def test_a_class_without_clips_gets_nothing():
    found = fitted(SklearnClassifier(), part_of(np.arange(20) % 2 * 2))
    assert asked(found, part_of(LABELS))[:, 1].max() == 0


def test_several_labels_a_clip_are_refused():
    part = part_of(np.eye(3, dtype=int)[LABELS])
    with pytest.raises(mertk.ComponentError, match="one label a clip"):
        fitted(SklearnClassifier(), part)


def test_a_transformer_gives_what_it_gives_alone():
    part = part_of(LABELS)
    block = fitted(SklearnTransformer(path="sklearn.decomposition.PCA", n_components=3), part)
    alone = PCA(n_components=3, random_state=0).fit(rows_of(part).astype(np.float32))
    row = part.inputs[4]
    expected = alone.transform(mertk.flatten(row)[None])
    np.testing.assert_allclose(block.fuse(row)["features"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "use", "said"),
    [
        ("classifier", "sklearn:sklearn.ensemble.ExtraTreeClassifier", "did you mean sklearn.ensemble.ExtraTreesC"),
        ("classifier", "sklearn:sklearn.svn.SVC", "No module named 'sklearn.svn'"),
        ("classifier", "sklearn:sklearn.svm.SVC,c=2", "takes no parameter 'c'. It takes: C, kernel"),
        ("classifier", "sklearn:sklearn.decomposition.PCA", "no classifier"),
        ("classifier", "sklearn:path=SVC", "no import path"),
        ("fusion", "sklearn:sklearn.svm.SVC", "no transformer"),
    ],
)  # fmt: skip
def test_a_wrong_path_is_one_line(kind, use, said):
    with pytest.raises(mertk.ParameterError, match=said) as error:
        REGISTRY.build(kind, mertk.Use.parse(use))
    assert "\n" not in str(error.value)


def test_the_path_may_stand_alone_and_first_only():
    use = mertk.Use.parse("sklearn:sklearn.svm.SVC,C=2")
    assert str(use) == "sklearn:sklearn.svm.SVC,C=2"
    assert use.to_json() == {"name": "sklearn", "path": "sklearn.svm.SVC", "C": 2}
    with pytest.raises(mertk.ParameterError, match="not key=value"):
        mertk.Use.parse("sklearn:C=2,sklearn.svm.SVC")
    with pytest.raises(mertk.ParameterError, match="not key=value"):
        mertk.Use.parse("lbptop:grid")


def test_any_module_of_torch_learns(networks):
    part, unseen = (pictures(part_of(LABELS, seed=seed)) for seed in (0, 1))
    net = TorchModule(path="networks_of_mine.Net", width=6, epochs=20, lr=0.01)
    found = asked(fitted(net, part), unseen)
    assert (found.argmax(axis=1) == LABELS).mean() > 0.9


def test_functions_that_hand_their_keywords_on_work():
    part = pictures(part_of(LABELS[:6]))
    wide = [{"flow": np.repeat(s["flow"], 3, axis=1)[:, :3].repeat(6, 2).repeat(6, 3)}
            for s in part.inputs]  # fmt: skip
    part = mertk.TrainingSet(
        inputs=wide, labels=part.labels, people=part.people, classes=part.classes
    )
    net = TorchModule(path="torchvision.models.squeezenet1_1", epochs=1)
    assert asked(fitted(net, part), part).shape == (6, 3)


def test_what_gives_no_logits_is_named(networks):
    with pytest.raises(mertk.ComponentError, match=r"gives \[2, 7\] for 2 clips of 3 classes"):
        fitted(TorchModule(path="networks_of_mine.Lost"), pictures(part_of(LABELS)))


def test_an_edited_class_is_another_component(networks):
    from mertk.storage import identity

    use = mertk.Use("torch_module", path="networks_of_mine.Net")
    before = identity.component_identity(REGISTRY, "classifier", use)
    sys.modules.pop("networks_of_mine")
    networks.write_text(NETWORK.replace("nn.ReLU()", "nn.Tanh()"))
    after = identity.component_identity(REGISTRY, "classifier", use)
    assert before["code"] != after["code"]
    assert before["source"] == after["source"]


@pytest.fixture
def search_path(monkeypatch):
    """`sys.path`, put back afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield sys.path
    for name in set(sys.modules) - before:
        if name.startswith(("mertk_file_", "mine_")):
            del sys.modules[name]


def test_a_module_of_the_current_folder_is_found(tmp_path, monkeypatch, search_path):
    (tmp_path / "mine_here.py").write_text(NETWORK)
    use = mertk.Use.parse("torch_module:mine_here.Net")
    with pytest.raises(mertk.ParameterError, match="current folder and beside a plug-in file"):
        REGISTRY.build("classifier", use)
    monkeypatch.chdir(tmp_path)
    assert REGISTRY.build("classifier", use).path == "mine_here.Net"
    assert search_path[-1] == str(tmp_path)  # it hides no other module


def test_what_a_module_of_ones_own_lacks_is_named(tmp_path, monkeypatch, search_path):
    (tmp_path / "mine_broken.py").write_text("import mine_is_missing")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(mertk.ParameterError, match="No module named 'mine_is_missing'"):
        REGISTRY.build("classifier", mertk.Use.parse("torch_module:mine_broken.Net"))


@pytest.mark.parametrize("module", ["mine_plugin", "mine_beside"])
def test_a_network_in_a_plugin_file_or_beside_it_is_found_and_identified(
    module, tmp_path, search_path
):
    from mertk.storage import identity

    plugin = NETWORK + "import mertk\n@mertk.hookimpl\ndef mertk_register(register): pass\n"
    (tmp_path / "mine_plugin.py").write_text(plugin)
    (tmp_path / "mine_beside.py").write_text(NETWORK)
    plugins = mertk.load_plugins([tmp_path / "mine_plugin.py"])
    use = mertk.Use("torch_module", path=f"{module}.Net")
    before = identity.component_identity(plugins.registry, "classifier", use)
    assert plugins.registry.build("classifier", use).path == f"{module}.Net"
    sys.modules.pop(module)
    file = tmp_path / f"{module}.py"
    file.write_text(file.read_text().replace("nn.ReLU()", "nn.Tanh()"))
    after = identity.component_identity(plugins.registry, "classifier", use)
    assert before["code"] != after["code"]


def test_a_recipe_takes_a_class_in_the_place_of_a_name(networks, tmp_path, search_path):
    import networks_of_mine

    use = mertk.Use(networks_of_mine.Net, width=6)
    assert use == mertk.Use("torch_module", path="networks_of_mine.Net", width=6)
    assert REGISTRY.build("classifier", mertk.Use(SVC, C=2)).path == "sklearn.svm._classes.SVC"
    (tmp_path / "mine_plugin.py").write_text(NETWORK)
    mertk.load_plugins([tmp_path / "mine_plugin.py"])
    (loaded,) = [one for name, one in sys.modules.items() if name.startswith("mertk_file_mine_")]
    assert mertk.Use(loaded.Net).params["path"] == "mine_plugin.Net"
    with pytest.raises(mertk.ParameterError, match="register it in a plug-in"):
        mertk.Use(networks_of_mine.Nearest)

    class Inner(networks_of_mine.Net):
        pass

    with pytest.raises(mertk.ParameterError, match="at the top of a module"):
        mertk.Use(Inner)


def test_an_installed_class_is_known_by_its_release():
    from importlib.metadata import version

    from mertk.storage import identity

    use = mertk.Use("sklearn", path="sklearn.svm.SVC")
    found = identity.component_identity(REGISTRY, "classifier", use)
    known = [f"{name} {version(name)}" for name in ("scikit-learn", "numpy", "scipy")]
    assert found["code"].startswith(known[0])
    assert all(one in found["code"] for one in known)


def test_an_estimator_can_be_swapped_into_a_model(tmp_path):
    results = mertk.bench(
        ["lbptop"],
        dataset="synthetic:subjects=3,clips=3,size=64",
        swaps=[("classifier", [mertk.Use.parse("sklearn:sklearn.svm.SVC,C=0.5")])],
        out=tmp_path, jobs=1, floors=False,
    )  # fmt: skip
    assert 0 <= results.table()["UF1"][0] <= 1
    assert SVC.__name__ in results.table()["model"][0]


def test_xgboost_takes_a_fold_that_lacks_a_class():
    pytest.importorskip("xgboost")
    part = part_of(np.arange(24) % 2 * 2, spread=0.2)
    model = SklearnClassifier(path="xgboost.XGBClassifier", n_estimators=20, n_jobs=1)
    found = asked(fitted(model, part), part)
    assert found[:, 1].max() == 0
    assert found.argmax(axis=1).tolist() == part.labels.tolist()
    assert found.sum(axis=1) == pytest.approx(1)
