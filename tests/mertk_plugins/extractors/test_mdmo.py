"""MDMO against a loop over pixels, and its invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces_of import OVERLAPPING, noise, of_clip, of_flow, random_flow, regions, texture

import mertk
from mertk import DataError, Regions
from mertk.vision import optical_flow
from mertk_plugins.extractors import mdmo
from mertk_plugins.extractors.mdmo import MDMO

REGISTRY = mertk.load_plugins().registry
BETA = 0.8236


def face(size: int = 128):
    """The faces of one synthetic clip, and the 36 regions on them."""
    data = REGISTRY.build(
        "dataset", mertk.Use("synthetic", subjects=1, clips=1, size=size, frames=8)
    )
    faces = REGISTRY.build("aligner", mertk.Use("none")).align(data.index(None)[0].footage)
    return faces, REGISTRY.build("roi", mertk.Use("mdmo36")).locate(faces)


def by_loops(uv, where):
    """The main motion of each region, by the definition: `[regions, 2]`."""
    found = []
    for x0, y0, x1, y1 in where.boxes:
        members: dict[int, list[tuple[float, float]]] = {at: [] for at in range(8)}
        for y in range(y0, y1):
            for x in range(x0, x1):
                u, v = (float(part) for part in uv[y, x])
                angle = math.atan2(v, u)
                at = next(
                    at
                    for at in range(8)
                    if abs(math.remainder(angle - at * math.pi / 4, 2 * math.pi)) <= math.pi / 8
                )
                off = math.remainder(angle - at * math.pi / 4, 2 * math.pi)
                members[at].append((math.hypot(u, v), off))
        main = max(members, key=lambda at: len(members[at]))
        lengths, offs = zip(*members[main], strict=True)
        angle = main * math.pi / 4 + sum(offs) / len(offs)
        length = sum(lengths) / len(lengths)
        found.append((length * math.cos(angle), length * math.sin(angle)))
    return np.array(found)


def places(where, height=20, width=20):
    return mdmo._list_region_pixels(where, (width, height))


@pytest.mark.parametrize("towards", [0, 0.3, math.pi - 0.01, -3, -math.pi / 2])
def test_the_main_motion_equals_the_loop_over_pixels(towards):
    uv = random_flow() + 1.5 * np.array([math.cos(towards), math.sin(towards)])
    found = mdmo.main_motion(uv, places(OVERLAPPING))
    np.testing.assert_allclose(found, by_loops(uv, OVERLAPPING), atol=1e-9)


@pytest.mark.parametrize("towards", [0, math.pi, -math.pi])
def test_angles_are_averaged_across_the_jump(towards):
    angles = towards + np.where(np.arange(400).reshape(20, 20) % 2, 0.1, -0.1)
    uv = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    found = mdmo.main_motion(uv, places(regions((0, 0, 20, 20), (2, 5, 8, 9))))
    # Half are a bit above the direction, half a bit below: the mean is between, not opposite.
    np.testing.assert_allclose(found, [[math.cos(towards), 0]] * 2, atol=1e-9)


def test_the_minority_has_no_part_in_the_mean():
    uv = np.zeros((20, 20, 2))
    uv[...] = 1, 0
    uv[:5, :5] = 0, 40
    found = mdmo.main_motion(uv, places(regions((0, 0, 20, 20))))
    np.testing.assert_allclose(found, [[1, 0]])


def test_frames_are_averaged_as_vectors_and_lengths_divided_by_the_largest():
    clip = texture(5, 40, 50, step=0.4)
    where = regions((8, 8, 25, 32), (25, 8, 42, 32), (8, 8, 42, 32))
    found = MDMO(rigid=False).extract(of_clip(clip), where)
    fields = [optical_flow.optical_flow(clip[0], later) for later in clip[1:]]
    mean = np.mean([by_loops(field, where) for field in fields], axis=0)
    length, angle = np.hypot(*mean.T), np.arctan2(mean[:, 1], mean[:, 0]) % (2 * math.pi)
    np.testing.assert_allclose(found[:, 0], BETA * length / length.max(), rtol=1e-4)
    np.testing.assert_allclose(found[:, 1], (1 - BETA) * angle, atol=1e-4)


@pytest.mark.parametrize(
    "head", [lambda x, y: (2 + 0 * x, -1 + 0 * y), lambda x, y: (0.01 * x - 0.02 * y, 0.03 * x + 1)]
)
def test_any_affine_motion_of_the_head_is_taken_out(head):
    faces, _ = face()
    points = MDMO()._rigid_points(faces)
    y, x = np.mgrid[:128, :128].astype(float)
    moved = np.stack(head(x, y), axis=-1)
    np.testing.assert_allclose(mdmo.remove_head_motion(moved, points), 0, atol=1e-9)
    mouth = np.zeros((128, 128, 2))
    mouth[85:95, 55:75] = 0, 1.5
    np.testing.assert_allclose(mdmo.remove_head_motion(moved + mouth, points), mouth, atol=1e-9)


def test_a_head_that_moves_changes_little():
    faces, where = face()
    clip = np.stack([optical_flow.convert_to_grey(frame) for frame in faces.frames])
    drifting = np.stack([np.roll(frame, at, axis=1) for at, frame in enumerate(clip)])

    def found(pictures, **params):
        seen = of_clip(
            pictures, landmarks=faces.landmarks, onset=faces.onset, offset=faces.onset + 4
        )
        length, angle = (MDMO(**params).extract(seen, where) / [BETA, 1 - BETA]).T
        return np.stack([length * np.cos(angle), length * np.sin(angle)], axis=1)

    change = np.abs(found(drifting) - found(clip)).mean()
    assert change < 0.5 * np.abs(found(drifting, rigid=False) - found(clip, rigid=False)).mean()


def test_a_face_gives_72_numbers():
    faces, where = face()
    found = MDMO().extract(faces, where)
    assert found.size == 72
    assert found.dtype == np.float32
    assert abs(found[:, 0].max() - BETA) < 1e-6
    assert (found[:, 1] >= 0).all()
    assert (found[:, 1] < (1 - BETA) * 2 * math.pi).all()


def test_only_pixels_inside_a_polygon_count():
    triangle = np.array([[0, 0], [19, 0], [0, 19]], np.float32)
    where = Regions(names=("t",), boxes=np.array([[0, 0, 20, 20]]), polygons=(triangle,))
    owner, at = mdmo._list_region_pixels(where, (20, 20))
    y, x = np.divmod(at, 20)
    assert set(owner) == {0}
    assert len(at) == 210
    assert (x + y <= 19).all()


@pytest.mark.parametrize("frames", [1, 5])
def test_a_clip_without_motion_gives_zeros(frames):
    still = np.repeat(noise(1, 31, 27), frames, axis=0)
    where = regions((0, 0, 27, 31), (3, 3, 9, 9))
    np.testing.assert_array_equal(
        MDMO(rigid=False).extract(of_clip(still), where), np.zeros((2, 2))
    )


def test_what_is_missing_is_named():
    with pytest.raises(DataError, match="68 landmarks, and this face has none"):
        MDMO().extract(of_clip(noise(3, 20, 20)), OVERLAPPING)
    outside = of_clip(noise(3, 20, 20), landmarks=np.full((68, 2), -5, np.float32))
    with pytest.raises(DataError, match="only 0 of 13 points"):
        MDMO().extract(outside, OVERLAPPING)
    with pytest.raises(DataError, match="mdmo needs frames"):
        MDMO(rigid=False).extract(of_flow(random_flow()), OVERLAPPING)


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan")])
def test_a_weight_outside_0_to_1_is_refused(beta):
    with pytest.raises(ValueError, match="beta"):
        MDMO(beta=beta)
