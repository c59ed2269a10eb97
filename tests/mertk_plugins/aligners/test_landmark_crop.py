"""The brow-to-chin crop: geometry on a painted face whose landmarks are known."""

import dataclasses
import json
import pickle

import numpy as np
import pytest

import mertk

# A brow-to-chin box of x 40 … 100, y 30 … 90: square, so 240x240 in the middle of 240x280.
LEFT, TOP, RIGHT, BOTTOM = 40, 30, 100, 90


def points_of(left=LEFT, top=TOP, right=RIGHT, bottom=BOTTOM):
    points = np.full((68, 2), 60, np.float32)
    points[17, 0], points[26, 0] = left, right
    points[18, 1], points[25, 1] = top, top + 5  # the higher brow counts
    points[8] = (left + right) / 2, bottom
    return points


def picture(height=120, width=160, dots=()):
    """Grey, with 3x3 red dots at the given (x, y)."""
    pixels = np.full((height, width, 3), 90, np.uint8)
    for x, y in dots:
        pixels[y - 1 : y + 2, x - 1 : x + 2] = (255, 0, 0)
    return pixels


def footage_of(*pictures, onset=0, landmarks=None, **box):
    return mertk.Footage(
        frames=mertk.Frames.of(np.stack(pictures)),
        onset=onset,
        offset=len(pictures) - 1,
        landmarks=points_of(**box) if landmarks is None else landmarks,
    )


def aligner(**params):
    return mertk.load_plugins().registry.build("aligner", mertk.Use("landmark_crop", **params))


def align(footage, **params):
    return aligner(**params).align(footage)


def red_centre(pixels):
    """The centre of the red dot, weighted by how red it is."""
    red = pixels[..., 0].astype(float) - pixels[..., 1]
    red[red < 40] = 0
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    return (x * red).sum() / red.sum(), (y * red).sum() / red.sum()


def white_rows(pixels):
    return (pixels == 255).all(axis=(1, 2))


def white_columns(pixels):
    return (pixels == 255).all(axis=(0, 2))


def test_a_square_box_fills_the_width_and_leaves_20_white_rows_above_and_below():
    face = align(footage_of(picture())).frames[0]
    assert face.shape == (280, 240, 3)
    assert face.dtype == np.uint8
    assert np.flatnonzero(white_rows(face)).tolist() == [*range(20), *range(260, 280)]
    assert (face[20:260] == 90).all()


def test_the_bars_are_white_even_where_the_picture_goes_on_outside_the_box():
    pixels = picture()
    pixels[:TOP] = 10
    pixels[BOTTOM:] = 200
    face = align(footage_of(pixels)).frames[0]
    assert (face[:20] == 255).all()
    assert (face[260:] == 255).all()
    assert (face[24:256] == 90).all()


@pytest.mark.parametrize(("x", "y"), [(50, 40), (70, 60), (92, 81)])
def test_a_painted_dot_lands_where_the_crop_puts_it(x, y):
    face = align(footage_of(picture(dots=[(x, y)]))).frames[0]
    # Pixel `left` becomes 4 pixels wide: its centre is at 1.5, and 4 px further per pixel.
    expected = 1.5 + 4 * (x - LEFT), 20 + 1.5 + 4 * (y - TOP)
    assert red_centre(face) == pytest.approx(expected, abs=0.1)


def test_landmarks_move_with_the_pixels():
    points = points_of()
    points[33] = 70, 60
    faces = align(footage_of(picture(dots=[(70, 60)]), landmarks=points))
    assert faces.landmarks.shape == (68, 2)
    assert tuple(faces.landmarks[33]) == pytest.approx(red_centre(faces.frames[0]), abs=0.1)


def test_the_transform_maps_footage_pixels_to_registered_ones():
    footage = footage_of(picture())
    faces = align(footage)
    moved = footage.landmarks @ faces.transform[:, :2].T + faces.transform[:, 2]
    assert np.allclose(moved, faces.landmarks, atol=1e-3)


def test_a_tall_box_keeps_its_aspect_and_gets_white_bars_at_its_sides():
    box = {"left": 50, "right": 80, "top": 20, "bottom": 90}  # 30 x 70 → 120 x 280
    faces = align(footage_of(picture(), **box))
    face = faces.frames[0]
    assert np.flatnonzero(white_columns(face)).tolist() == [*range(60), *range(180, 240)]
    assert faces.transform[:, :2].tolist() == [[4, 0], [0, 4]]


