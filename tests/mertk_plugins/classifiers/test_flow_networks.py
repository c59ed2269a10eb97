"""Every network over a flow picture: its size, its layers, its training."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

import mertk
from mertk_plugins.classifiers._emr_net import Adversary
from mertk_plugins.classifiers.dual_inception import DualInception
from mertk_plugins.classifiers.emr import EMR
from mertk_plugins.classifiers.offapexnet import OffApexNet
from mertk_plugins.classifiers.rcn import RCN
from mertk_plugins.classifiers.sssnet import SSSNet
from mertk_plugins.classifiers.timm_flow import TimmFlow

CLASSES = ("negative", "positive", "surprise")


@dataclass(frozen=True)
class Case:
    """A network as published, and small enough to be trained in a test.

    `built` are its parameters in both cases, `small` the pixels, `tiny` and `trained` the other
    parameters of the small one.
    """

    kind: Any
    weights: int
    published: int
    small: int
    channels: int = 3
    built: dict = field(default_factory=dict)
    tiny: dict = field(default_factory=dict)
    trained: dict = field(default_factory=dict)

    def network(self, size=None, classes=3, **params):
        size = size or self.published
        shapes = {"f": (1, self.channels, size, size)}
        return self.kind(**self.built | params).network(shapes, classes)

    def small_network(self):
        """With every weight at work: some are 0 before training."""
        net = self.network(self.small, **self.tiny)
        for weight in net.parameters():
            weight.data.add_(0.01)
        return net

    def pictures(self, count):
        return {"f": torch.randn(count, 1, self.channels, self.small, self.small)}

    def fitted(self, train, seed=0, **params):
        model = self.kind(**(self.built | self.tiny | self.trained | params))
        model.fit(train, np.random.default_rng(seed))
        return model

    def clips(self, labels):
        rng = np.random.default_rng(0)
        third = self.small // 3
        inputs = []
        for label in labels:
            x = 0.3 * rng.random((1, self.channels, self.small, self.small), np.float32)
            x[:, :, third * label : third * (label + 1)] += 0.5
            inputs.append({"f": x})
        people = np.array([f"p/{at}" for at in range(len(labels))])
        return mertk.TrainingSet(
            inputs=inputs, labels=np.asarray(labels), people=people, classes=CLASSES
        )


def rcn(variant, weights):
    return Case(
        RCN, weights, 60, 20, built={"variant": variant}, tiny={"maps": 8, "pool": 3},
        trained={"optimizer": "adam", "epochs": 60, "lr": 0.01, "lr_decay": 1.0},
    )  # fmt: skip


TINY = {"network": "test_resnet"}
CASES = {
    "sssnet": Case(SSSNet, 1_349_251, 64, 21, trained={"epochs": 30, "lr": 3e-3}),
    "offapexnet": Case(OffApexNet, 2_664_475, 28, 12, 2, trained={"epochs": 30, "lr": 1e-3}),
    "dual_inception": Case(
        DualInception, 6_449_963, 28, 12, 2, trained={"epochs": 30, "lr": 1e-3, "batch": 10}
    ),
    "rcn_a": rcn("a", 55_747),
    "rcn_s": rcn("s", 55_747),
    "rcn_w": rcn("w", 52_675),
    "rcn_p": rcn("p", 52_675),
    "rcn_f": rcn("f", 52_675),
    "timm_flow": Case(
        TimmFlow, 11_178_051, 112, 33, tiny=TINY, trained={"epochs": 60, "lr": 1e-3}
    ),
    "emr": Case(
        EMR, 11_242_953, 224, 66, tiny=TINY,
        trained={"epochs": 60, "lr": 3e-3, "backbone_lr": 0.3, "lr_decay": 1.0},
    ),
}  # fmt: skip
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every
def test_it_has_the_published_number_of_weights(case):
    with torch.device("meta"):  # shapes alone
        net = case.network()
    assert sum(p.numel() for p in net.parameters()) == case.weights


@every
def test_it_takes_the_published_picture_and_any_number_of_classes(case):
    net = case.network(classes=5).eval()
    found = net({"f": torch.randn(2, 1, case.channels, case.published, case.published)})
    assert found.shape == (2, 5)


@every
def test_gradients_reach_every_layer(case):
    torch.manual_seed(0)
    net = case.small_network()
    net(case.pictures(4)).square().sum().backward()
    # a bias before batch normalisation has no effect, by design of the published networks
    silent = [
        n for n, p in net.named_parameters() if p.grad is None or (p.ndim > 1 and not p.grad.any())
    ]
    assert not silent


@every
def test_ten_clips_are_learnt_by_heart(case):
    train = case.clips(np.arange(10) % 3)
    model = case.fitted(train)
    assert [model.predict(x).argmax() for x in train.inputs] == list(train.labels)


@every
def test_a_class_without_clips_gets_probability_zero_and_a_single_one_all(case):
    train = case.clips([0, 2, 0, 2])
    found = case.fitted(train, epochs=1).predict(train.inputs[0])
    assert found[1] == 0
    assert found.sum() == pytest.approx(1)
    train = case.clips([1, 1])
    assert case.fitted(train, epochs=1).predict(train.inputs[0]).tolist() == [0, 1, 0]


@every
def test_the_same_generator_gives_the_same_prediction_bit_by_bit(case):
    train = case.clips(np.arange(6) % 3)
    first, again, other = (
        case.fitted(train, seed, epochs=1).predict(train.inputs[0]) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@every
def test_several_labels_a_clip_can_be_trained(case):
    train = case.clips(np.arange(6) % 3)
    shown = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])
    many = replace(train, labels=shown[train.labels])
    found = case.fitted(many, epochs=1).predict(train.inputs[0])
    assert found[2] == 0
    assert (found[:2] > 0).all()
    assert (found[:2] < 1).all()


@every
def test_two_networks_side_by_side_answer_as_each_alone(case):
    nets = [case.small_network().eval() for _ in range(2)]
    x = case.pictures(3)
    with torch.no_grad():
        both = vmap(lambda *state: functional_call(nets[0], state, (x,)))(*stack_module_state(nets))
        alone = torch.stack([net(x) for net in nets])
    assert torch.allclose(both, alone, atol=1e-4)


@every
@pytest.mark.parametrize("shape", [(2, 3, 64, 64), (1, 5, 64, 64), (1, 3, 3, 3)])
def test_any_other_stream_is_refused_with_a_hint(case, shape):
    with pytest.raises(mertk.ComponentError, match="extractor flow"):
        case.kind().network({"f": shape}, 3)


@pytest.mark.parametrize("kind", [SSSNet, OffApexNet, RCN, TimmFlow, EMR])
def test_a_dropout_of_1_is_refused(kind):
    with pytest.raises(ValueError, match="dropout"):
        kind(dropout=1.0)


def shapes(net, *parts, size, channels=3):
    """The shapes that some parts of a network give, of one clip."""
    found = []
    hooks = [p.register_forward_hook(lambda *a: found.append(tuple(a[2].shape[1:]))) for p in parts]
    net.eval()({"f": torch.randn(1, 1, channels, size, size)})
    for hook in hooks:
        hook.remove()
    return found


def test_sssnets_maps_are_20_and_9_pixels_wide():
    net = CASES["sssnet"].network()
    found = shapes(net, net.maps[2], net.maps[7], size=64)
    assert found == [(32, 20, 20), (64, 9, 9)]


def test_offapexnet_keeps_its_components_apart_up_to_the_layers():
    net = CASES["offapexnet"].network().eval()
    x = torch.randn(1, 2, 28, 28)
    other = x.clone()
    other[:, 1] = 0
    first, again = net.maps(x), net.maps(other)
    assert first.shape == (1, 32, 7, 7)
    assert torch.equal(first[:, :16], again[:, :16])
    assert not torch.equal(first[:, 16:], again[:, 16:])


def test_dual_inceptions_streams_share_no_weights_and_give_64_maps_of_7_pixels():
    net = CASES["dual_inception"].network()
    found = shapes(net, *(net.streams[0][at] for at in range(4)), size=28, channels=2)
    assert found == [(24, 28, 28), (24, 14, 14), (64, 14, 14), (64, 7, 7)]
    one, other = (sum(p.numel() for p in stream.parameters()) for stream in net.streams)
    assert one == other == 11_668


@pytest.mark.parametrize(
    ("variant", "width"), [("a", 28), ("s", 28), ("w", 20), ("p", 20), ("f", 20)]
)
def test_the_stem_of_each_rcn_shrinks_the_picture_once(variant, width):
    net = CASES[f"rcn_{variant}"].network()
    found = shapes(net, net.stem, net.shrink, size=60)
    assert found == [(64, width, width), (64, width // 2, width // 2)]


def test_rcns_attention_is_the_mean_of_the_classes_activation_maps():
    net = CASES["rcn_a"].network()
    x = torch.randn(2, 64, 28, 28)
    pooled = torch.nn.functional.adaptive_avg_pool2d(x, 7)
    maps = []
    for row in net.head.weight:
        cam = (row.reshape(64, 7, 7) * pooled).mean(1)
        cam = cam - cam.amin((1, 2), keepdim=True)
        maps.append(cam / cam.amax((1, 2), keepdim=True))
    assert torch.allclose(net._compute_attention(x)[:, 0], sum(maps) / 3, atol=1e-6)
    assert torch.isfinite(net._compute_attention(torch.zeros(1, 64, 28, 28))).all()


@pytest.mark.parametrize("variant", ["a", "p", "f"])
def test_the_variants_with_attention_look_where_the_classifier_does(variant):
    net = CASES[f"rcn_{variant}"].network().eval()
    x = {"f": torch.randn(1, 1, 3, 60, 60)}
    with torch.no_grad():
        before = net(x)
        net.head.weight.mul_(2)  # maps are brought to 0 … 1, so attention stays
        assert torch.allclose(net(x), 2 * before, atol=1e-5)
        net._compute_attention = lambda _: torch.ones(1, 1, 7, 7)
        assert not torch.allclose(net(x), 2 * before, atol=1e-5)


def test_rcns_maps_are_a_multiple_of_four():
    with pytest.raises(ValueError, match="maps=6"):
        RCN(maps=6)


def test_emr_learns_from_each_part_and_from_both_and_asks_both():
    net = CASES["emr"].small_network()
    assert net(CASES["emr"].pictures(2)).shape == (2, 3, 3)
    assert net.eval()(CASES["emr"].pictures(2)).shape == (2, 3)


def test_emrs_upper_part_is_three_rows_of_seven():
    net = CASES["emr"].network().eval()
    maps = torch.randn(1, 512, 7, 7)
    net.backbone.forward = lambda _: maps
    seen = []
    for part in net.parts:
        part.register_forward_hook(lambda *hook: seen.append(hook[1][0]))
    net({"f": torch.zeros(1, 1, 3, 224, 224)})
    assert [tuple(x.shape) for x in seen] == [(1, 512), (1, 512)]
    assert torch.allclose(seen[0], maps[:, :, :3].mean((2, 3)))
    assert torch.allclose(seen[1], maps[:, :, 3:].mean((2, 3)))


def test_emrs_backbone_trains_at_a_rate_of_its_own():
    assert CASES["emr"].small_network().backbone.lr_scale == 0.01
    with pytest.raises(ValueError, match="backbone_lr"):
        EMR(backbone_lr=0.0)


def of_two_sets(train):
    """The same clips, every other one of another data set."""
    people = [f"{'ab'[at % 2]}/{at}" for at in range(len(train))]
    return replace(train, people=np.array(people))


def test_emrs_adversary_has_nothing_to_do_in_one_data_set():
    case = CASES["emr"]
    train = case.clips(np.arange(6) % 3)
    found, alone = (
        case.fitted(train, epochs=2, adversary=weight).predict(train.inputs[0]) for weight in (1, 0)
    )
    assert np.array_equal(found, alone)


def test_emrs_adversary_learns_from_data_sets_and_is_asked_nothing():
    case = CASES["emr"]
    train = of_two_sets(case.clips(np.arange(6) % 3))
    build = {"epochs": 3, "ramp": 1}
    found, again, alone = (
        case.fitted(train, adversary=weight, **build).predict(train.inputs[0])
        for weight in (1, 1, 0)
    )
    assert np.array_equal(found, again)
    assert not np.array_equal(found, alone)
    with pytest.raises(ValueError, match="adversary=-1"):
        EMR(adversary=-1)


def test_emrs_adversary_turns_the_gradient_round_and_not_its_own():
    def gradients(steps):
        torch.manual_seed(0)
        adversary = Adversary(sets=2, weight=1.0, ramp=10, dropout=0.0)
        adversary.steps = steps
        x = torch.randn(4, 128, requires_grad=True)
        adversary(x, torch.tensor([[0.0], [1.0], [0.0], [1.0]]))
        adversary.auxiliary(None).backward()
        plain = torch.autograd.grad(
            torch.nn.functional.cross_entropy(adversary.layers(x), torch.tensor([0, 1, 0, 1])),
            [x, adversary.layers[0].weight],
        )
        return (x.grad, adversary.layers[0].weight.grad), plain

    (given, own), (plain, plain_own) = gradients(steps=1000)
    assert torch.allclose(given, -plain)
    assert torch.allclose(own, plain_own)
    assert not gradients(steps=0)[0][0].any()  # at first the adversary learns alone


def test_a_network_made_for_one_size_says_which():
    case = replace(CASES["timm_flow"], built={"network": "test_vit"})
    with pytest.raises(mertk.ComponentError, match=r"160x160 pixels alone.*extractor.size=160"):
        case.network(64)
    assert case.network(160) is not None


@pytest.mark.parametrize("kind", [TimmFlow, EMR])
def test_weights_are_loaded_while_fitting_and_not_before(kind, monkeypatch):
    import timm

    asked = []

    def offline(name, *, pretrained, **options):
        asked.append(pretrained)
        raise OSError("no network")

    monkeypatch.setattr(timm, "create_model", offline)
    model = kind(pretrained=True)
    assert not asked
    train = CASES["emr"].clips([0, 1])
    with pytest.raises(mertk.ComponentError, match="pretrained=false, which starts from scratch"):
        model.fit(train, np.random.default_rng(0))
    assert asked == [True]


def test_emrs_adversary_has_dropout_and_begins_with_xaviers_weights():
    torch.manual_seed(0)
    layers = Adversary(sets=2, weight=1.0, ramp=10, dropout=0.1).layers
    assert [part.p for part in layers if isinstance(part, torch.nn.Dropout)] == [0.1, 0.1]
    first = layers[0]
    assert not first.bias.any()
    assert first.weight.std().item() == pytest.approx((2 / (128 + 64)) ** 0.5, rel=0.05)
