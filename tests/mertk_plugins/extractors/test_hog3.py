"""HOG3 against a loop over voxels and scikit-image's HOG, and its invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces_of import OVERLAPPING, noise, of_clip, of_flow, random_flow, regions, texture
from skimage.feature import hog

from mertk import DataError
from mertk_plugins.extractors.hog3 import HOG3

RAW = {"frames": 0, "size": None}
WHOLE = regions((0, 0, 20, 18))


def difference(clip, at, axis):
    """The central difference along an axis, one-sided at the border."""
    before, after = list(at), list(at)
    before[axis] = max(at[axis] - 1, 0)
    after[axis] = min(at[axis] + 1, clip.shape[axis] - 1)
    return (float(clip[tuple(after)]) - float(clip[tuple(before)])) / (after[axis] - before[axis])


def by_loops(clip, where, *, bins, weighted, signed, spans):
    """The definition, voxel by voxel: `[regions, spans * planes * bins]`."""
    found = np.zeros((len(where), spans, 3, bins))
    frames, height, width = clip.shape
    for t in range(frames):
        span = next(s for s in range(spans) if t < (s + 1) * frames // spans)
        for y in range(height):
            for x in range(width):
                dt, dy, dx = (difference(clip, (t, y, x), axis) for axis in range(3))
                for plane, (first, second) in enumerate([(dx, dy), (dx, dt), (dy, dt)]):
                    angle = math.atan2(second, first)
                    turn = (
                        (angle + math.pi) / (2 * math.pi) if signed else angle % math.pi / math.pi
                    )
                    length = math.hypot(first, second)
                    for number, (x0, y0, x1, y1) in enumerate(where.boxes):
                        if length and x0 <= x < x1 and y0 <= y < y1:
                            at = min(int(turn * bins), bins - 1)
                            found[number, span, plane, at] += length if weighted else 1
    return (found / np.maximum(found.sum(axis=3, keepdims=True), 1e-12)).reshape(len(where), -1)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("signed", "bins", "spans"), [(True, 8, 1), (False, 9, 2), (True, 6, 3)])
def test_histograms_equal_the_loop_over_voxels(weighted, signed, bins, spans):
    clip = noise(7, 18, 20, levels=256)
    settings = {"bins": bins, "weighted": weighted, "signed": signed, "spans": spans}
    found = HOG3(**settings, **RAW).extract(of_clip(clip), OVERLAPPING)
    expected = by_loops(clip, OVERLAPPING, **settings)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_xy_plane_of_a_still_clip_is_the_hog_of_scikit_image():
    picture = noise(1, 40, 50, levels=256)
    cells = hog(
        picture[0], orientations=9, pixels_per_cell=(10, 10), cells_per_block=(1, 1),
        block_norm="L1", feature_vector=False,
    )  # fmt: skip
    inner = [(x, y, x + 10, y + 10) for y in (10, 20) for x in (10, 20, 30)]
    found = HOG3(bins=9, signed=False, planes=("xy",), **RAW).extract(
        of_clip(np.repeat(picture, 3, axis=0)), regions(*inner)
    )
    # Border cells differ: scikit-image has no gradient at a picture's edge.
    np.testing.assert_allclose(found, cells[1:3, 1:4, 0, 0].reshape(6, 9), atol=1e-5)


def test_a_grid_of_8x8_gives_1536_numbers():
    boxes = [(x, y, x + 8, y + 8) for y in range(0, 64, 8) for x in range(0, 64, 8)]
    found = HOG3().extract(of_clip(noise(5, 64, 64, levels=256)), regions(*boxes))
    assert found.size == 1536
    assert found.dtype == np.float32


def test_light_and_contrast_change_nothing():
    clip = noise(8, 18, 20)
    plain = HOG3(**RAW).extract(of_clip(clip), WHOLE)
    np.testing.assert_allclose(
        HOG3(**RAW).extract(of_clip(20 + 30 * clip), WHOLE), plain, atol=1e-6
    )


def test_a_still_clip_has_no_change_in_time():
    still = np.repeat(noise(1, 18, 20), 6, axis=0)
    planes = HOG3(**RAW).extract(of_clip(still), WHOLE).reshape(3, 8)
    level = [4, 7]  # 0° begins bin 4, and 180° ends bin 7
    np.testing.assert_allclose(planes[1:, level].sum(axis=1), 1, atol=1e-6)
    assert (planes[0] > 0).all()


def test_running_backwards_turns_the_time_planes_upside_down():
    clip = texture(6, 30, 40, step=0.7)
    where = regions((0, 0, 40, 30))
    bins = {"bins": 180, "planes": ("xt",)}
    forth = HOG3(**bins, **RAW).extract(of_clip(clip), where)[0]
    back = HOG3(**bins, **RAW).extract(of_clip(clip[::-1]), where)[0]
    up_forth, down_back = forth[:90].sum() - forth[179], back[90:179].sum()
    assert abs(up_forth - down_back) < 0.05


@pytest.mark.parametrize("frames", [1, 5])
def test_a_constant_clip_gives_zeros(frames):
    found = HOG3().extract(of_clip(np.full((frames, 31, 27), 90)), regions((0, 0, 27, 31)))
    np.testing.assert_array_equal(found, np.zeros((1, 24)))


def test_a_clip_that_is_too_short_or_has_no_frames_says_so():
    with pytest.raises(DataError, match="hog3: the expression has 2 frames"):
        HOG3(**RAW).extract(of_clip(noise(2, 18, 20)), WHOLE)
    with pytest.raises(DataError, match="4 frames cannot be cut into 5 spans"):
        HOG3(spans=5, **RAW).extract(of_clip(noise(4, 18, 20)), WHOLE)
    with pytest.raises(DataError, match="hog3 needs frames"):
        HOG3().extract(of_flow(random_flow()), WHOLE)


@pytest.mark.parametrize(
    "params",
    [{"bins": 0}, {"planes": ()}, {"planes": ("xz",)}, {"planes": ("xy", "xy")}, {"spans": 0},
     {"spans": 11}, {"frames": 2}],
)  # fmt: skip
def test_impossible_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        HOG3(**params)
