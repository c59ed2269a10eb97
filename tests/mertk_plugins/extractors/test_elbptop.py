"""ELBPTOP against a loop over voxels, and what it has in common with LBP-TOP."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces_of import OVERLAPPING, noise, of_clip, regions

from mertk_plugins.extractors.elbptop import ELBPTOP
from mertk_plugins.extractors.lbptop import LBPTOP

RAW = {"frames": 0, "size": None, "normalise": "l1"}


def ring(plane, points, rt, ry, rx):
    """The offsets (dt, dy, dx) on the circle of a plane."""

    def rounded(value):
        return math.floor(round(value, 9) + 0.5)

    for p in range(points):
        c, s = math.cos(2 * math.pi * p / points), math.sin(2 * math.pi * p / points)
        yield (
            (0, rounded(-ry * s), rounded(rx * c)),
            (rounded(-rt * s), 0, rounded(rx * c)),
            (rounded(-rt * s), rounded(-ry * c), 0),
        )[plane]


def by_loops(clip, where, radii, delta, points):
    """The definition with raw codes, voxel by voxel: shares `[regions, 9 * 2^points]`."""
    rt, ry, rx = radii
    found = np.zeros((len(where), 3, 3, 2**points))
    for plane in range(3):
        outer = list(ring(plane, points, *radii))
        inner = list(ring(plane, points, *(max(r - delta, 0) for r in radii)))
        against = ([(0, 0, 0)] * points, inner, outer[1:] + outer[:1])
        for kind, others in enumerate(against):
            for t in range(rt, clip.shape[0] - rt):
                for y in range(ry, clip.shape[1] - ry):
                    for x in range(rx, clip.shape[2] - rx):
                        code = 0
                        for p in range(points):
                            a, b = outer[p], others[p]
                            one = clip[t + a[0], y + a[1], x + a[2]]
                            code |= int(one >= clip[t + b[0], y + b[1], x + b[2]]) << p
                        for number, (x0, y0, x1, y1) in enumerate(where.boxes):
                            if x0 <= x < x1 and y0 <= y < y1:
                                found[number, kind, plane, code] += 1
    shares = found / np.maximum(found.sum(axis=3, keepdims=True), 1)
    return shares.reshape(len(where), -1)


@pytest.mark.parametrize(("radii", "delta", "points"), [((2, 2, 2), 1, 8), ((1, 3, 2), 2, 4)])
def test_shares_equal_the_loop_over_voxels(radii, delta, points):
    rt, ry, rx = radii
    clip = noise(6, 13, 15)
    where = regions((0, 0, 15, 6), (4, 2, 15, 13))
    found = ELBPTOP(rt=rt, ry=ry, rx=rx, delta=delta, points=points, codes="raw", **RAW).extract(
        of_clip(clip), where
    )
    np.testing.assert_allclose(found, by_loops(clip, where, radii, delta, points), atol=1e-6)


def test_its_first_third_is_lbptop():
    same = {"rx": 2, "ry": 2, "rt": 2, "points": 8, "codes": "uniform", "size": None}
    clip = of_clip(noise(9, 18, 20))
    found = ELBPTOP(**same).extract(clip, OVERLAPPING)
    assert found.shape == (4, 9 * 59)
    np.testing.assert_array_equal(found[:, : 3 * 59], LBPTOP(**same).extract(clip, OVERLAPPING))


def test_with_no_inner_circle_the_radial_difference_is_lbp():
    clip = of_clip(noise(9, 18, 20))
    found = ELBPTOP(rx=1, ry=1, rt=1, size=None).extract(clip, OVERLAPPING).reshape(4, 3, -1)
    np.testing.assert_array_equal(found[:, 1], found[:, 0])
    assert (found[:, 2] != found[:, 0]).any()


def test_a_change_of_light_and_contrast_changes_nothing():
    clip = noise(9, 18, 20)
    np.testing.assert_array_equal(
        ELBPTOP(**RAW).extract(of_clip(30 + 17 * clip), OVERLAPPING),
        ELBPTOP(**RAW).extract(of_clip(clip), OVERLAPPING),
    )


def test_a_constant_clip_of_one_frame_has_every_bit_set():
    found = ELBPTOP(codes="raw", normalise="l1").extract(
        of_clip(np.full((1, 31, 27), 90)), regions((0, 0, 27, 31))
    )
    assert (found.reshape(9, 256)[:, 255] == 1).all()


@pytest.mark.parametrize("params", [{"rt": 0}, {"points": 1}, {"frames": 4}, {"delta": 0}])
def test_impossible_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        ELBPTOP(**params)
