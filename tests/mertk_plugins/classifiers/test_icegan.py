"""ICE-GAN: its layers, whom its losses teach, and what it learns in a fold."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from parts import CLASSES

import mertk
from mertk.nn import losses, schedule
from mertk_plugins.classifiers import _icegan_net
from mertk_plugins.classifiers.icegan import ICEGAN

SMALL = {"width": 8, "noise": 4, "lr": 3e-3, "lr_decay": 1.0, "batch": 10}
SIDE = 64


def clips(labels):
    """Clips whose class is where a bright stripe stands."""
    rng = np.random.default_rng(0)
    inputs = []
    for label in labels:
        x = 76 * rng.random((1, 1, SIDE, SIDE))
        x[..., label * 20 : label * 20 + 20] += 150
        inputs.append({"features": x.astype(np.uint8)})
    people = np.array([f"p/{at % 5}" for at in range(len(labels))])
    return mertk.TrainingSet(
        inputs=inputs, labels=np.asarray(labels), people=people, classes=CLASSES
    )


def fitted(train, seed=0, **params):
    model = ICEGAN(**SMALL | params)
    model.fit(train, np.random.default_rng(seed))
    return model


def network(side=SIDE, classes=3, **params):
    torch.manual_seed(0)
    return ICEGAN(**SMALL | params).network({"features": (1, 1, side, side)}, classes)


def large():
    """The paper's network, of shapes alone."""
    with torch.device("meta"):
        return network(128, width=64, noise=100).eval()


def batch(count=6):
    train = clips(np.arange(count) % 3)
    return {"features": torch.from_numpy(np.stack([x["features"] for x in train.inputs]))}


def weights(module):
    return sum(p.numel() for p in module.parameters())


def test_layers_of_a_picture_of_128_pixels_are_those_of_the_authors_code():
    net = large()
    seen = {}
    watched = {
        "patches": net.discriminator.patches, "primary": net.discriminator.primary,
        "kinds": net.discriminator.kinds, "valid": net.discriminator.valid,
        **{f"down{at}": part for at, part in enumerate(net.generator.down)},
        **{f"up{at}": part for at, part in enumerate(net.generator.up)},
    }  # fmt: skip
    for name, part in watched.items():
        part.register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out.shape}))
    x = torch.zeros(1, 1, 128, 128, device="meta")
    made = net.generator(x, torch.zeros(1, dtype=torch.int64, device="meta"))
    net.discriminator(x)
    down = [64, 128, 256, 512, 512, 512, 320]
    for at, maps in enumerate(down):
        assert seen[f"down{at}"] == (1, maps, 64 >> at, 64 >> at)
    for at, maps in enumerate(down[-2::-1]):
        assert seen[f"up{at}"] == (1, maps, 2 << at, 2 << at)
    assert made.shape == x.shape
    assert seen["patches"] == (1, 64, 8, 8)
    assert seen["primary"] == (1, 1024, 8)
    assert seen["kinds"] == (1, 3, 32)
    assert seen["valid"] == (1, 1, 32)


