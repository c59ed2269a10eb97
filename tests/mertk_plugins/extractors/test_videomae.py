"""Features of a frozen VideoMAE, with small networks; nothing is downloaded."""

import numpy as np
import pytest

import mertk

pytest.importorskip("transformers")

from safetensors.torch import save_file
from transformers import VideoMAEConfig, VideoMAEModel

from mertk_plugins.extractors import videomae
from mertk_plugins.extractors.videomae import VideoMAE

SMALL = {"pretrained": False, "frames": 4, "size": 32}
WHOLE = mertk.Regions(names=("face",), boxes=np.array([[0, 0, 32, 32]]))
CONFIG = {
    "hidden_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "num_frames": 4,
    "image_size": 32,
}


@pytest.fixture(autouse=True)
def _forget():
    videomae._load_network.cache_clear()


def faces(apex=3):
    clip = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), np.uint8)
    return mertk.Faces(frames=mertk.Frames.of(clip), onset=0, apex=apex, offset=3)


def test_by_default_features_are_those_at_the_apex_minus_those_at_the_onset():
    found = VideoMAE(**SMALL).extract(faces(), WHOLE)
    assert found.shape == (1, 96)
    assert found.any()
    assert not VideoMAE(**SMALL).extract(faces(apex=1), WHOLE).any()  # in the first two frames
    mean = VideoMAE(**SMALL, pool="mean").extract(faces(), WHOLE)
    assert mean.shape == (1, 96)
    assert not np.allclose(mean, found)


def test_random_weights_are_always_the_same():
    first = VideoMAE(**SMALL).extract(faces(), WHOLE)
    videomae._load_network.cache_clear()
    assert np.array_equal(VideoMAE(**SMALL).extract(faces(), WHOLE), first)


@pytest.mark.parametrize("prefix", ["", "videomae."])
def test_weights_of_a_file_are_used(tmp_path, prefix):
    body = VideoMAEModel(VideoMAEConfig(**CONFIG))
    body.config.save_pretrained(tmp_path)
    tensors = {f"{prefix}{name}": value.clone() for name, value in body.state_dict().items()}
    save_file(tensors, tmp_path / "model.safetensors")
    made = VideoMAE(weights=str(tmp_path / "model.safetensors"), frames=4, size=32, pool="mean")
    pixels = np.moveaxis(np.stack([faces().frames[at] for at in range(4)]), -1, 1)[None]
    import torch

    x = torch.from_numpy(pixels).float() / 255
    x = (x - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor(
        [0.229, 0.224, 0.225]
    )[:, None, None]
    with torch.inference_mode():
        expected = body.eval()(x).last_hidden_state.mean(1).numpy()
    assert made.extract(faces(), WHOLE) == pytest.approx(expected, abs=1e-4)
    save_file({f"{prefix}other": torch.zeros(1)}, tmp_path / "model.safetensors")
    videomae._load_network.cache_clear()
    with pytest.raises(mertk.ComponentError, match="tensors are missing or have another shape"):
        made.extract(faces(), WHOLE)


def test_without_weights_it_says_so_once_and_refuses(monkeypatch):
    asked = []

    def offline(*args, **_kwargs):
        asked.append(args)
        raise OSError("cannot reach the hub.\nmany lines")

    monkeypatch.setattr(VideoMAEModel, "from_pretrained", offline)
    made = VideoMAE()
    for _ in range(2):
        with pytest.raises(mertk.ComponentError, match=r"reach the hub.*weights=FOLDER/"):
            made.extract(faces(), WHOLE)
    assert len(asked) == 1


def test_the_size_that_weights_are_for_is_named(tmp_path):
    body = VideoMAEModel(VideoMAEConfig(**CONFIG))
    body.config.save_pretrained(tmp_path)
    save_file({n: v.clone() for n, v in body.state_dict().items()}, tmp_path / "m.safetensors")
    with pytest.raises(mertk.ComponentError, match="takes 4 frames of 32 pixels, not 16 of 224"):
        VideoMAE(weights=str(tmp_path / "m.safetensors")).extract(faces(), WHOLE)


def test_without_transformers_it_names_the_extra(monkeypatch):
    monkeypatch.setattr(videomae.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(mertk.MissingPackageError, match=r"pip install 'mertk\[videomae\]'"):
        VideoMAE(**SMALL).extract(faces(), WHOLE)
