"""LBP-SIP against a loop over voxels, and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
from faces_of import OVERLAPPING, noise, of_clip, of_flow, random_flow, regions

from mertk import DataError
from mertk_plugins.extractors.lbpsip import LBPSIP

WHOLE = regions((0, 0, 20, 18))
RAW = {"frames": 0, "size": None, "patterns": "joint"}
SPLIT = {"frames": 0, "size": None}


def by_loops(clip, where, rt, ry, rx):
    """The definition, voxel by voxel: shares `[regions, 64]`."""
    found = np.zeros((len(where), 64))
    frames, height, width = clip.shape
    for t in range(rt, frames - rt):
        for y in range(ry, height - ry):
            for x in range(rx, width - rx):
                around = (
                    clip[t, y, x + rx], clip[t, y, x - rx], clip[t, y + ry, x],
                    clip[t, y - ry, x], clip[t + rt, y, x], clip[t - rt, y, x],
                )  # fmt: skip
                code = sum(int(voxel >= clip[t, y, x]) << p for p, voxel in enumerate(around))
                for number, (x0, y0, x1, y1) in enumerate(where.boxes):
                    if x0 <= x < x1 and y0 <= y < y1:
                        found[number, code] += 1
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1)


@pytest.mark.parametrize(("rt", "ry", "rx"), [(1, 1, 1), (3, 2, 1), (2, 1, 3)])
def test_shares_equal_the_loop_over_voxels(rt, ry, rx):
    clip = noise(8, 18, 20)
    found = LBPSIP(rt=rt, ry=ry, rx=rx, **RAW).extract(of_clip(clip), OVERLAPPING)
    joint = by_loops(clip, OVERLAPPING, rt, ry, rx)
    np.testing.assert_allclose(found, joint, atol=1e-6)
    split = LBPSIP(rt=rt, ry=ry, rx=rx, **SPLIT).extract(of_clip(clip), OVERLAPPING)
    both = joint.reshape(-1, 4, 16)  # the two bits in time, the four of the picture
    expected = np.concatenate([both.sum(axis=1), both.sum(axis=2)], axis=1)
    np.testing.assert_allclose(split, expected, atol=1e-6)


@pytest.mark.parametrize(("patterns", "numbers"), [("split", 500), ("joint", 1600)])
def test_a_5x5_grid_gives_so_many_numbers(patterns, numbers):
    boxes = [(x, y, x + 10, y + 12) for y in range(0, 60, 12) for x in range(0, 50, 10)]
    found = LBPSIP(patterns=patterns).extract(
        of_clip(noise(23, 60, 50, levels=256)), regions(*boxes)
    )
    assert found.size == numbers
    assert found.dtype == np.float32


def test_a_constant_clip_has_every_bit_set():
    found = LBPSIP(patterns="joint").extract(
        of_clip(np.full((1, 31, 27), 90)), regions((0, 0, 27, 31))
    )
    assert found[0, 63] == 1


def test_a_change_of_light_and_contrast_changes_nothing():
    clip = noise(8, 18, 20)
    np.testing.assert_array_equal(
        LBPSIP(rt=2, **RAW).extract(of_clip(30 + 17 * clip), WHOLE),
        LBPSIP(rt=2, **RAW).extract(of_clip(clip), WHOLE),
    )


def test_running_backwards_swaps_before_and_after():
    clip = noise(8, 18, 20)
    forth = LBPSIP(rt=2, **RAW).extract(of_clip(clip), WHOLE)[0]
    back = LBPSIP(rt=2, **RAW).extract(of_clip(clip[::-1]), WHOLE)[0]
    swapped = [code & 15 | (code & 16) << 1 | (code & 32) >> 1 for code in range(64)]
    np.testing.assert_array_equal(back, forth[swapped])


def test_a_pyramid_adds_the_patterns_of_smaller_pictures():
    clip = of_clip(noise(8, 41, 33))
    where = regions((0, 0, 33, 20), (0, 20, 33, 41))
    one = LBPSIP(rt=2, **RAW).extract(clip, where)
    three = LBPSIP(rt=2, levels=3, **RAW).extract(clip, where)
    assert three.shape == (2, 192)
    np.testing.assert_array_equal(three[:, :64], one)
    np.testing.assert_allclose(three.reshape(2, 3, 64).sum(axis=2), 1, rtol=1e-5)


def test_a_pyramid_that_becomes_too_small_says_so():
    with pytest.raises(DataError, match="lbpsip: the expression has 2 rows, a radius of 1 needs 3"):
        LBPSIP(levels=4, **RAW).extract(of_clip(noise(9, 12, 20)), regions((0, 0, 20, 12)))


def test_a_clip_that_is_too_short_or_has_no_frames_says_so():
    with pytest.raises(DataError, match="lbpsip: the expression has 8 frames"):
        LBPSIP(**RAW).extract(of_clip(noise(8, 18, 20)), WHOLE)
    with pytest.raises(DataError, match="lbpsip needs frames"):
        LBPSIP().extract(of_flow(random_flow()), WHOLE)


@pytest.mark.parametrize("params", [{"rt": 0}, {"frames": 8}, {"size": (10,)}, {"levels": 0}])
def test_impossible_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        LBPSIP(**params)
