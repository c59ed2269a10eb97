"""Patches of regions: which frames, which pixels, and how motion becomes grey levels."""

from __future__ import annotations

import numpy as np
import pytest

import mertk
from mertk_plugins.extractors.region_patches import RegionPatches, choose_positions

BOXES = {"brow": [8, 8, 40, 40], "mouth": [24, 40, 72, 72]}
REGIONS = mertk.Regions(names=tuple(BOXES), boxes=np.array(list(BOXES.values())))


def make_faces(pixels, *, apex=None, onset=0, flow=None):
    frames = mertk.Frames.of(np.asarray(pixels, np.uint8))
    return mertk.Faces(frames=frames, onset=onset, offset=len(pixels) - 1, apex=apex, flow=flow)


def make_texture(size=96, seed=0):
    """A smooth random texture, which optical flow can follow."""
    import cv2

    noise = np.random.default_rng(seed).uniform(0, 255, (size, size)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return 128 + 400 * (smooth - smooth.mean()) / 255


def shift(picture, right, down=0.0):
    import cv2

    matrix = np.array([[1, 0, right], [0, 1, down]], np.float64)
    return cv2.warpAffine(
        picture, matrix, picture.shape[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def make_colours(grey):
    return np.repeat(np.clip(np.rint(grey), 0, 255).astype(np.uint8)[..., None], 3, -1)


def extract(pixels, regions=REGIONS, *, apex=None, flow=None, **params):
    given = {"patches": 1, "patch_size": [16, 16], **params}
    return RegionPatches(**given).extract(make_faces(pixels, apex=apex, flow=flow), regions)


@pytest.mark.parametrize(
    ("count", "apex", "expected"),
    [
        (0, 3, list(range(11))),
        (99, 3, list(range(11))),
        (11, 3, list(range(11))),
        (1, 3, [3]),
        (1, None, [5]),
        (3, 4, [0, 4, 10]),
        (3, 10, [0, 5, 10]),
        (5, 4, [0, 2, 4, 8, 10]),
    ],
)
def test_frames_span_the_expression_and_hold_the_apex(count, apex, expected):
    faces = make_faces(np.zeros((11, 8, 8, 3)), apex=apex)
    assert choose_positions(faces, count).tolist() == expected


def test_frames_before_the_onset_are_not_used():
    pixels = np.arange(6)[:, None, None, None] * np.full((1, 96, 96, 3), 10)
    faces = make_faces(pixels, onset=2)
    found = RegionPatches(patches=1, patch_size=[8, 8]).extract(faces, REGIONS)
    assert found["mouth"][0, :, 0, 0, 0].tolist() == [20, 30, 40, 50]


def test_streams_are_named_by_region_and_hold_whole_numbers():
    found = extract(np.zeros((5, 96, 96, 3)), patches=4, patch_size=[8, 10], apex=3)
    assert list(found) == ["apex", "brow", "mouth"]
    assert found["brow"].shape == found["mouth"].shape == (1, 5, 8, 10, 12)
    assert found["brow"].dtype == np.uint8
    assert found["apex"].tolist() == [[0, 0, 0, 1, 0]]


def test_patches_run_row_by_row():
    pixels = np.zeros((1, 16, 16, 3))
    pixels[:, :8, 8:] = 200
    whole = mertk.Regions(names=("face",), boxes=np.array([[0, 0, 16, 16]]))
    cut = extract(pixels, whole, patches=4, patch_size=[8, 8])["face"]
    assert cut[0, 0].mean((0, 1)).reshape(4, 3)[:, 0].tolist() == [0, 200, 0, 0]


@pytest.mark.parametrize("kind", ["difference", "flow"])
def test_the_onset_frame_has_no_motion(kind):
    still = make_colours(make_texture())
    moved = make_colours(shift(make_texture(), 1))
    found = extract([still, moved, still], input=kind, gain=20)
    assert (found["mouth"][0, [0, 2]] == 128).all()


def test_a_difference_has_its_sign_and_loses_what_the_whole_face_has():
    """One region becomes 10 grey levels brighter while the light rises by 30 over the face."""
    before = np.full((96, 96, 3), 100)
    after = before + 30
    after[8:40, 8:40] += 10
    found = extract([before, after], input="difference", gain=4)
    assert found["mouth"][0, 1, 8:, 8:].mean() == pytest.approx(128, abs=1)
    assert found["brow"][0, 1, 6:10, 6:10].mean() == pytest.approx(128 + 4 * 10, abs=1)


def test_flow_has_its_sign_and_loses_the_motion_of_the_head():
    """The head moves by 2 px to the right; a corner, besides, by 1 px down."""
    texture = make_texture(200)
    after = shift(texture, 2)
    after[:70, :70] = shift(texture, 2, 1)[:70, :70]
    boxes = np.array([[16, 16, 54, 54], [8, 84, 192, 192], [84, 8, 192, 76]])
    regions = mertk.Regions(names=("corner", "rest", "side"), boxes=boxes)
    found = extract([make_colours(texture), make_colours(after)], regions, input="flow", gain=40)
    right, down, _ = found["corner"][0, 1, 6:10, 6:10].mean((0, 1)) - 128
    assert right == pytest.approx(0, abs=4)
    assert down == pytest.approx(40, abs=4)
    rest = found["rest"][0, 1, 4:12, 4:12].astype(float) - 128
    assert np.abs(rest[..., :2]).mean() < 2


def test_frames_end_at_the_apex_if_wanted():
    faces = make_faces(np.zeros((11, 8, 8, 3)), apex=6)
    assert choose_positions(faces, 4, "apex").tolist() == [0, 2, 4, 6]
    assert choose_positions(faces, 0, "apex").tolist() == list(range(7))
    assert choose_positions(make_faces(np.zeros((11, 8, 8, 3))), 1, "apex").tolist() == [5]
    found = extract(np.zeros((11, 96, 96, 3)), apex=6, frames=4, until="apex")
    assert list(found) == ["brow", "mouth"]


def test_a_precomputed_flow_map_is_the_only_frame_whatever_its_unit():
    flow = np.zeros((96, 96, 3), np.float32)
    flow[8:40, 8:40, 0] = 0.002
    flow[40:72, 24:72, 2] = 0.5
    found = extract(np.zeros((5, 96, 96, 3)), flow=flow, input="flow", gain=48)
    assert found["brow"].shape[1] == 1
    assert list(found) == ["brow", "mouth"]
    assert found["brow"][0, 0, 4:12, 4:12].mean((0, 1)) == pytest.approx([255, 128, 128], abs=1)
    assert found["mouth"][0, 0, 4:12, 4:12].mean((0, 1)) == pytest.approx([128, 128, 255], abs=1)


def test_a_clip_without_frames_needs_input_flow():
    empty = mertk.Frames.of(np.empty((0, 4, 4, 3), np.uint8))
    faces = mertk.Faces(frames=empty, onset=0, offset=9, flow=np.zeros((96, 96, 3), np.float32))
    with pytest.raises(mertk.DataError, match="set input=flow"):
        RegionPatches().extract(faces, REGIONS)
    assert (RegionPatches(input="flow").extract(faces, REGIONS)["brow"] == 128).all()


@pytest.mark.parametrize(
    "bad", [{"patches": 5}, {"patch_size": [4, 50]}, {"frames": -1}, {"gain": -1}]
)
def test_parameters_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        RegionPatches(**bad)
