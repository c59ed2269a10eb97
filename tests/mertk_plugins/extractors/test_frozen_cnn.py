"""Features of a frozen network."""

import numpy as np
import pytest

import mertk
from mertk.nn import classifier
from mertk_plugins.extractors import frozen_cnn
from mertk_plugins.extractors.frozen_cnn import FrozenCNN
from mertk_plugins.extractors.pixels import Pixels

SMALL = {"network": "test_resnet", "pretrained": False, "size": 32}
HALVES = mertk.Regions(names=("l", "r"), boxes=np.array([[0, 0, 16, 32], [16, 0, 32, 32]]))


def faces(seed=0):
    clip = np.random.default_rng(seed).integers(0, 255, (4, 32, 32, 3), np.uint8)
    return mertk.Faces(frames=mertk.Frames.of(clip), onset=0, offset=3)


def extract(**params):
    return FrozenCNN(**(SMALL | params)).extract(faces(), HALVES)


def test_each_region_has_features_of_length_1():
    found = extract()
    assert found.shape == (2, 96)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)


def test_random_weights_are_those_of_the_seed_alone():
    first = extract()
    frozen_cnn._load_network.cache_clear()
    np.random.default_rng().random()
    assert np.array_equal(extract(), first)
    assert not np.array_equal(extract(seed=1), first)


def test_features_are_the_mean_over_frames():
    one = faces().frames[:1]
    still = mertk.Faces(frames=mertk.Frames.of(np.repeat(one, 3, 0)), onset=0, offset=2)
    whole = mertk.Faces(frames=mertk.Frames.of(one), onset=0, offset=0)
    made = FrozenCNN(**SMALL, pool="mean", frames=2)
    assert made.extract(still, HALVES) == pytest.approx(made.extract(whole, HALVES), abs=1e-6)


def test_by_default_features_are_those_of_the_apex_minus_those_of_the_onset():
    def mean_of(at):
        net = frozen_cnn._load_network("test_resnet", False, "", 0)
        pixels = Pixels(frame="onset", size=32, colour=True, raw=True)
        one = mertk.Faces(frames=faces().frames, onset=at, offset=at)
        return net.apply({"pixels": pixels.extract(one, HALVES)[:, None]})

    clip = faces()
    clip = mertk.Faces(frames=clip.frames, onset=1, apex=2, offset=3)
    expected = mean_of(2) - mean_of(1)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert FrozenCNN(**SMALL).extract(clip, HALVES) == pytest.approx(expected, abs=1e-5)
    still = mertk.Faces(frames=clip.frames, onset=1, apex=1, offset=1)
    assert not FrozenCNN(**SMALL).extract(still, HALVES).any()


@pytest.mark.parametrize("network", ["test_resnet", "resnet18"])
def test_no_residual_branch_of_a_random_network_is_dead(network):
    import torch

    body = frozen_cnn._load_network(network, False, "", 0).module.body
    scales = [n.weight for n in body.modules() if isinstance(n, torch.nn.BatchNorm2d)]
    assert len(scales) > 3
    assert all(scale.all() for scale in scales)
    assert not all(
        norm.weight.all()
        for norm in classifier.create_backbone("who", network, pretrained=False).modules()
        if isinstance(norm, torch.nn.BatchNorm2d)
    )  # timm's own are


def test_without_a_download_the_message_says_what_to_do(monkeypatch):
    import timm

    def offline(*_args, **_kwargs):
        raise OSError("cannot reach the hub.\nmany lines")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(mertk.ComponentError, match=r"reach the hub.*pretrained=false"):
        extract(network="resnet18.tv_in1k", pretrained=True)


def test_an_unknown_network_is_named():
    with pytest.raises(mertk.ComponentError, match=r"'resnet_of_mine'.*list_models"):
        classifier.create_backbone("who", "resnet_of_mine", pretrained=False)
