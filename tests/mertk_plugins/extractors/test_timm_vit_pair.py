"""A frozen vision transformer on two frames; random weights, so that no network is needed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mertk import ComponentError, DataError, Faces, Frames, Regions
from mertk_plugins.extractors.timm_vit_pair import TimmVitPair

WHOLE = Regions(names=("face",), boxes=np.array([[0, 0, 40, 40]]))
HALVES = Regions(names=("l", "r"), boxes=np.array([[0, 0, 20, 40], [20, 0, 40, 40]]))
CLIP = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)


def pair(**params: object) -> TimmVitPair:
    return TimmVitPair(
        **({"backbone": "vit_tiny_patch16_224", "pretrained": False, "size": 32} | params)
    )


def faces(apex: int = 2) -> Faces:
    return Faces(frames=Frames.of(CLIP), onset=0, apex=apex, offset=2)


def test_each_region_gets_mean_and_maximum_of_the_tokens_differences():
    found = pair().extract(faces(), HALVES)
    assert found.shape == (2, 2 * 192)
    assert (found[:, 192:] > found[:, :192]).all()
    assert np.abs(found[0] - found[1]).max() > 0


def test_an_apex_that_is_the_onset_shows_no_change():
    assert not pair().extract(faces(apex=0), WHOLE).any()


def test_random_weights_are_the_same_ones_always():
    torch.manual_seed(1)
    first = pair().extract(faces(), WHOLE)
    torch.manual_seed(2)
    np.testing.assert_array_equal(first, pair().extract(faces(), WHOLE))


def test_a_failed_download_is_told_in_one_line_and_not_tried_again(monkeypatch):
    tried = []

    def offline(*_given: object, **_named: object) -> None:
        tried.append(1)
        raise FileNotFoundError("no connection\nat all")

    monkeypatch.setattr("timm.create_model", offline)
    extractor = pair(pretrained=True)
    for _ in range(2):
        with pytest.raises(ComponentError, match=r"timm_vit_pair: .*pretrained=false") as told:
            extractor.extract(faces(), WHOLE)
        assert "\n" not in str(told.value)
    assert len(tried) == 1


@pytest.mark.parametrize("backbone", ["resnet18", "vit_nonsense"])
def test_what_is_no_vision_transformer_is_refused(backbone):
    with pytest.raises(ComponentError, match=backbone):
        pair(backbone=backbone).extract(faces(), WHOLE)


def test_a_clip_without_frames_and_a_size_of_0_are_refused():
    nothing = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    known = np.zeros((8, 8, 3), np.float32)
    with pytest.raises(DataError, match="needs frames"):
        pair().extract(Faces(frames=nothing, onset=0, offset=1, flow=known), WHOLE)
    with pytest.raises(ValueError, match="size=0"):
        pair(size=0)
