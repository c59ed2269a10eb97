"""The fully connected classifier."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import mertk
from mertk_plugins.classifiers._mlp_net import MLPNet
from mertk_plugins.classifiers.mlp import MLP


def clips(labels, classes=("a", "b", "c")):
    rng = np.random.default_rng(0)
    means = 2 * rng.normal(size=(3, 2, 3))
    inputs = [
        {"x": (means[c] + rng.normal(size=(2, 3))).astype(np.float32), "y": np.ones(2, np.float32)}
        for c in labels
    ]
    people = np.array([f"p/{at}" for at in range(len(labels))])
    return mertk.TrainingSet(
        inputs=inputs, labels=np.asarray(labels), people=people, classes=classes
    )


def fitted(train, seed=0, **params):
    mlp = MLP(**({"epochs": 60, "lr": 0.01, "hidden": [16], "dropout": 0.1} | params))
    mlp.fit(train, np.random.default_rng(seed))
    return mlp


def net(**changed):
    settings = {"hidden": [256], "dropout": 0.5, "l1": 0.0, "init": "code"} | changed
    return MLPNet({"features": (6, 64)}, 3, **settings)


def test_it_has_the_weights_of_the_papers_head():
    assert sum(p.numel() for p in net().parameters()) == 98_560 + 771


@pytest.mark.parametrize("loss", ["focal", "focal_binary", "cross_entropy"])
def test_ten_clips_are_learnt_by_heart(loss):
    train = clips(np.arange(10) % 3)
    mlp = fitted(train, loss=loss)
    assert [mlp.predict(x).argmax() for x in train.inputs] == list(train.labels)


def test_predictions_are_probabilities_of_all_classes():
    train = clips([0, 2, 0, 2])
    found = fitted(train).predict(train.inputs[0])
    assert found.shape == (3,)
    assert found[1] == 0
    assert found.sum() == pytest.approx(1)


def test_a_single_class_is_predicted_for_certain():
    train = clips([1, 1, 1])
    assert fitted(train).predict(train.inputs[0]).tolist() == [0, 1, 0]


def test_the_same_generator_gives_the_same_prediction_bit_by_bit():
    train = clips(np.arange(10) % 3)
    first, again, other = (fitted(train, seed).predict(train.inputs[0]) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_second_fit_forgets_the_first():
    mlp = fitted(clips([1, 1, 1]))
    train = clips(np.arange(10) % 3)
    mlp.fit(train, np.random.default_rng(0))
    assert np.array_equal(mlp.predict(train.inputs[0]), fitted(train).predict(train.inputs[0]))


def test_l1_makes_weights_small():
    train = clips(np.arange(10) % 3)
    sums = [
        sum(p.abs().sum().item() for p in fitted(train, l1=l1)._trained.module[-1]._list_weights())
        for l1 in (0.0, 0.1)
    ]
    assert sums[1] < sums[0] / 2


def test_gradients_reach_every_weight():
    network = net(hidden=[32, 16])
    network({"features": torch.randn(20, 6, 64)}).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in network.parameters())


def test_without_a_hidden_layer_it_is_a_linear_model():
    train = clips(np.arange(10) % 3)
    mlp = fitted(train, hidden=[])
    assert len(mlp._trained.module[-1].layers) == 0
    assert mlp.predict(train.inputs[0]).argmax() == 0


@pytest.mark.parametrize("bad", [{"hidden": [0]}, {"dropout": 1.0}, {"l1": -1.0}, {"epochs": 0}])
def test_parameters_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        MLP(**bad)


@pytest.mark.parametrize("loss", ["focal", "focal_binary", "cross_entropy"])
def test_several_labels_a_clip_are_learnt_by_heart(loss):
    train = clips(np.arange(12) % 3)
    shown = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])  # of a, b and c, by kind of clip
    many = replace(train, labels=shown[train.labels])
    mlp = fitted(many, loss=loss)
    found = np.stack([mlp.predict(x) for x in train.inputs])
    assert np.array_equal(found >= 0.5, many.labels == 1)
    assert not found[:, 2].any()  # no training clip has it
