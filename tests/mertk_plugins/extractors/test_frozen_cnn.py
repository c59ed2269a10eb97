"""Features of a frozen network."""

import numpy as np
import pytest

import mertk
from mertk.nn import classifier
from mertk_plugins.extractors import frozen_cnn
from mertk_plugins.extractors.frozen_cnn import FrozenCNN

SMALL = {"network": "test_resnet", "pretrained": False, "frames": 2, "size": 32}
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
    made = FrozenCNN(**SMALL)
    assert made.extract(still, HALVES) == pytest.approx(made.extract(whole, HALVES), abs=1e-6)


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
