"""Registration by the eyes, on painted eyes whose places are known."""

import pickle

import numpy as np
import pytest

import mertk

LEFT_EYE, RIGHT_EYE = (50, 70), (92, 56)  # a head tilted by 18 degrees


def points_of(left=LEFT_EYE, right=RIGHT_EYE):
    ring = np.array([(-6, 0), (-3, -2), (3, -2), (6, 0), (3, 2), (-3, 2)], np.float32)
    points = np.full((68, 2), 70, np.float32)
    points[36:42], points[42:48] = ring + left, ring + right
    return points


def picture(left=LEFT_EYE, right=RIGHT_EYE):
    """Grey, with the left eye red and the right eye blue (5x5 dots)."""
    pixels = np.full((140, 160, 3), 90, np.uint8)
    for (x, y), colour in ((left, (255, 0, 0)), (right, (0, 0, 255))):
        pixels[y - 2 : y + 3, x - 2 : x + 3] = colour
    return pixels


def align(*pictures, landmarks=None, **params):
    footage = mertk.Footage(
        frames=mertk.Frames.of(np.stack(pictures)),
        onset=0,
        offset=len(pictures) - 1,
        landmarks=points_of() if landmarks is None else landmarks,
    )
    return (
        mertk.load_plugins()
        .registry.build("aligner", mertk.Use("eye_similarity", **params))
        .align(footage)
    )


def centre(pixels, channel):
    strength = pixels[..., channel].astype(float) - pixels[..., 2 - channel]
    strength[strength < 40] = 0
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    return np.array([(x * strength).sum(), (y * strength).sum()]) / strength.sum()


@pytest.mark.parametrize(("size", "distance", "height"), [(224, 0.4, 0.3), (112, 0.3, 0.5)])
def test_painted_eyes_land_on_their_places(size, distance, height):
    face = align(picture(), size=size, eye_distance=distance, eye_height=height).frames[0]
    assert face.shape == (size, size, 3)
    y = size * height - 0.5
    middle, half = (size - 1) / 2, size * distance / 2
    assert np.abs(centre(face, 0) - (middle - half, y)).max() < 0.5
    assert np.abs(centre(face, 2) - (middle + half, y)).max() < 0.5


def test_eye_landmarks_land_on_their_places():
    faces = align(picture(), size=200, eye_distance=0.4, eye_height=0.3)
    assert faces.landmarks[36:42].mean(axis=0) == pytest.approx((59.5, 59.5), abs=1e-3)
    assert faces.landmarks[42:48].mean(axis=0) == pytest.approx((139.5, 59.5), abs=1e-3)


def test_the_face_is_not_sheared_or_mirrored():
    a, b, c, d = align(picture()).transform[:, :2].ravel()
    assert (a, b) == pytest.approx((d, -c))
    assert a * d - b * c > 0


def test_all_frames_get_the_transform_of_the_onset_frame():
    drifted = picture(left=(53, 69), right=(95, 55))  # the whole head moves by (3, -1)
    faces = align(picture(), drifted)
    moved = centre(faces.frames[1], 0) - centre(faces.frames[0], 0)
    assert moved == pytest.approx(faces.transform[:, :2] @ (3, -1), abs=0.1)


def test_faces_travel_to_another_process():
    faces = align(picture(), picture())
    assert np.array_equal(pickle.loads(pickle.dumps(faces)).frames[:], faces.frames[:])  # noqa: S301


def test_eyes_in_one_place_are_refused():
    with pytest.raises(mertk.DataError, match="both eyes"):
        align(picture(), landmarks=points_of(right=LEFT_EYE))


@pytest.mark.parametrize("params", [{"size": 0}, {"eye_distance": 1.5}, {"eye_height": 0.0}])
def test_parameters_that_make_no_sense_are_refused(params):
    with pytest.raises(mertk.ParameterError, match="eye_similarity"):
        align(picture(), **params)
