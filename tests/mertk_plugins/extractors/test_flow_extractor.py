"""The flow pictures."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import ComponentError, DataError, Faces, Frames, Regions
from mertk.vision import optical_flow
from mertk_plugins.extractors.flow import Flow

WHOLE = Regions(names=("whole",), boxes=np.array([[0, 0, 64, 48]]))
NOTHING = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))


def moving() -> Faces:
    y, x = np.mgrid[:48, :64].astype(float)
    clip = [127 + 60 * np.sin((x - 0.4 * t) / 4) * np.cos(y / 5) for t in range(6)]
    pixels = np.repeat(np.rint(clip).astype(np.uint8)[..., None], 3, axis=3)
    return Faces(frames=Frames.of(pixels), onset=0, apex=3, offset=5)


def precomputed(height: int = 48, width: int = 64) -> Faces:
    known = np.random.default_rng(0).normal(size=(height, width, 3)).astype(np.float32)
    return Faces(frames=NOTHING, onset=0, offset=9, flow=known)


def test_the_whole_face_gives_one_picture_of_u_v_and_strain():
    found = Flow().extract(moving(), WHOLE)
    assert found.shape == (1, 3, 28, 28)
    assert found.dtype == np.float32
    assert found.min(axis=(0, 2, 3)).tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.max(axis=(0, 2, 3)), 1)


def test_vectors_stay_in_pixels_of_the_face():
    found = Flow(normalise="none", size=16).extract(moving(), WHOLE)
    assert abs(np.median(found[0, 0]) - 1.2) < 0.1
    assert abs(np.median(found[0, 1])) < 0.1


def test_a_precomputed_flow_is_used_as_it_is():
    known = precomputed()
    found = Flow(size=0, normalise="none").extract(known, WHOLE)
    np.testing.assert_array_equal(found[0], np.moveaxis(known.flow, -1, 0))


def test_a_precomputed_flow_of_another_size_is_resized():
    known = precomputed(24, 32)
    known = Faces(frames=moving().frames, onset=0, offset=5, flow=known.flow)
    found = Flow(size=12, normalise="none").extract(known, WHOLE)
    np.testing.assert_allclose(found.mean(), known.flow.mean(), atol=1e-5)


def test_regions_are_cut_from_the_flow_of_the_whole_face():
    halves = Regions(names=("l", "r"), boxes=np.array([[0, 0, 32, 48], [32, 0, 64, 48]]))
    parts = Flow(size=0, normalise="none").extract(moving(), halves)
    whole = optical_flow.onset_apex(moving())
    np.testing.assert_array_equal(parts[1], np.moveaxis(whole[:, 32:], -1, 0))


def test_normalising_keeps_the_regions_in_proportion():
    halves = Regions(names=("l", "r"), boxes=np.array([[0, 0, 32, 48], [32, 0, 64, 48]]))
    known = precomputed()
    known.flow[:, 32:] *= 10
    left, right = np.abs(Flow(normalise="signed_max", size=8).extract(known, halves))
    assert right.max() == 1
    assert left.max() < 0.3


def test_channels_can_be_chosen():
    known = precomputed()
    found = Flow(size=0, normalise="none", channels=("strain", "u")).extract(known, WHOLE)
    np.testing.assert_array_equal(found[0], np.moveaxis(known.flow, -1, 0)[[2, 0]])


def test_flow_to_the_middle_needs_no_apex_and_takes_no_notice_of_one():
    whole = Flow(normalise="none", size=0, target="middle")
    found = whole.extract(moving(), WHOLE)
    middle = Faces(frames=moving().frames, onset=0, apex=2, offset=5)
    np.testing.assert_array_equal(found, Flow(normalise="none", size=0).extract(middle, WHOLE))
    assert abs(np.median(found[0, 0]) - 0.8) < 0.1
    with pytest.raises(DataError, match="target=apex"):
        whole.extract(precomputed(), WHOLE)


def test_regions_of_mixed_size_need_a_size():
    mixed = Regions(names=("l", "r"), boxes=np.array([[0, 0, 30, 48], [30, 0, 64, 48]]))
    with pytest.raises(ComponentError, match="set size"):
        Flow(size=0).extract(moving(), mixed)


@pytest.mark.parametrize("params", [{"size": -1}, {"channels": ()}, {"channels": ("u", "w")}])
def test_impossible_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        Flow(**params)
