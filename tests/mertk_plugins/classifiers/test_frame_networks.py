"""Networks that look at frames, or at maps per frame: their sizes, layers, training."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest
import torch

import mertk

CLASSES = ("negative", "positive", "surprise")
REGISTRY = mertk.load_plugins().registry

# Per network: the shape of a small clip's stream, pixels or not, and a small network.
SMALL = {
    "microexpstcnn": ((1, 18, 1, 14, 14), True, {"optimizer": "adam", "lr": 3e-3}),
    "microexpstcnn late": ((2, 17, 1, 8, 8), True, {"optimizer": "adam", "fusion": "late"}),
    "microexpstcnn intermediate": ((2, 17, 1, 8, 8), True, {"optimizer": "adam"}),
    "me_capsule": (
        (1, 3, 34, 34), True,
        {"crop": 32, "width": 8, "kernel": 2, "pretrained": False, "augment": False, "lr": 1e-2},
    ),
    "cnn3d_cbam": ((1, 8, 1, 16, 16), True, {"width": 4, "ratio": 4, "lr": 1e-2, "dropout": 0.0}),
    "landmark_lfm": ((1, 4, 16, 16), False, {"maps": 4, "hidden": 16, "lr": 1e-2, "dropout": 0.0}),
}  # fmt: skip
FAST = {"epochs": 40, "batch": 10, "lr": 2e-3, "lr_decay": 1.0}


def made(case, **params):
    _, _, own = SMALL[case]
    given = FAST | own | params
    target = REGISTRY.get("classifier", case.split()[0]).load()
    known = inspect.signature(target).parameters
    return target(**{name: value for name, value in given.items() if name in known})


def clips(case, labels):
    """Clips whose class is a bright stripe that grows over time."""
    shape, pixels, _ = SMALL[case]
    rng = np.random.default_rng(0)
    inputs = []
    for c in labels:
        x = 0.3 * rng.random(shape, np.float32)
        width = shape[-1] // 3
        x[..., c * width : (c + 1) * width] += 0.6
        inputs.append({"features": (255 * x).astype(np.uint8) if pixels else x})
    people = np.array([f"p/{at}" for at in range(len(labels))])
    return mertk.TrainingSet(
        inputs=inputs, labels=np.asarray(labels), people=people, classes=CLASSES
    )


def fitted(case, train, seed=0, **params):
    model = made(case, **params)
    model.fit(train, np.random.default_rng(seed))
    return model


def network(case):
    torch.manual_seed(0)
    return made(case).network({"features": SMALL[case][0]}, 3)


def batch(case, count=6):
    train = clips(case, np.arange(count) % 3)
    return {"features": torch.from_numpy(np.stack([x["features"] for x in train.inputs]))}


@pytest.fixture(params=SMALL)
def case(request):
    return request.param


@pytest.mark.parametrize(
    ("name", "params", "shape", "weights"),
    [
        # convolution 32·(135 + 1), layers 12800·128 + 128 and 128·3 + 3
        ("microexpstcnn", {}, (1, 18, 1, 64, 64), 4_352 + 1_638_528 + 387),
        # ResNet-18 to its third stage, two convolutions of 9x9, 3·1152·16·8
        ("me_capsule", {"pretrained": False}, (1, 3, 240, 240), 13_842_496),
    ],
)
def test_it_has_the_published_number_of_weights(name, params, shape, weights):
    net = REGISTRY.build("classifier", mertk.Use(name, **params)).network({"x": shape}, 3)
    assert sum(p.numel() for p in net.parameters()) == weights


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("microexpstcnn", (1, 18, 1, 64, 64)),
        ("microexpstcnn", (2, 18, 1, 32, 32)),
        ("cnn3d_cbam", (1, 16, 1, 64, 64)),
        ("landmark_lfm", (1, 10, 68, 68)),
    ],
)
def test_a_clip_of_the_default_size_gives_logits(name, shape):
    net = REGISTRY.build("classifier", mertk.Use(name)).network({"x": shape}, 5).eval()
    with torch.inference_mode():
        found = net({"x": torch.zeros(1, *shape)})
    assert found.shape == (1, 5)
    assert torch.isfinite(found).all()


def test_the_capsules_of_a_picture_of_224_pixels_are_those_of_the_paper():
    net = REGISTRY.build("classifier", mertk.Use("me_capsule", pretrained=False)).network(
        {"x": (1, 3, 240, 240)}, 3
    )
    seen = {}
    for name in ("trunk", "conv", "primary"):
        part = getattr(net, name)
        part.register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out.shape}))
    with torch.inference_mode():
        net.eval()({"x": torch.zeros(1, 1, 3, 240, 240, dtype=torch.uint8)})
    assert seen["trunk"] == (1, 256, 28, 28)
    assert seen["conv"] == (1, 256, 20, 20)
    assert seen["primary"] == (1, 6 * 6 * 32, 8)
    assert net.capsules.weight.shape == (3, 1152, 16, 8)


def test_the_flat_convolution_equals_the_papers_3d_one():
    net = network("microexpstcnn")
    x = torch.randn(2, 1, 18, 14, 14)
    weight = net.conv.weight[:, None]
    maps = torch.nn.functional.conv3d(x, weight, net.conv.bias)
    assert maps.shape == (2, 32, 4, 12, 12)
    assert torch.allclose(net.pooled(x), torch.nn.functional.max_pool3d(maps, 3), atol=1e-5)


def test_gradients_reach_every_weight(case):
    net = network(case)
    net(batch(case)).square().sum().backward()
    unreached = [name for name, p in net.named_parameters() if not p.grad.abs().sum() > 0]
    assert not unreached


def test_ten_clips_are_learnt_by_heart(case):
    train = clips(case, np.arange(10) % 3)
    model = fitted(case, train)
    assert [model.predict(x).argmax() for x in train.inputs] == list(train.labels)


def test_a_class_without_clips_gets_probability_zero_and_a_single_one_all(case):
    train = clips(case, [0, 2, 0, 2])
    assert fitted(case, train, epochs=1).predict(train.inputs[0])[1] == 0
    train = clips(case, [1, 1])
    assert fitted(case, train, epochs=1).predict(train.inputs[0]).tolist() == [0, 1, 0]


def test_several_labels_a_clip_are_taken(case):
    train = clips(case, np.arange(6) % 3)
    many = replace(train, labels=np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])[train.labels])
    found = fitted(case, many, epochs=1).predict(train.inputs[0])
    assert ((found >= 0) & (found <= 1)).all()
    assert found[2] == 0


def test_the_same_generator_gives_the_same_prediction_bit_by_bit(case):
    train = clips(case, np.arange(6) % 3)
    kwargs = {"epochs": 2, "augment": True}
    first, again, other = (
        fitted(case, train, seed, **kwargs).predict(train.inputs[0]) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_several_networks_can_be_stacked_into_one_call(case):
    nets = [network(case).eval() for _ in range(2)]
    with torch.no_grad():
        for p in nets[1].parameters():
            p.mul_(0.5)
        params, buffers = torch.func.stack_module_state(nets)

        def call(params, buffers, streams):
            return torch.func.functional_call(nets[0], (params, buffers), (streams,))

        streams = batch(case)
        found = torch.func.vmap(call, in_dims=(0, 0, None))(params, buffers, streams)
        for net, one in zip(nets, found, strict=True):
            assert torch.allclose(net(streams), one, atol=1e-4)


def test_any_other_stream_is_refused_with_a_hint(case):
    wrong = {"features": np.zeros((1, 3), np.float32)}
    train = mertk.TrainingSet(
        inputs=[wrong] * 2,
        labels=np.array([0, 1]),
        people=np.array(["a", "b"]),
        classes=("x", "y"),
    )
    with pytest.raises(mertk.ComponentError, match=r"such as the extractor .*given: features \[1"):
        fitted(case, train)


def test_augmented_pictures_are_looked_at_in_the_middle_when_predicting():
    model = made("me_capsule", augment=True)
    net = model.network({"features": (1, 3, 34, 34)}, 3)
    streams = batch("me_capsule")
    net.eval()
    assert torch.equal(net(streams), net(streams))
    framed = {"features": streams["features"].clone()}
    framed["features"][..., 0, :] = 0
    assert torch.equal(net(streams), net(framed))
    net.train()
    assert not torch.equal(net(streams), net(streams))


def test_lengths_of_class_capsules_are_the_sigmoids_of_the_logits():
    from mertk_plugins.classifiers import _capsules_net

    x = torch.randn(5, 3, 16)
    lengths = _capsules_net.squash_capsules(x).norm(dim=-1)
    assert torch.allclose(_capsules_net.compute_logits(x).sigmoid(), lengths, atol=1e-5)


def test_pretrained_weights_of_another_width_are_refused():
    with pytest.raises(ValueError, match="width 64"):
        made("me_capsule", pretrained=True)
