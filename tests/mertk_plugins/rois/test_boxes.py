"""The ROI schemes that lay fixed boxes: whole, grid, six_regions."""

import numpy as np
import pytest

import mertk


def locate(name, width, height, **params):
    frames = mertk.Frames.of(np.zeros((1, height, width, 3), np.uint8))
    faces = mertk.Footage(frames=frames, onset=0, offset=0).faces()
    return mertk.load_plugins().registry.build("roi", mertk.Use(name, **params)).locate(faces)


def cover(regions, width, height):
    """How many regions each pixel is in."""
    count = np.zeros((height, width), int)
    for rows, columns in regions.windows():
        count[rows, columns] += 1
    return count


def test_the_whole_face_is_one_region():
    regions = locate("whole", 30, 20)
    assert regions.names == ("face",)
    assert regions.boxes.tolist() == [[0, 0, 30, 20]]


@pytest.mark.parametrize(
    ("width", "height", "rows", "cols"),
    [
        (240, 280, 5, 5),
        (223, 131, 8, 7),
        (7, 5, 5, 6),
        (1, 1, 1, 1),
        (101, 99, 6, 6),
        (28, 28, 3, 8),
    ],
)
def test_a_grid_tiles_the_picture(width, height, rows, cols):
    regions = locate("grid", width, height, rows=rows, cols=cols)
    assert len(regions) == rows * cols
    assert (cover(regions, width, height) == 1).all()
    sizes = regions.boxes[:, 2:] - regions.boxes[:, :2]
    assert (np.ptp(sizes, axis=0) <= 1).all()


def test_grid_blocks_are_named_row_by_row():
    regions = locate("grid", 20, 30, rows=3, cols=2)
    assert regions.names == ("r0c0", "r0c1", "r1c0", "r1c1", "r2c0", "r2c1")
    assert regions.boxes[3].tolist() == [10, 10, 20, 20]


def test_a_grid_is_5x5_by_default():
    assert len(locate("grid", 240, 280)) == 25


def test_overlapping_blocks_share_the_given_part_and_reach_from_edge_to_edge():
    regions = locate("grid", 30, 10, rows=1, cols=2, overlap=0.5)
    assert regions.boxes.tolist() == [[0, 0, 20, 10], [10, 0, 30, 10]]


@pytest.mark.parametrize("overlap", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_overlapping_blocks_leave_no_gap(overlap):
    regions = locate("grid", 101, 97, rows=4, cols=5, overlap=overlap)
    assert (cover(regions, 101, 97) >= 1).all()
    assert regions.boxes[:, 2:].max(axis=0).tolist() == [101, 97]
    sizes = regions.boxes[:, 2:] - regions.boxes[:, :2]
    assert (np.ptp(sizes, axis=0) <= 1).all()


def test_a_face_with_fewer_pixels_than_blocks_is_refused():
    with pytest.raises(mertk.DataError, match="3x9 px cannot be cut into 5 columns"):
        locate("grid", 3, 9)


@pytest.mark.parametrize("params", [{"rows": 0}, {"cols": -1}, {"overlap": 1.0}, {"overlap": -0.1}])
def test_grid_parameters_that_make_no_sense_are_refused(params):
    with pytest.raises(mertk.ParameterError, match="grid"):
        locate("grid", 10, 10, **params)


def test_the_six_regions_are_those_of_the_paper():
    regions = locate("six_regions", 240, 280)
    assert dict(zip(regions.names, regions.boxes.tolist(), strict=True)) == {
        "eye_left": [0, 20, 100, 100],
        "eye_right": [140, 20, 240, 100],
        "nose": [60, 80, 180, 160],
        "cheek_left": [0, 120, 60, 180],
        "cheek_right": [180, 120, 240, 180],
        "mouth": [40, 180, 200, 240],
    }
    assert regions.names == ("eye_left", "eye_right", "nose", "cheek_left", "cheek_right", "mouth")


def test_the_six_regions_scale_with_the_face():
    assert np.array_equal(
        locate("six_regions", 480, 140).boxes,
        locate("six_regions", 240, 280).boxes * [2, 0.5, 2, 0.5],
    )


def test_the_six_regions_stay_mirror_images_at_any_size():
    regions = locate("six_regions", 117, 131)
    boxes = dict(zip(regions.names, regions.boxes, strict=True))
    for side in ("eye", "cheek"):
        left, right = boxes[f"{side}_left"], boxes[f"{side}_right"]
        assert np.abs([117 - right[2] - left[0], 117 - right[0] - left[2]]).max() <= 1
        assert np.array_equal(left[[1, 3]], right[[1, 3]])


def test_a_face_that_is_too_small_for_six_regions_is_refused():
    with pytest.raises(mertk.DataError, match="2x2 px is too small"):
        locate("six_regions", 2, 2)
