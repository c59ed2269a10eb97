"""The networks since 2022, each by the same rules: sizes, gradients, training, chance."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

import mertk
from mertk.nn import schedule
from mertk_plugins.classifiers._htnet_net import tile_windows
from mertk_plugins.classifiers._jitter_net import Jitter
from mertk_plugins.classifiers._proxy_anchor_net import proxy_anchor
from mertk_plugins.classifiers.causalnet import CausalNet
from mertk_plugins.classifiers.dual_atme import DualATME
from mertk_plugins.classifiers.featref import FeatRef
from mertk_plugins.classifiers.htnet import HTNet
from mertk_plugins.classifiers.mmnet import MMNet
from mertk_plugins.classifiers.slstt import SLSTT

TINY = {"backbone": "vit_tiny_patch16_224", "pretrained": False}


@dataclass(frozen=True)
class Case:
    """A classifier: what it takes as published and in small, and parameters for both."""

    kind: type
    published: dict
    small: dict
    quick: dict = field(default_factory=dict)
    whole: dict = field(default_factory=dict)
    weights: int = 0


CASES = {
    "mmnet": Case(
        MMNet,
        {"motion": (1, 3, 224, 224), "onset": (1, 3, 14, 14)},
        {"motion": (1, 3, 32, 32), "onset": (1, 3, 2, 2)},
        {"width": 0.1, "degrees": 0.0, "shift": 0.0, "weight_decay": 0.0, "lr": 3e-3, "batch": 10},
        weights=9_438_841 - 2 * (512 * 14 * 14 + 1),
    ),
    "htnet": Case(
        HTNet,
        {"x": (4, 3, 14, 14)},
        {"x": (4, 3, 8, 8)},
        {"dim": 12, "depths": [1, 1, 2], "lr": 3e-3},
        whole={"depths": [1, 1, 1]},
        # the published network without the queries and keys of its 14 layers, and one number
        weights=117_387_781,
    ),
    "htnet with proxies": Case(
        HTNet,
        {"x": (4, 3, 14, 14)},
        {"x": (4, 3, 8, 8)},
        {"dim": 12, "depths": [1, 1, 2], "lr": 3e-3, "proxy": 0.5},
        whole={"depths": [1, 1, 1], "proxy": 0.5},
    ),
    "causalnet": Case(
        CausalNet,
        {"x": (4, 4, 3, 14, 14)},
        {"x": (4, 4, 3, 8, 8)},
        {"dim": 16, "depths": [1, 1, 1], "heads": 2, "hidden": 32, "lr": 3e-3},
        whole={"depths": [1, 1, 1]},
        weights=235_072_009,
    ),
    "featref": Case(
        FeatRef, {"x": (1, 2, 28, 28)}, {"x": (1, 2, 12, 12)}, {"hidden": 16, "lr": 1e-2}
    ),
    "slstt": Case(
        SLSTT,
        {"x": (1, 11, 3, 224, 224)},
        {"x": (1, 3, 3, 32, 32)},
        {**TINY, "depth": 1, "lr": 3e-2, "batch": 10, "aggregate": "mean"},
        whole={**TINY, "depth": 1},
    ),
    "dual_atme": Case(
        DualATME,
        {"x": (5, 3, 28, 28)},
        {"x": (5, 3, 12, 12)},
        {"hidden": 32, "lr": 1e-2},
        weights=4_833_193,
    ),
}
ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def clips(case, labels, classes=3):
    """Pictures in which the row of a bright bar tells the class."""
    rng = np.random.default_rng(0)
    inputs = []
    for label in labels:
        streams = {}
        for name, shape in case.small.items():
            x = rng.random(shape, np.float32) * 0.3
            rows = shape[-2] // classes
            x[..., label * rows : (label + 1) * rows, :] += 0.7
            streams[name] = x
        inputs.append(streams)
    return mertk.TrainingSet(
        inputs=inputs,
        labels=np.asarray(labels),
        people=np.array([f"p/{at}" for at in range(len(labels))]),
        classes=("negative", "positive", "surprise"),
    )


def fitted(case, train, seed=0, **params):
    model = case.kind(**(case.quick | {"epochs": 2} | params))
    model.fit(train, np.random.default_rng(seed))
    return model


def small(case, seed=0):
    torch.manual_seed(seed)
    params = {name: value for name, value in case.quick.items() if name not in ("lr", "batch")}
    return case.kind(**params).network(case.small, 3)


def batch(shapes, count=6):
    return {name: torch.rand(count, *shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", ["mmnet", "htnet", "dual_atme", "causalnet"])
def test_it_has_the_weights_of_the_authors_network(name):
    case = CASES[name]
    with torch.device("meta"):
        net = case.kind().network(case.published, 3)
    assert sum(p.numel() for p in net.parameters()) == case.weights


@ALL
def test_it_takes_the_published_size(case):
    net = case.kind(**case.whole).network(case.published, 5).eval()
    with torch.inference_mode():
        assert net(batch(case.published, 1)).shape == (1, 5)


@ALL
def test_gradients_reach_every_weight(case):
    net = small(case).train()
    loss = net(batch(case.small)).square().sum()
    loss = loss + schedule.compute_added_loss(net, torch.arange(6) % 3)
    loss.backward()
    assert [name for name, p in net.named_parameters() if not p.grad.abs().sum() > 0] == []


@ALL
def test_ten_clips_are_learnt_by_heart(case):
    train = clips(case, np.arange(10) % 3)
    model = fitted(case, train, epochs=60)
    assert [model.predict(x).argmax() for x in train.inputs] == list(train.labels)


@ALL
def test_a_class_without_clips_gets_probability_zero_and_a_single_one_all(case):
    train = clips(case, [0, 2, 0, 2])
    found = fitted(case, train).predict(train.inputs[0])
    assert found[1] == 0
    assert found.sum() == pytest.approx(1)
    train = clips(case, [1, 1])
    assert fitted(case, train).predict(train.inputs[0]).tolist() == [0, 1, 0]


@ALL
def test_the_same_generator_gives_the_same_prediction_bit_by_bit(case):
    train = clips(case, np.arange(6) % 3)
    first, again, other = (fitted(case, train, seed).predict(train.inputs[0]) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")
@ALL
def test_several_networks_can_run_as_one(case):
    nets = [small(case, seed).eval() for seed in (0, 1)]
    weights, buffers = stack_module_state(nets)
    given = batch(case.small)
    with torch.no_grad():
        stacked = vmap(lambda w, b: functional_call(nets[0], (w, b), (given,)))(weights, buffers)
        alone = torch.stack([net(given) for net in nets])
    torch.testing.assert_close(stacked, alone, rtol=1e-4, atol=1e-5)


@ALL
def test_other_streams_are_refused_with_a_hint(case):
    with pytest.raises(mertk.ComponentError, match=r"takes .*extractor.*given: y \[7\]"):
        case.kind(**case.whole).network({"y": (7,)}, 3)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (MMNet, {"width": 0}),
        (MMNet, {"shift": 1}),
        (HTNet, {"depths": [2, 2]}),
        (FeatRef, {"proposal": -1}),
        (SLSTT, {"depth": 2}),
        (DualATME, {"dropout": 1.0}),
    ],
)
def test_impossible_parameters_are_refused(kind, params):
    with pytest.raises(ValueError, match=next(iter(params))):
        kind(**params)


def test_an_onset_of_another_scale_is_refused():
    shapes = {"motion": (1, 3, 64, 64), "onset": (1, 3, 3, 3)}
    with pytest.raises(mertk.ComponentError, match="'motion' \\[1, 3, 48, 48\\]"):
        MMNet().network(shapes, 3)


def test_a_later_block_of_mmnet_sees_less_where_the_one_before_saw_less():
    block = small(CASES["mmnet"]).eval().blocks[1]
    given = torch.rand(1, block.conv[0].in_channels, 8, 8)
    with torch.inference_mode():
        _, alone = block(given, None)
        _, dimmed = block(given, torch.full((1, 1, 8, 8), 0.5))
    torch.testing.assert_close(dimmed, alone / 2)


def test_jitter_warps_all_pictures_of_a_clip_alike_and_only_while_training():
    torch.manual_seed(0)
    jitter = Jitter(degrees=0.0, shift=0.0)
    picture = torch.rand(20, 3, 8, 8)
    first, second = jitter(picture, picture)
    torch.testing.assert_close(first, second)
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(first, picture, strict=True)]
    turned = [torch.allclose(a.flip(-1), b, atol=1e-5) for a, b in zip(first, picture, strict=True)]
    assert all(a or b for a, b in zip(same, turned, strict=True))
    assert 0 < sum(same) < 20
    assert jitter.eval()(picture)[0] is picture


def test_four_windows_are_tiled_row_by_row():
    windows = torch.arange(4.0).reshape(1, 4, 1, 1, 1).expand(1, 4, 3, 2, 2)
    found = tile_windows(windows)
    assert found.shape == (1, 3, 4, 4)
    assert found[0, 0, ::2, ::2].tolist() == [[0, 1], [2, 3]]


def test_the_order_of_frames_matters_to_the_lstm_and_not_to_the_mean():
    case = CASES["slstt"]
    x = batch(case.small)
    turned = {"x": x["x"].flip(2)}
    for aggregate, alike in (("lstm", False), ("mean", True)):
        net = SLSTT(**(TINY | {"depth": 1}), aggregate=aggregate).network(case.small, 3).eval()
        with torch.inference_mode():
            assert torch.allclose(net(x), net(turned), atol=1e-6) == alike


def test_weights_that_cannot_be_downloaded_are_told_in_one_line(monkeypatch):
    def offline(*_given, **_named):
        raise OSError("no route to host\nmore")

    monkeypatch.setattr("timm.create_model", offline)
    with pytest.raises(
        mertk.ComponentError, match="slstt: the pretrained weights.*pretrained=false"
    ) as told:
        SLSTT().network(CASES["slstt"].published, 3)
    assert "\n" not in str(told.value)


def test_an_unknown_backbone_is_refused():
    with pytest.raises(mertk.ComponentError, match="vit_huge_nonsense"):
        SLSTT(backbone="vit_huge_nonsense", pretrained=False).network({"x": (1, 2, 3, 32, 32)}, 3)


def test_the_proposals_of_featref_are_learnt_for_several_labels_a_clip():
    case = CASES["featref"]
    net = small(case)
    net(batch(case.small))
    one = net.auxiliary(torch.arange(6) % 3)
    many = net.auxiliary(torch.eye(3)[torch.arange(6) % 3])
    torch.testing.assert_close(one, many)


def test_the_proxy_anchor_loss_is_that_of_the_formula():
    features = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    proxies = torch.tensor([[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    a, m = 4.0, 0.1
    similar = np.array([[1, 0, -1], [0, 1, 0], [1, 0, -1]])
    pull = [np.log(1 + 2 * np.exp(-a * (1 - m))), np.log(1 + np.exp(-a * (1 - m)))]
    far = np.exp(a * (similar + m)) * np.array([[0, 1, 1], [1, 0, 1], [0, 1, 1]])
    expected = np.mean(pull) + np.mean(np.log(1 + far.sum(0)))
    found = proxy_anchor(features, proxies, torch.tensor([0, 1, 0]), alpha=a, margin=m)
    assert float(found) == pytest.approx(expected)
    several = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 0, 0]])
    assert proxy_anchor(features, proxies, several, alpha=a, margin=m) == pytest.approx(found)


def test_tokens_across_each_other_do_not_see_each_other_and_an_early_flow_tells_of_the_late_one():
    net = CausalNet(dim=16, depths=[1, 1, 1], heads=2, hidden=32).network({"x": (4, 4, 3, 8, 8)}, 3)
    attend = net.causal.space.eval()
    tokens = torch.rand(1, 4, 16)
    moved = tokens.clone()
    moved[0, 3] += 1
    change = (attend(tokens, moved) - attend(tokens, tokens)).abs().sum(-1)[0]
    assert change[0] == 0
    assert change[1] > 0
    later = net.causal.time(tokens, tokens)
    assert (net.causal.time(moved, tokens) - later).abs().sum(-1)[0].gt(0).tolist() == [
        False,
        False,
        False,
        True,
    ]
