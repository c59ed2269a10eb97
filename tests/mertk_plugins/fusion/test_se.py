"""Squeeze and excitation over regions."""

import numpy as np
import pytest
import torch
from timm.layers import SEModule

import mertk
from mertk_plugins.classifiers.mlp import MLP
from mertk_plugins.fusion.se import SE
from mertk_plugins.fusion.truncate import Truncate


def test_the_result_is_that_of_timm_on_the_same_weights():
    block = SE().module({"features": (6, 32)})
    reference = SEModule(6, rd_channels=2)
    weights = zip(reference.parameters(), block.se.parameters(), strict=True)
    for known, given in weights:
        known.data = given.data
    x = torch.randn(5, 6, 32)
    assert torch.allclose(block({"features": x})["features"], reference(x[..., None])[..., 0])


def test_a_region_is_weighted_as_a_whole_and_the_weight_is_shown():
    block = SE(ratio=0.5).module({"features": (6, 7, 32)})
    x = torch.rand(3, 6, 7, 32) + 1
    found = block({"features": x})["features"]
    weights = block.se.gate.shown["region_weights"]
    assert weights.shape == (3, 6)
    assert ((weights > 0) & (weights < 1)).all()
    assert torch.allclose(found, x * weights[:, :, None, None])


def test_gradients_reach_every_weight():
    torch.manual_seed(1)
    block = SE(ratio=1.0).module({"features": (6, 8)})
    block({"features": torch.randn(9, 6, 8)})["features"].square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in block.parameters())


def test_other_streams_pass_by_and_several_need_a_name():
    shapes = {"a": (2, 3), "b": (2, 4)}
    given = {name: torch.ones(1, *shape) for name, shape in shapes.items()}
    found = SE(stream="a").module(shapes)(given)
    assert torch.equal(found["b"], given["b"])
    assert not torch.equal(found["a"], given["a"])
    with pytest.raises(mertk.ComponentError, match="Known: a, b"):
        SE().module(shapes)


def test_it_is_trained_with_a_classifier_and_explains_a_clip():
    rng = np.random.default_rng(0)
    labels = np.arange(12) % 2
    inputs = [{"features": rng.normal(size=(3, 4)).astype(np.float32) + 3 * c} for c in labels]
    train = mertk.TrainingSet(
        inputs=inputs, labels=labels, people=labels.astype(str), classes=("a", "b")
    )
    mlp = MLP(epochs=40, lr=0.01, hidden=[8])
    mlp.fit(train, np.random.default_rng(0), through=[SE()])
    assert [mlp.predict(x).argmax() for x in inputs] == list(labels)
    assert mlp.explain(inputs[0])["region_weights"].shape == (3,)


def test_a_ratio_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="ratio=0"):
        SE(ratio=0)


def test_truncate_rounds_towards_zero_as_a_cast_to_integers_does():
    given = np.array([[0.99, -0.99, 2.5, -2.5]], np.float32)
    found = Truncate().fuse({"features": given})["features"]
    assert np.array_equal(found, given.astype(np.int32))
    assert found.dtype == np.float32