def test_the_number_of_weights_is_that_of_the_authors_layers():
    net = large()
    # Convolutions, norms, two of 1x1, capsules. Theirs has 512 more, a bias before a norm.
    patches = 16 * (64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 512) + 64
    norms, narrow = 2 * (128 + 256 + 512 + 512), 512 * 64 + 64 + 64 * 128 + 128
    assert weights(net.discriminator) == patches + norms + narrow + (3 + 1) * 1024 * 32 * 8
    sizes = [3 * 32, 512, 1024, 5120, 128 * 128]
    layers = sum((given + 1) * size for given, size in itertools.pairwise(sizes))
    assert weights(net.decoder) == layers
    widths = [1, 64, 128, 256, 512, 512, 512, 320]
    halving = sum(16 * a * b for a, b in itertools.pairwise(widths)) + 64 + 320
    doubling = 16 * (423 * 512 + 2 * 512 * 512 * 2 + 1024 * 256 + 512 * 128 + 256 * 64 + 128) + 1
    nodes = [maps // 4 for maps in widths[1:-1]]
    graphs = sum(2 * (4 * n * n + n) + 2 * (n * n + n) + 4 * n * n for n in nodes)
    assert weights(net.generator) == halving + doubling + graphs


def test_gradients_reach_every_weight():
    net = network()
    target = torch.arange(6) % 3
    (losses.margin(net(batch()), target) + schedule.compute_added_loss(net, target)).backward()
    unreached = [name for name, p in net.named_parameters() if not p.grad.abs().sum() > 0]
    assert not unreached


def test_each_loss_teaches_its_own_network():
    net = network()
    x = torch.rand(4, 1, SIDE, SIDE) * 2 - 1
    asked = torch.tensor([0, 1, 2, 0])
    net._compute_generator_loss(x, net.generator(x, asked), asked).backward()
    assert all(p.grad is None and p.requires_grad for p in net.discriminator.parameters())
    assert all(p.grad is not None for p in net.generator.parameters())
    net.zero_grad()
    net(batch()).sum().backward()
    assert all(p.grad is None for p in net.generator.parameters())


def test_what_is_made_depends_on_picture_class_and_noise():
    net = network().eval()
    x = torch.rand(2, 1, SIDE, SIDE)

    def made(x, asked, seed=0):
        torch.manual_seed(seed)
        return net.generator(x, torch.tensor(asked))

    found = made(x, [0, 0])
    assert found.abs().max() <= 1
    assert torch.equal(made(x, [0, 0]), found)
    for other in (made(x, [1, 1]), made(-x, [0, 0]), made(x, [0, 0], seed=1)):
        assert not torch.allclose(other, found, atol=1e-6)


def test_the_decoder_looks_at_the_longest_capsule_alone():
    decoder = _icegan_net.Decoder(SIDE, 8, 3).eval()
    kinds = torch.rand(2, 3, 32) * torch.tensor([0.1, 1.0, 0.2])[:, None]
    alone = kinds * torch.tensor([0.0, 1.0, 0.0])[:, None]
    assert decoder(kinds).shape == (2, 1, SIDE, SIDE)
    assert torch.equal(decoder(kinds), decoder(alone))


def test_made_pictures_leave_no_trace_in_the_statistics_of_real_ones():
    net = network()
    norm = net.discriminator.patches[3]
    norm.momentum = 1.0  # it remembers the last batch alone
    seen = []
    norm.register_forward_pre_hook(lambda _m, given: seen.append(given[0].mean((0, 2, 3))))
    with torch.no_grad():
        net(batch())
    real, made, *_ = seen
    assert torch.allclose(norm.running_mean, real)
    assert not torch.allclose(real, made, atol=1e-3)
    assert norm.momentum == 1.0


@pytest.mark.slow
def test_ten_clips_are_learnt_by_heart_and_the_generator_keeps_the_face():
    train = clips(np.arange(10) % 3)
    model = fitted(train, epochs=30)
    assert [model.predict(x).argmax() for x in train.inputs] == list(train.labels)
    net = model._trained.module[-1]
    x = torch.from_numpy(train.inputs[0]["features"]).float() / 127.5 - 1
    with torch.inference_mode():
        off = (net.generator(x, torch.tensor([0])) - x).abs().mean()
    assert off < 0.6 * x.abs().mean()


def test_chance_comes_from_the_generator_alone_bit_by_bit():
    train = clips([0, 1, 2, 0])
    first, again, other = (
        fitted(train, seed, epochs=2).predict(train.inputs[0]) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_predicting_takes_no_chance():
    train = clips([0, 1, 2, 0])
    model = fitted(train, epochs=1)
    assert np.array_equal(model.predict(train.inputs[1]), model.predict(train.inputs[1]))


def test_classes_without_clips_and_several_labels_a_clip_are_taken():
    train = clips([0, 2, 0, 2])
    assert fitted(train, epochs=1).predict(train.inputs[0])[1] == 0
    single = clips([1, 1])
    assert fitted(single, epochs=1).predict(single.inputs[0]).tolist() == [0, 1, 0]
    many = replace(train, labels=np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]]))
    found = fitted(many, epochs=1).predict(train.inputs[0])
    assert ((found >= 0) & (found <= 1)).all()
    assert found[2] == 0


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 64, 64), (1, 1, 32, 32), (1, 1, 96, 96)])
def test_any_other_stream_is_refused_with_a_hint(shape):
    with pytest.raises(mertk.ComponentError, match=r"the extractor pixels"):
        ICEGAN().network({"features": shape}, 3)


@pytest.mark.parametrize("params", [{"width": 6}, {"noise": 0}, {"identity": -1.0}])
def test_a_parameter_out_of_range_is_refused(params):
    with pytest.raises(ValueError, match=r"width=.*noise=.*identity="):
        ICEGAN(**params)
