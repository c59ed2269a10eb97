"""STSTNet: its size, its layers, its training."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import mertk
from mertk_plugins.classifiers._ststnet_net import STSTNetwork
from mertk_plugins.classifiers.ststnet import STSTNet


def clips(labels, size=28, classes=("negative", "positive", "surprise")):
    rng = np.random.default_rng(0)
    inputs = []
    for c in labels:
        x = rng.random((1, 3, size, size), np.float32) * 0.3
        x[:, :, 8 * c : 8 * c + 8] += 0.5
        inputs.append({"features": x})
    people = np.array([f"p/{at}" for at in range(len(labels))])
    return mertk.TrainingSet(
        inputs=inputs, labels=np.asarray(labels), people=people, classes=classes
    )


def fitted(train, seed=0, **params):
    model = STSTNet(**({"epochs": 60, "lr": 0.01} | params))
    model.fit(train, np.random.default_rng(seed))
    return model


def network():
    return STSTNetwork("features", (28, 28), 3, dropout=0.5)


def test_it_has_1683_weights():
    assert sum(p.numel() for p in network().parameters()) == 1_683


def test_one_convolution_equals_the_papers_three_streams():
    torch.manual_seed(0)
    net = network().eval()
    x = torch.randn(2, 1, 3, 28, 28)
    parts, start = [], 0
    for filters in (3, 5, 8):
        conv = nn.Conv2d(3, filters, 3, padding=1)
        conv.weight.data = net.conv.weight.data[start : start + filters]
        conv.bias.data = net.conv.bias.data[start : start + filters]
        stream = nn.Sequential(
            conv, nn.ReLU(), nn.BatchNorm2d(filters), nn.MaxPool2d(3, 3, padding=1)
        )
        parts.append(stream.eval()(x[:, 0]))
        start += filters
    pooled = nn.functional.avg_pool2d(torch.cat(parts, 1), 2)
    assert pooled.shape == (2, 16, 5, 5)
    assert torch.allclose(net({"features": x}), net.head(pooled.flatten(1)), atol=1e-6)


def test_gradients_reach_every_weight():
    net = network()
    net({"features": torch.randn(8, 1, 3, 28, 28)}).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())


def test_ten_clips_are_learnt_by_heart():
    train = clips(np.arange(10) % 3)
    model = fitted(train)
    assert [model.predict(x).argmax() for x in train.inputs] == list(train.labels)


def test_a_class_without_clips_gets_probability_zero_and_a_single_one_all():
    train = clips([0, 2, 0, 2])
    assert fitted(train, epochs=1).predict(train.inputs[0])[1] == 0
    train = clips([1, 1])
    assert fitted(train, epochs=1).predict(train.inputs[0]).tolist() == [0, 1, 0]


def test_the_same_generator_gives_the_same_prediction_bit_by_bit():
    train = clips(np.arange(9) % 3)
    first, again, other = (
        fitted(train, seed, epochs=2).predict(train.inputs[0]) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_prediction_does_not_depend_on_clips_asked_about_before():
    train = clips(np.arange(9) % 3)
    model = fitted(train, epochs=2)
    alone = model.predict(train.inputs[0])
    model.predict(train.inputs[5])
    assert np.array_equal(model.predict(train.inputs[0]), alone)


@pytest.mark.parametrize(
    "streams",
    [
        {"features": np.zeros((2, 3, 28, 28), np.float32)},
        {"features": np.zeros((1, 3, 2, 2), np.float32)},
        {"a": np.zeros((1, 3, 28, 28), np.float32), "b": np.zeros(3, np.float32)},
    ],
)
def test_any_other_stream_is_refused_with_a_hint(streams):
    train = mertk.TrainingSet(
        inputs=[streams] * 2,
        labels=np.array([0, 1]),
        people=np.array(["a", "b"]),
        classes=("x", "y"),
    )
    with pytest.raises(mertk.ComponentError, match="extractor flow"):
        fitted(train)


def test_a_dropout_of_1_is_refused():
    with pytest.raises(ValueError, match="dropout"):
        STSTNet(dropout=1.0)


def test_several_labels_a_clip_are_learnt_by_heart():
    train = clips(np.arange(12) % 3)
    shown = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    many = replace(train, labels=shown[train.labels])
    model = fitted(many)
    found = np.stack([model.predict(x) for x in train.inputs])
    assert np.array_equal(found >= 0.5, many.labels == 1)
    assert not found[:, 2].any()
