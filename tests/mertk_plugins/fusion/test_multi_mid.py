"""Moments as training samples, inside the fold."""

import numpy as np
import pytest
import torch

import mertk
from mertk.pipeline.pipeline import build_pipeline
from mertk_plugins.classifiers.ststnet import STSTNet
from mertk_plugins.fusion.multi_mid import MultiMid

SHAPES = {"x": (1, 5, 3, 8, 8)}


def fitted(inputs, labels, **params):
    model = STSTNet(**({"epochs": 2, "lr": 0.01} | params))
    train = mertk.TrainingSet(
        inputs=inputs, labels=np.array(labels), people=np.array(["a"] * len(labels)),
        classes=("x", "y"),
    )  # fmt: skip
    model.fit(train, np.random.default_rng(0), through=[MultiMid()])
    return model


def clips(count=6):
    rng = np.random.default_rng(1)
    return [{"x": rng.random(SHAPES["x"], np.float32)} for _ in range(count)]


def test_a_training_clip_shows_one_of_its_own_moments_and_another_one_later():
    torch.manual_seed(0)
    block = MultiMid().module(SHAPES).train()
    x = torch.rand(40, *SHAPES["x"])
    first, second = block({"x": x})["x"], block({"x": x})["x"]
    assert first.shape == (40, 1, 3, 8, 8)
    own = (first[:, None] == x.movedim(2, 1)).flatten(2).all(2)
    assert (own.sum(1) == 1).all()
    assert len(set(own.int().argmax(1).tolist())) == 5
    assert not torch.equal(first, second)


def test_logits_of_all_moments_are_averaged_for_a_clip_that_is_asked_about():
    inputs = clips()
    model = fitted(inputs, [0, 1] * 3)
    network = model._trained.module[-1]
    with torch.inference_mode():
        logits = network({"x": torch.from_numpy(inputs[0]["x"]).movedim(1, 0)}).mean(0)
    np.testing.assert_allclose(model.predict(inputs[0]), logits.softmax(0), rtol=1e-5)


def test_several_clips_at_once_are_predicted_as_one_by_one():
    inputs = clips()
    trained = fitted(inputs, [0, 1] * 3)._trained
    together = trained.probabilities({"x": np.stack([one["x"] for one in inputs])})
    alone = [trained.predict(one) for one in inputs]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_a_class_that_shows_at_any_moment_is_learnt_at_all():
    inputs = clips(8)
    for at, one in enumerate(inputs):
        one["x"][:, :, :, :, 4 * (at % 2) : 4 * (at % 2) + 4] += 2
    model = fitted(inputs, [0, 1] * 4, epochs=60)
    assert [model.predict(one).argmax() for one in inputs] == [0, 1] * 4


def test_other_streams_are_repeated_with_the_moments():
    block = MultiMid(stream="x").module(SHAPES | {"y": (2,)}).eval()
    found = block({"x": torch.rand(3, *SHAPES["x"]), "y": torch.arange(6).reshape(3, 2)})
    assert found["y"][:6].tolist() == [[0, 1]] * 5 + [[2, 3]]
    assert len(found["x"]) == len(found["y"]) == 15


def test_moments_are_drawn_inside_the_fold():
    registry = mertk.load_plugins().registry
    line = build_pipeline(registry, registry.recipe("ststnet_mid"))
    assert [step.place for step in line.inside] == ["fusion.0", "classifier"]
    assert len(line.blocks) == 1


def test_a_stream_without_moments_is_refused():
    with pytest.raises(mertk.ComponentError, match="moments"):
        MultiMid().module({"x": (3,)})
