"""The ROI schemes that are laid by landmarks: mdmo36 and facs12."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import mertk

REGISTRY = mertk.load_plugins().registry
# Which point is which in a mirror image.
PAIRS = [
    (range(17), range(16, -1, -1)), (range(17, 27), range(26, 16, -1)),
    ((31, 32, 34, 35), (35, 34, 32, 31)), ((36, 37, 38, 39, 40, 41), (45, 44, 43, 42, 47, 46)),
    ((42, 43, 44, 45, 46, 47), (39, 38, 37, 36, 41, 40)),
    (range(48, 55), range(54, 47, -1)), (range(55, 60), range(59, 54, -1)),
    (range(60, 65), range(64, 59, -1)), (range(65, 68), range(67, 64, -1)),
]  # fmt: skip


def points() -> np.ndarray:
    """The landmarks of a synthetic face of 256 x 256 pixels."""
    clips = REGISTRY.build("dataset", mertk.Use("synthetic", subjects=1, clips=1)).index(None)
    return clips[0].footage.landmarks


def mirrored(marks: np.ndarray, width: int) -> np.ndarray:
    found = marks.copy()
    for here, there in PAIRS:
        found[list(here)] = marks[list(there)]
    found[:, 0] = width - 1 - found[:, 0]
    return found


def locate(name, marks, width=256, height=256, **params):
    frames = mertk.Frames.of(np.zeros((1, height, width, 3), np.uint8))
    faces = mertk.Footage(frames=frames, onset=0, offset=0).faces(landmarks=marks)
    return REGISTRY.build("roi", mertk.Use(name, **params)).locate(faces)


def areas(regions) -> np.ndarray:
    return np.array([cv2.contourArea(polygon) for polygon in regions.polygons])


def test_there_are_36_regions_in_eight_parts():
    regions = locate("mdmo36", points())
    assert len(regions) == len(regions.polygons) == 36
    parts = [name.rstrip("0123456789") for name in regions.names]
    assert {part: parts.count(part) for part in parts} == {
        "forehead": 6, "brow": 8, "cheek": 6, "nose": 2, "lip": 2, "mouth": 4, "jaw": 4, "chin": 4,
    }  # fmt: skip


def test_they_are_quadrilaterals_that_do_not_overlap():
    regions = locate("mdmo36", points())
    covered = np.zeros((2048, 2048), np.uint8)
    for polygon in regions.polygons:
        mask = np.zeros_like(covered)
        cv2.fillPoly(mask, [np.rint(polygon * 8).astype(np.int32)], 1)
        covered += mask
    # A polygon that crosses itself would cover more, or less, than its area.
    assert areas(regions).min() > 10
    assert abs((covered > 0).sum() / 64 / areas(regions).sum() - 1) < 0.03
    assert (covered > 1).sum() / (covered > 0).sum() < 0.05


def test_the_regions_of_a_mirror_image_are_mirror_images():
    plain, mirror = (locate("mdmo36", marks) for marks in (points(), mirrored(points(), 256)))
    middles = [np.stack([p.mean(axis=0) for p in r.polygons]) for r in (plain, mirror)]
    middles[1][:, 0] = 255 - middles[1][:, 0]
    away = np.linalg.norm(middles[0][:, None] - middles[1][None], axis=2).min(axis=1)
    assert away.max() < 1e-3


def test_the_forehead_ends_at_a_part_of_the_eye_distance():
    marks = points()
    eyes = np.linalg.norm(marks[42:48].mean(axis=0) - marks[36:42].mean(axis=0))
    for lift in (0.2, 0.3):
        forehead = locate("mdmo36", marks, lift=lift).polygons[0]
        np.testing.assert_allclose(forehead[0] - forehead[3], [0, lift * eyes], rtol=1e-4)


def test_boxes_hold_their_polygons():
    regions = locate("mdmo36", points())
    for (x0, y0, x1, y1), polygon in zip(regions.boxes, regions.polygons, strict=True):
        assert (polygon >= [x0, y0]).all()
        assert (polygon < [x1, y1]).all()


@pytest.mark.parametrize("name", ["mdmo36", "facs12"])
@pytest.mark.parametrize("move", [(0, -60), (-80, 0), (150, 150), (-900, 0)])
def test_regions_outside_the_picture_are_kept_at_its_edge(name, move):
    regions = locate(name, points() + np.float32(move), width=201, height=177)
    assert (regions.boxes[:, :2] >= 0).all()
    assert (regions.boxes[:, 2:] <= [201, 177]).all()


@pytest.mark.parametrize("name", ["mdmo36", "facs12"])
@pytest.mark.parametrize("marks", [None, np.zeros((5, 2)), np.full((68, 2), np.nan)])
def test_a_face_without_landmarks_is_refused(name, marks):
    with pytest.raises(mertk.DataError, match=rf"{name} is laid by 68 landmarks"):
        locate(name, marks)


def test_a_lift_of_0_is_refused():
    with pytest.raises(mertk.ParameterError, match="lift"):
        locate("mdmo36", points(), lift=0.0)


def test_twelve_boxes_lie_on_what_they_are_named_after():
    marks = points()
    regions = locate("facs12", marks)
    assert len(regions) == 12
    boxes = dict(zip(regions.names, regions.boxes, strict=True))
    for name, at in {
        "brow_left": 19, "brow_right": 24, "eye_left": 37, "eye_right": 44, "nose": 33,
        "mouth_left": 48, "mouth_right": 54, "between_brows": 27,
    }.items():  # fmt: skip
        inside = (marks[at] >= boxes[name][:2] - 1) & (marks[at] <= boxes[name][2:] + 1)
        assert inside.all(), name
    lip, end = marks[57], marks[8]
    assert lip[1] < boxes["chin"][1:4:2].mean() < end[1]
    assert boxes["forehead"][3] <= marks[19, 1]
    assert boxes["cheek_left"][2] < boxes["cheek_right"][0]


def test_the_twelve_boxes_of_a_mirror_image_are_mirror_images():
    plain = dict(zip(*_named(locate("facs12", points())), strict=True))
    mirror = dict(zip(*_named(locate("facs12", mirrored(points(), 256))), strict=True))
    for name, (x0, y0, x1, y1) in plain.items():
        other = name.replace("left", "R").replace("right", "left").replace("R", "right")
        np.testing.assert_allclose(mirror[other], [256 - x1, y0, 256 - x0, y1], atol=1)


def _named(regions):
    return regions.names, regions.boxes
