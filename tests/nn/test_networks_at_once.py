"""Classifiers that are networks: all folds at once are each as they are alone."""

import numpy as np
import pytest

import mertk
from mertk.nn import classifier, parallel_folds
from mertk_plugins.classifiers.mlp import MLP
from mertk_plugins.classifiers.ststnet import STSTNet
from mertk_plugins.fusion.lstm_concat import LSTMConcat
from mertk_plugins.fusion.se import SE


def clips(shape, count=14):
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    inputs = [{"x": (rng.normal(size=shape) + label).astype(np.float32)} for label in labels]
    people = np.array([f"p/{at // 2}" for at in range(count)])
    return mertk.TrainingSet(inputs=inputs, labels=labels, people=people, classes=("a", "b", "c"))


def part(train, fold):
    return mertk.TrainingSet(
        inputs=[train.inputs[at] for at in fold],
        labels=train.labels[fold],
        people=train.people[fold],
        classes=train.classes,
    )


def loso(train):
    return [np.flatnonzero(train.people != person) for person in np.unique(train.people)]


def check(model, train, through=()):
    given = {"through": through} if through else {}
    parts = loso(train)
    rngs = [np.random.default_rng(at) for at in range(7)]
    many = list(model.fit_folds(train, parts, rngs, **given))
    assert len(many) == 7
    assert not hasattr(model, "_trained")
    for at, (found, fold) in enumerate(zip(many, parts, strict=True)):
        model.fit(part(train, fold), np.random.default_rng(at), **given)
        for clip in train.inputs:
            assert found.predict(clip) == pytest.approx(model.predict(clip), abs=1e-4)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (STSTNet(dropout=0.0, epochs=4, lr=0.01, batch=5), (1, 3, 12, 10)),
        (MLP(hidden=(6, 5), dropout=0.0, epochs=4, lr=0.01, batch=5, l1=0.01), (2, 3)),
    ],
    ids=["ststnet", "mlp"],
)
def test_all_folds_at_once_answer_as_each_alone(model, shape):
    check(model, clips(shape))


@pytest.mark.parametrize("block", [SE(), LSTMConcat(hidden=3)], ids=["se", "lstm_concat"])
def test_blocks_are_trained_along_with_each_fold(block):
    model = MLP(hidden=(6,), dropout=0.0, epochs=2, lr=0.01, batch=5)
    check(model, clips((2, 3, 4)), through=[block])


def test_a_fit_of_its_own_is_used_for_every_fold():
    class Doubled(MLP):
        def fit(self, train, rng, /, through=()):
            self.fitted = len(train)
            super().fit(train, rng, through)

    train = clips((2, 3))
    model = Doubled(hidden=(4,), epochs=1)
    parts = [np.arange(5), np.arange(9)]
    found = model.fit_folds(train, parts, [np.random.default_rng(0)] * 2)
    assert [one.fitted for one in found] == [5, 9]


def test_clips_of_several_shapes_are_refused_with_a_hint():
    train = clips((2, 3))
    train.inputs[3] = {"x": np.zeros((2, 4), np.float32)}
    with pytest.raises(mertk.ComponentError, match="pad_time"):
        next(MLP(epochs=1).fit_folds(train, [np.arange(5)] * 2, [np.random.default_rng(0)] * 2))


def test_only_networks_that_are_faster_for_it_fit_several_folds():
    registry = mertk.load_plugins().registry
    classes = {
        name: registry.get("classifier", name).load() for name in registry.names("classifier")
    }
    assert issubclass(classes["htnet"], classifier.NetworkClassifier)
    folds = classifier.FoldsNetworkClassifier
    found = {name for name, one in classes.items() if issubclass(one, folds)}
    assert found == {"mlp", "ststnet"}


@pytest.mark.parametrize("model", [STSTNet(epochs=1), MLP(hidden=(4,), epochs=1)])
def test_nothing_is_trained_before_it_is_asked_for(model, monkeypatch):
    monkeypatch.setattr(parallel_folds, "AT_ONCE", 2)
    trained = []
    descend = parallel_folds._train_members
    monkeypatch.setattr(
        parallel_folds,
        "_train_members",
        lambda *given: (trained.append(len(given[1])), descend(*given)),
    )
    train = clips((1, 3, 12, 10))
    parts = loso(train)
    found = model.fit_folds(train, parts, [np.random.default_rng(at) for at in range(7)])
    assert trained == []
    assert [(next(found), len(trained))[1] for _ in parts] == [1, 1, 2, 2, 3, 3, 4]
    assert trained == [2, 2, 2, 1]
