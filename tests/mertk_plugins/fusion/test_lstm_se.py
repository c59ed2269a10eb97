"""LSTMs per region, with and without a gate."""

import numpy as np
import pytest
import torch

import mertk
from mertk_plugins.classifiers.mlp import MLP
from mertk_plugins.fusion.lstm_concat import LSTMConcat
from mertk_plugins.fusion.lstm_se import LSTMSE

SHAPES = {"features": (6, 10, 256)}


def learnable(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def test_it_has_the_weights_of_the_paper_with_kerass_one_bias():
    assert learnable(LSTMConcat().module(SHAPES)) == 6 * 82_176
    assert learnable(LSTMSE().module(SHAPES)) == 6 * 82_176 + 74_208


def test_torchs_second_bias_is_there_and_stays_zero():
    module = LSTMSE().module(SHAPES)
    frozen = [p for p in module.parameters() if not p.requires_grad]
    assert sum(p.numel() for p in frozen) == 6 * 256
    assert all((p == 0).all() for p in frozen)


def test_the_weights_start_as_in_keras():
    lstm = LSTMSE().module(SHAPES).lstms[0]
    assert lstm.weight_ih_l0.std().item() == pytest.approx(0.01, rel=0.05)
    assert torch.allclose(lstm.weight_hh_l0.T @ lstm.weight_hh_l0, torch.eye(64), atol=1e-5)
    assert lstm.bias_ih_l0.reshape(4, 64).mean(1).tolist() == [0, 1, 0, 0]  # i, f, g, o


def test_regions_do_not_mix_without_a_gate():
    module = LSTMConcat().module(SHAPES).eval()
    x = torch.randn(2, *SHAPES["features"])
    other = x.clone()
    other[:, 3] += 1
    same = (module({"features": x})["features"] == module({"features": other})["features"]).all(2)
    assert same.tolist() == [[True, True, True, False, True, True]] * 2


def test_the_gate_weights_each_state_and_shows_the_mean_per_region():
    module = LSTMSE().module(SHAPES).eval()
    plain = LSTMConcat().module(SHAPES).eval()
    plain.lstms.load_state_dict(module.lstms.state_dict())
    x = {"features": torch.randn(2, *SHAPES["features"])}
    gate = module(x)["features"] / plain(x)["features"]
    assert ((gate > 0) & (gate < 1)).all()
    assert torch.allclose(module.gate.shown["region_weights"], gate.mean(2), atol=1e-4)


def test_the_gate_of_regions_weights_all_states_of_a_region_alike():
    module = LSTMSE(gate="regions").module(SHAPES).eval()
    states = torch.rand(3, 6, 64) + 1
    gate = module.gate(states) / states
    assert torch.allclose(gate, gate[:, :, :1].expand_as(gate))
    assert learnable(module.gate) == (6 * 2 + 2) + (2 * 6 + 6)


def test_gradients_reach_every_weight():
    torch.manual_seed(0)
    module = LSTMSE(hidden=8).module({"features": (3, 5, 4)})
    module({"features": torch.randn(6, 3, 5, 4)})["features"].square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in module.parameters() if p.requires_grad)


def sequences(count=10):
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    ramps = np.linspace(-1, 1, 6)[None, :, None] * np.where(labels, 1, -1)[:, None, None, None]
    noise = 0.2 * rng.normal(size=(count, 3, 6, 4))
    inputs = [{"features": x.astype(np.float32)} for x in ramps + noise]
    people = np.array([f"p/{at}" for at in range(count)])
    return mertk.TrainingSet(inputs=inputs, labels=labels, people=people, classes=("down", "up"))


@pytest.mark.parametrize("block", [LSTMSE(hidden=8), LSTMConcat(hidden=8)])
def test_ten_clips_that_differ_in_order_alone_are_learnt_by_heart(block):
    train = sequences()
    mlp = MLP(hidden=[16], epochs=60, lr=0.01, dropout=0)
    mlp.fit(train, np.random.default_rng(0), through=[block])
    assert [mlp.predict(x).argmax() for x in train.inputs] == list(train.labels)


def test_the_same_generator_gives_the_same_prediction_bit_by_bit():
    train = sequences()
    found = []
    for seed in (0, 0, 1):
        mlp = MLP(epochs=3, lr=0.01)
        mlp.fit(train, np.random.default_rng(seed), through=[LSTMSE()])
        found.append(mlp.predict(train.inputs[0]))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_clip_is_explained_by_its_regions_weights():
    train = sequences()
    mlp = MLP(epochs=1)
    mlp.fit(train, np.random.default_rng(0), through=[LSTMSE()])
    shown = mlp.explain(train.inputs[0])
    assert list(shown) == ["region_weights"]
    assert shown["region_weights"].shape == (3,)


def test_a_stream_without_time_is_refused():
    with pytest.raises(mertk.ComponentError, match="regions, time, features"):
        LSTMSE().module({"features": (6, 256)})


def test_parameters_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="dropout=1"):
        LSTMSE(dropout=1)