def test_bars_keep_rows_white_above_and_below_a_tall_face():
    box = {"left": 50, "right": 80, "top": 20, "bottom": 80}  # 30 x 60 → 120 x 240
    faces = align(footage_of(picture(), **box), bars=20)
    white = np.flatnonzero(white_rows(faces.frames[0]))
    assert white.tolist() == [*range(20), *range(260, 280)]
    assert faces.transform[:, :2].tolist() == [[4, 0], [0, 4]]


def test_a_small_face_keeps_its_size_where_upscale_is_off():
    face = align(footage_of(picture()), upscale=False).frames[0]
    rows, columns = np.flatnonzero(~white_rows(face)), np.flatnonzero(~white_columns(face))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (110, 169, 90, 149)  # 60x60, centred


def test_a_large_face_shrinks_even_where_upscale_is_off():
    box = {"left": 100, "right": 580, "top": 100, "bottom": 580}
    big = footage_of(picture(700, 700), **box)
    assert np.array_equal(align(big, upscale=False).frames[0], align(big).frames[0])
    assert align(big).transform[0, 0] == 0.5


def test_a_box_that_leaves_the_picture_is_white_there():
    face = align(footage_of(picture(), left=-20, right=40, top=30, bottom=90)).frames[0]
    assert white_columns(face)[:78].all()
    assert (face[24:256, 84:] == 90).all()


def test_a_canvas_of_another_size_is_filled_in_its_own_proportions():
    faces = align(footage_of(picture()), width=100, height=80)
    assert faces.size == (100, 80)
    assert np.flatnonzero(white_columns(faces.frames[0])).tolist() == [*range(10), *range(90, 100)]


def test_all_frames_get_the_crop_of_the_onset_frame():
    still, moved = picture(dots=[(60, 50)]), picture(dots=[(63, 50)])
    faces = align(footage_of(still, moved, still))
    shift = red_centre(faces.frames[1])[0] - red_centre(faces.frames[0])[0]
    assert shift == pytest.approx(3 * 4, abs=0.1)  # motion is kept, not registered away
    assert np.array_equal(faces.frames[0], faces.frames[2])


def test_timing_is_passed_on():
    footage = mertk.Footage(
        frames=mertk.Frames.of(np.stack([picture()] * 6)),
        onset=1, apex=3, offset=4, fps=100.0, landmarks=points_of(),
    )  # fmt: skip
    faces = align(footage)
    assert (faces.onset, faces.apex, faces.offset, faces.fps) == (1, 3, 4, 100.0)
    assert len(faces.frames) == 6


def test_faces_travel_to_another_process():
    faces = align(footage_of(picture(dots=[(60, 50)]), picture()))
    there = pickle.loads(pickle.dumps(faces))  # noqa: S301
    assert np.array_equal(there.frames[:], faces.frames[:])


def test_the_crop_is_one_warp_of_the_footage_so_that_a_cache_can_repeat_it():
    footage = footage_of(picture())
    faces = align(footage)
    warp = faces.frames.warp_of(footage.frames)
    written = json.dumps(dataclasses.asdict(warp))  # as the cache writes it
    repeated = footage.frames.map(type(warp).from_json(json.loads(written)))
    assert np.array_equal(repeated[0], faces.frames[0])


def test_landmarks_in_another_order_are_refused():
    mirrored = {"left": RIGHT, "right": LEFT}
    with pytest.raises(mertk.DataError, match="points 17, 26"):
        align(footage_of(picture(), **mirrored))


def test_a_face_of_a_few_pixels_is_refused():
    with pytest.raises(mertk.DataError, match="no crop"):
        align(footage_of(picture(), left=60, right=63))


@pytest.mark.parametrize("bad", [np.zeros((5, 2)), np.full((68, 2), np.nan)])
def test_landmarks_that_are_not_68_finite_points_are_refused(bad):
    with pytest.raises(mertk.DataError, match="expected 68 points"):
        align(footage_of(picture(), landmarks=bad.astype(np.float32)))


@pytest.mark.parametrize(
    "params", [{"width": 0}, {"bars": 140}, {"bars": -1}, {"frame": "first", "detector": "dataset"}]
)
def test_parameters_that_make_no_sense_are_refused(params):
    with pytest.raises(mertk.ParameterError, match="landmark_crop"):
        aligner(**params)
