"""STSTNet: its size, its layers, its training."""

import copy
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from torch import nn

import mertk
from mertk.storage.source_code.component import read_code
from mertk_plugins.classifiers import _ststnet_loops_net
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


def train_once(net, pictures, labels, weight=None):
    """Gradients, running statistics and the generator's next number after one training step."""
    if weight is not None:
        net.norm.weight.data = weight.to(net.norm.weight)
    torch.manual_seed(1)
    nn.functional.cross_entropy(net({"features": pictures}), labels).backward()
    return [*(p.grad for p in net.parameters()), *net.norm.buffers(), torch.rand(1)]


@pytest.mark.parametrize(("size", "share"), [((28, 28), 0.5), ((11, 8), 0.3), ((8, 11), 0.0)])
def test_loops_of_the_extra_fast_train_as_torch_does(size, share, monkeypatch):
    """In double precision, so that nothing but rounding differs; with numba where it is there."""
    torch.manual_seed(0)
    net = STSTNetwork("features", size, 3, dropout=share).double()
    pictures = torch.randn(5, 1, 3, *size, dtype=torch.float64)
    pictures[:, :, :, :3] = 0  # equal values, of which one is the largest
    given = pictures, torch.tensor([0, 1, 2, 0, 1]), torch.linspace(0.1, 2, 16)
    monkeypatch.setattr(_ststnet_loops_net, "_compile", lambda _loop: None)
    expected = train_once(copy.deepcopy(net), *given)
    monkeypatch.undo()
    ran, compile_loop = [], _ststnet_loops_net._compile
    monkeypatch.setattr(
        _ststnet_loops_net, "_compile", lambda loop: ran.append(loop) or compile_loop(loop) or loop
    )
    found = train_once(copy.deepcopy(net), *given)
    assert len(ran) == 5  # one asks whether there is numba, four run
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_a_scale_of_0_or_below_and_a_gradient_of_the_pictures_are_left_to_torch(monkeypatch):
    def refuse(*_given):
        raise AssertionError

    monkeypatch.setattr(_ststnet_loops_net, "_run", refuse)
    net, pictures, labels = network(), torch.randn(4, 1, 3, 28, 28), torch.tensor([0, 1, 2, 0])
    train_once(net, pictures, labels, -torch.ones(16))
    train_once(network(), pictures.requires_grad_(), labels)
    assert pictures.grad is not None


def test_losses_with_numba_are_those_without_but_for_rounding_and_the_identity_names_it():
    pytest.importorskip("numba")
    assert "numba" in read_code(STSTNet).libraries
    train = clips(np.arange(60) % 3)
    found = fitted(train, epochs=10, lr=1e-3)._trained.losses
    with mock.patch.object(_ststnet_loops_net, "_compile", return_value=None):
        expected = fitted(train, epochs=10, lr=1e-3)._trained.losses
    np.testing.assert_allclose(found, expected, atol=1e-6)
