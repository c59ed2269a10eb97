"""Where the aligners take landmarks from: the data set, dlib, or a clear refusal."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import mertk

ALIGNERS = ["landmark_crop", "eye_similarity"]
has_dlib = all(importlib.util.find_spec(name) for name in ("dlib", "face_recognition_models"))
needs_dlib = pytest.mark.skipif(not has_dlib, reason="needs mertk[dlib]")


@pytest.fixture(scope="module")
def person():
    """A real face, 200x200."""
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[:200, 120:320])


def landmarks_of_nobody():
    points = np.full((68, 2), 60, np.float32)
    points[17, 0], points[26, 0], points[8, 1] = 40, 100, 130
    points[36:42], points[42:48] = (50, 70), (90, 70)
    return points


def footage_of(*pictures, onset=0, landmarks=None):
    return mertk.Footage(
        frames=mertk.Frames.of(np.stack(pictures)),
        onset=onset,
        offset=len(pictures) - 1,
        landmarks=landmarks,
    )


def noise():
    return np.random.default_rng(0).integers(0, 255, (160, 200, 3), np.uint8)


def align(name, footage, **params):
    return mertk.load_plugins().registry.build("aligner", mertk.Use(name, **params)).align(footage)


@needs_dlib
def test_dlib_finds_a_real_face_and_the_eyes_are_level(person):
    faces = align("eye_similarity", footage_of(person), size=100, eye_distance=0.4, points=68)
    left, right = faces.landmarks[36:42].mean(axis=0), faces.landmarks[42:48].mean(axis=0)
    assert right - left == pytest.approx((40, 0), abs=1e-3)
    mouth, nose = faces.landmarks[48:].mean(axis=0), faces.landmarks[30]
    assert left[1] < nose[1] < mouth[1]  # a face, the right way up


@needs_dlib
def test_the_crop_of_a_real_face_spans_brow_to_chin(person):
    points = align("landmark_crop", footage_of(person)).landmarks
    left, right = points[17, 0], points[26, 0]
    top, bottom = min(points[18, 1], points[25, 1]), points[8, 1]
    assert (left + right) / 2 == pytest.approx(119.5, abs=2)  # the middle of 240
    assert (top + bottom) / 2 == pytest.approx(139.5, abs=2)  # the middle of 280
    assert right - left == pytest.approx(240, abs=4)
    assert 220 < bottom - top <= 280
    assert top < points[36:48, 1].mean() < points[30, 1] < points[48:, 1].mean() < bottom


@needs_dlib
def test_a_real_face_is_not_cut_off_by_the_registration_by_the_eyes(person):
    points = align("eye_similarity", footage_of(person), points=68).landmarks[
        17:
    ]  # all but the jaw line
    assert points.min() > 0
    assert points.max() < 224


@needs_dlib
@pytest.mark.parametrize(("bars", "inside"), [(0, False), (20, True)])
def test_bars_bring_the_brows_into_the_eye_regions(person, bars, inside):
    faces = align("landmark_crop", footage_of(person), bars=bars)
    regions = mertk.load_plugins().registry.build("roi", mertk.Use("six_regions")).locate(faces)
    boxes = dict(zip(regions.names, regions.boxes, strict=True))
    for name, brow in (("eye_left", slice(17, 22)), ("eye_right", slice(22, 27))):
        x0, y0, x1, y1 = boxes[name]
        x, y = faces.landmarks[brow].mean(axis=0)
        assert x0 < x < x1
        assert (y0 < y < y1) == inside


@needs_dlib
def test_the_face_of_the_onset_frame_decides(person):
    shifted = np.roll(person, 12, axis=1)
    straight = align("landmark_crop", footage_of(person))
    later = align("landmark_crop", footage_of(shifted, person, onset=1))
    assert np.array_equal(straight.transform, later.transform)


@needs_dlib
def test_the_first_frame_decides_where_that_is_asked_for(person):
    shifted = np.roll(person, 12, axis=1)
    footage = footage_of(shifted, person, onset=1)
    first = align("landmark_crop", footage, frame="first").transform
    assert np.array_equal(first, align("landmark_crop", footage_of(shifted)).transform)
    assert not np.array_equal(first, align("landmark_crop", footage).transform)


@needs_dlib
@pytest.mark.parametrize("name", ALIGNERS)
def test_landmarks_of_the_data_set_count_unless_dlib_is_asked_for(name, person):
    wrong = landmarks_of_nobody()
    given = align(name, footage_of(person, landmarks=wrong)).transform
    asked = align(name, footage_of(person, landmarks=wrong), detector="dlib").transform
    found = align(name, footage_of(person)).transform
    assert np.array_equal(asked, found)
    assert not np.allclose(given, found)


@needs_dlib
@pytest.mark.parametrize("name", ALIGNERS)
def test_a_picture_without_a_face_is_refused_with_a_way_out(name):
    with pytest.raises(mertk.DataError, match=r"no face found in frame 0 of 1 \(200x160\).*none"):
        align(name, footage_of(noise()))


@needs_dlib
@pytest.mark.parametrize("name", ALIGNERS)
def test_two_faces_of_one_size_are_refused_with_their_boxes(name, person):
    both = np.hstack([person, person])
    with pytest.raises(mertk.DataError, match=r"2 faces found in frame 0.*at x \d+, y \d+, .*at x"):
        align(name, footage_of(both))


@needs_dlib
def test_of_two_faces_the_clearly_larger_one_is_taken(person):
    small, large = person, np.kron(person, np.ones((2, 2, 1), np.uint8))
    both = np.full((400, 600, 3), 128, np.uint8)
    both[:200, :200], both[:, 200:] = small, large
    alone = np.full((400, 600, 3), 128, np.uint8)
    alone[:, 200:] = large
    assert np.allclose(
        align("landmark_crop", footage_of(both)).transform,
        align("landmark_crop", footage_of(alone)).transform,
    )


@pytest.mark.parametrize("name", ALIGNERS)
def test_the_data_set_must_know_landmarks_where_it_is_asked_for_them(name):
    with pytest.raises(mertk.DataError, match="knows no landmarks of frame 0"):
        align(name, footage_of(noise()), detector="dataset")


@pytest.mark.parametrize("name", ALIGNERS)
def test_a_clip_that_has_flow_alone_is_sent_to_the_aligner_none(name):
    nothing = mertk.Frames.of(np.empty((0, 0, 0, 3), np.uint8))
    flow = np.zeros((28, 28, 3), np.float32)
    with pytest.raises(mertk.DataError, match="aligner=none"):
        align(name, mertk.Footage(frames=nothing, onset=0, offset=0, flow=flow))


@pytest.mark.parametrize("missing", ["dlib", "face_recognition_models"])
def test_a_missing_package_is_named_with_its_cure_and_the_licence(missing, monkeypatch):
    aligner = mertk.load_plugins().registry.build("aligner", mertk.Use("landmark_crop"))
    present = {"dlib": SimpleNamespace()} if missing != "dlib" else {}
    monkeypatch.setattr(importlib.util, "find_spec", present.get)
    monkeypatch.delenv("MERTK_LANDMARK_MODEL", raising=False)
    with pytest.raises(mertk.MissingPackageError, match=r"mertk\[dlib\].*exclude commercial use"):
        aligner.align(footage_of(noise()))


def test_landmarks_of_the_data_set_need_no_dlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)  # importing it would raise
    faces = align("landmark_crop", footage_of(noise(), landmarks=landmarks_of_nobody()))
    assert faces.size == (240, 280)


@pytest.mark.skipif(not importlib.util.find_spec("dlib"), reason="needs dlib")
def test_a_model_file_that_does_not_exist_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("MERTK_LANDMARK_MODEL", str(tmp_path / "absent.dat"))
    with pytest.raises(mertk.DataError, match=r"absent\.dat is not a file"):
        align("landmark_crop", footage_of(noise()))


@needs_dlib
def test_a_model_file_of_ones_own_is_read(monkeypatch, tmp_path, person):
    found = importlib.util.find_spec("face_recognition_models").submodule_search_locations[0]
    own = tmp_path / "own.dat"
    own.symlink_to(f"{found}/models/shape_predictor_68_face_landmarks.dat")
    expected = align("landmark_crop", footage_of(person)).transform
    monkeypatch.setenv("MERTK_LANDMARK_MODEL", str(own))
    assert np.array_equal(align("landmark_crop", footage_of(person)).transform, expected)


@needs_dlib
def test_five_points_place_the_eyes_as_68_do(person):
    five, all_points = (align("eye_similarity", footage_of(person), points=n) for n in (5, 68))
    assert (five.landmarks, all_points.landmarks.shape) == (None, (68, 2))
    corners = np.array([[0, 0, 1], [200, 0, 1], [0, 200, 1]])
    apart = np.linalg.norm(corners @ (five.transform - all_points.transform).T, axis=1)
    assert apart.max() < 0.1 * 224


def unwarp(faces):
    """Registered landmarks in the pixels of the footage."""
    inverse = np.linalg.inv(np.vstack([faces.transform, [0, 0, 1]]))
    return faces.landmarks @ inverse[:2, :2].T + inverse[:2, 2]


@needs_dlib
def test_a_phantom_of_a_low_score_is_no_second_face():
    """At most shifts dlib also finds a pattern, of a score of 0.05 against 1.3."""
    import dlib
    from skimage import data

    whole, rng = data.astronaut(), np.random.default_rng(0)
    phantoms = 0
    for dy, dx in rng.integers(-40, 40, (6, 2)):
        picture = np.roll(whole, (dy, dx), (0, 1))
        phantoms += len(dlib.get_frontal_face_detector()(picture, 0)) > 1
        found = unwarp(align("landmark_crop", footage_of(picture))).mean(axis=0)
        assert found == pytest.approx((222 + dx, 130 + dy), abs=20)
    assert phantoms > 0


@needs_dlib
def test_a_face_that_fills_the_picture_is_found_with_a_border(person):
    import dlib

    whole = unwarp(align("landmark_crop", footage_of(person)))
    tight = np.ascontiguousarray(person[95:178, 59:152])  # from below the brows to the chin
    detect = dlib.get_frontal_face_detector()
    assert not detect(tight, 0)
    assert not detect(tight, 1)
    found = unwarp(align("landmark_crop", footage_of(tight))) + np.array([59, 95])
    assert np.linalg.norm(found[27:48] - whole[27:48], axis=1).mean() < 2


@needs_dlib
def test_of_several_faces_the_one_that_is_asked_for_is_taken(person):
    both = np.concatenate([person, person], axis=1)
    with pytest.raises(mertk.DataError, match="say which is meant with face=largest, face=left"):
        align("landmark_crop", footage_of(both))
    middles = []
    for face in ("left", "right"):
        found = align("landmark_crop", footage_of(both), face=face)
        inverse = np.linalg.inv(np.vstack([found.transform, [0, 0, 1]]))
        middles.append(found.landmarks.mean(axis=0) @ inverse[0, :2] + inverse[0, 2])
    assert middles[0] < 200 < middles[1]
    align("eye_similarity", footage_of(both), face="largest")
