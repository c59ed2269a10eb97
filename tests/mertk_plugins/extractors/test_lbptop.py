"""LBP-TOP against a loop over voxels, and its known properties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from mertk import DataError, Faces, Frames, Regions
from mertk_plugins.extractors import lbptop
from mertk_plugins.extractors.lbptop import LBPTOP


def faces(clip: np.ndarray) -> Faces:
    """A grey clip `[time, h, w]` as faces."""
    return Faces(frames=Frames.of(np.repeat(clip[..., None], 3, 3)), onset=0, offset=len(clip) - 1)


def grid(rows: int, cols: int, width: int, height: int) -> Regions:
    ys, xs = np.linspace(0, height, rows + 1).astype(int), np.linspace(0, width, cols + 1)
    xs = xs.astype(int)
    found = [
        (x0, y0, x1, y1) for y0, y1 in itertools.pairwise(ys) for x0, x1 in itertools.pairwise(xs)
    ]
    return Regions(names=tuple(f"r{i}" for i in range(len(found))), boxes=np.array(found))


def noise(*shape: int, seed: int = 0, levels: int = 6) -> np.ndarray:
    """Random pixels of few levels, so that ties are common."""
    return np.random.default_rng(seed).integers(0, levels, shape).astype(np.uint8)


def by_loops(clip, regions, radii, points, codes):
    """The definition, voxel by voxel: counts `[regions, planes, bins]`."""

    rt, ry, rx = radii

    def rounded(value):
        return math.floor(round(value, 9) + 0.5)

    kept = [
        c
        for c in range(2**points)
        if sum((c >> i & 1) != (c >> (i + 1) % points & 1) for i in range(points)) <= 2
    ]
    bins = 2**points if codes == "raw" else len(kept) + 1
    found = np.zeros((len(regions), 3, bins), int)
    frames, height, width = clip.shape
    for t in range(rt, frames - rt):
        for y in range(ry, height - ry):
            for x in range(rx, width - rx):
                code = [0, 0, 0]
                for p in range(points):
                    angle = 2 * math.pi * p / points
                    c, s = math.cos(angle), math.sin(angle)
                    around = (
                        clip[t, y + rounded(-ry * s), x + rounded(rx * c)],
                        clip[t + rounded(-rt * s), y, x + rounded(rx * c)],
                        clip[t + rounded(-rt * s), y + rounded(-ry * c), x],
                    )
                    for plane in range(3):
                        code[plane] |= int(around[plane] >= clip[t, y, x]) << p
                for region, (x0, y0, x1, y1) in enumerate(regions.boxes):
                    if x0 <= x < x1 and y0 <= y < y1:
                        for plane, value in enumerate(code):
                            raw = codes == "raw"
                            at = value if raw else kept.index(value) if value in kept else bins - 1
                            found[region, plane, at] += 1
    return found


OVERLAPPING = Regions(
    names=("a", "b", "c", "edge"),
    boxes=np.array([[0, 0, 12, 9], [5, 3, 20, 18], [5, 3, 14, 9], [0, 0, 1, 18]]),
)


@pytest.mark.parametrize("codes", ["raw", "uniform"])
@pytest.mark.parametrize("points", [4, 6, 8])
@pytest.mark.parametrize("radii", [(1, 1, 1), (3, 2, 1), (2, 3, 3)])
@pytest.mark.parametrize("regions", [grid(2, 3, 20, 18), OVERLAPPING])
def test_counts_equal_the_loop_over_voxels(regions, radii, points, codes):
    clip = noise(8, 18, 20, seed=points)
    found = lbptop.lbptop(
        clip, regions.windows(), radii=radii, table=lbptop.make_code_table(points, codes)
    )
    np.testing.assert_array_equal(found, by_loops(clip, regions, radii, points, codes))


def test_the_challenge_preset_gives_1200_numbers():
    found = LBPTOP().extract(faces(noise(23, 60, 50, levels=256)), grid(5, 5, 50, 60))
    assert found.shape == (25, 48)
    assert found.dtype == np.float32


def test_uniform_codes_have_59_bins_for_8_points_and_15_for_4():
    assert lbptop.make_code_table(8, "uniform").max() + 1 == 59
    assert lbptop.make_code_table(4, "uniform").max() + 1 == 15


def test_a_constant_clip_has_every_bit_set():
    found = LBPTOP(normalise="l1").extract(
        faces(np.full((12, 40, 40), 90, np.uint8)), grid(2, 2, 40, 40)
    )
    planes = found.reshape(4, 3, 16)
    assert (planes[..., 15] == 1).all()
    assert planes.sum() == 12


def test_a_static_clip_has_time_planes_symmetric_in_time():
    still = np.repeat(noise(1, 30, 30), 10, axis=0)
    counts = lbptop.lbptop(
        still,
        [(slice(0, 30), slice(0, 30))],
        radii=(4, 1, 1),
        table=lbptop.make_code_table(4, "raw"),
    )[0]
    before, after = 1 << 1, 1 << 3  # points 1 and 3 lie straight before and after the centre
    for code in range(16):
        if (code & before > 0) != (code & after > 0):
            assert not counts[1:, code].any()
    assert counts[0].all()


def test_each_plane_of_each_region_sums_to_1():
    clip = faces(noise(10, 40, 40))
    shares = LBPTOP(normalise="l1", size=None).extract(clip, grid(2, 2, 40, 40))
    np.testing.assert_allclose(shares.reshape(4, 3, -1).sum(axis=2), 1, rtol=1e-6)
    roots = LBPTOP(normalise="l1_sqrt", size=None).extract(clip, grid(2, 2, 40, 40))
    np.testing.assert_allclose(roots**2, shares, atol=1e-6)


def test_a_region_without_centre_voxels_is_0():
    found = LBPTOP(size=None).extract(faces(noise(10, 18, 20)), OVERLAPPING)
    assert not found[3].any()
    assert np.isfinite(found).all()


def test_only_the_expression_counts():
    clip = noise(30, 24, 24)
    whole = Regions(names=("whole",), boxes=np.array([[0, 0, 24, 24]]))
    frames = Frames.of(np.repeat(clip[..., None], 3, axis=3))
    inside = Faces(frames=frames, onset=8, offset=21)
    np.testing.assert_array_equal(
        LBPTOP(size=None).extract(inside, whole),
        LBPTOP(size=None).extract(faces(clip[8:22]), whole),
    )


def test_regions_follow_the_face_to_its_new_size():
    clip = faces(noise(10, 40, 40, levels=256))
    halves = Regions(names=("l", "r"), boxes=np.array([[0, 0, 20, 40], [20, 0, 40, 40]]))
    small = np.array([[0, 0, 12, 30], [12, 0, 24, 30]])
    found = LBPTOP(size=(24, 30)).extract(clip, halves)
    counts = lbptop.lbptop(
        LBPTOP(size=(24, 30)).expression.clip(clip),
        Regions(names=("l", "r"), boxes=small).windows(),
        radii=(4, 1, 1),
        table=lbptop.make_code_table(4, "raw"),
    )
    shares = counts / counts.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(found, shares.reshape(2, -1), rtol=1e-5)


def test_a_clip_shorter_than_the_radius_says_what_to_do():
    with pytest.raises(DataError, match="has 8 frames, a radius of 4 needs 9"):
        LBPTOP(frames=0).extract(faces(noise(8, 30, 30)), grid(1, 1, 30, 30))


def test_a_clip_without_frames_is_refused():
    empty = Faces(
        frames=Frames.of(np.zeros((0, 1, 1, 3), np.uint8)),
        onset=0,
        offset=5,
        flow=np.zeros((9, 9, 3), np.float32),
    )
    with pytest.raises(DataError, match="needs frames"):
        LBPTOP().extract(empty, grid(1, 1, 9, 9))


@pytest.mark.parametrize(
    "params", [{"rt": 0}, {"points": 9}, {"frames": 8}, {"size": (10,)}, {"size": (0, 4)}]
)
def test_impossible_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        LBPTOP(**params)
