import dataclasses
import pickle
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

import mertk
from mertk.core import metrics
from mertk.core.errors import DataError, ParameterError
from mertk.core.recipe import Use
from mertk_plugins.datasets import _film, _synthetic_face, _synthetic_scene
from mertk_plugins.datasets.synthetic import Synthetic

CLASSES = ("negative", "positive", "surprise")


def scene(clip):
    return clip.footage.frames._read


def at(flow, points):
    return cv2.remap(flow, points[:, :1], points[:, 1:], cv2.INTER_LINEAR)[:, 0]


def test_a_clip_is_the_same_however_many_there_are():
    few, many = Synthetic(subjects=2, clips=3).index(), Synthetic(subjects=3, clips=7).index()
    known = {clip.uid: clip for clip in many}
    for clip in few:
        other = known[clip.uid]
        assert other.fingerprint == clip.fingerprint
        assert other.record == clip.record
        assert (other.footage.frames[4] == clip.footage.frames[4]).all()


def test_the_seed_decides_the_pixels():
    one, again, other = (Synthetic(subjects=1, clips=1, seed=s).index()[0] for s in (1, 1, 2))
    assert (one.footage.frames[0] == again.footage.frames[0]).all()
    assert (one.footage.frames[0] != other.footage.frames[0]).any()
    assert one.fingerprint != other.fingerprint


def test_a_frame_is_the_same_in_any_order_and_after_pickling():
    frames = Synthetic(subjects=1, clips=1).index()[0].footage.frames
    forwards = frames[:]
    copy = pickle.loads(pickle.dumps(frames))  # noqa: S301  (our own bytes)
    for n in (11, 2, 15):
        assert (copy[n] == forwards[n]).all()


def test_classes_are_balanced_in_every_person():
    clips = Synthetic(subjects=4, clips=9).index()
    for person in {clip.person for clip in clips}:
        labels = Counter(clip.record["label"] for clip in clips if clip.person == person)
        assert labels == dict.fromkeys(CLASSES, 3)


def test_index_draws_no_pictures():
    before = _synthetic_face.draw_portrait.cache_info().misses
    assert len(Synthetic(subjects=30, seed=99).index()) == 270
    assert _synthetic_face.draw_portrait.cache_info().misses == before


def test_without_amplitude_pixels_do_not_depend_on_the_label():
    for clip in Synthetic(subjects=2, clips=3, amplitude=0).index():
        for label in CLASSES:
            other = dataclasses.replace(scene(clip), label=label)
            assert all((other(n) == clip.footage.frames[n]).all() for n in range(16))


def test_without_amplitude_timing_and_label_counts_stay():
    still, moving = (Synthetic(amplitude=a, subjects=3).index() for a in (0, 2))
    for one, other in zip(still, moving, strict=True):
        assert one.record == other.record
        assert (one.footage.landmarks == other.footage.landmarks).all()
        assert one.fingerprint != other.fingerprint


def test_with_amplitude_each_label_moves_the_face_in_its_own_way():
    clip = Synthetic(subjects=1, clips=1).index()[0]
    apex = clip.footage.apex
    pictures = [dataclasses.replace(scene(clip), label=label)(apex) for label in CLASSES]
    assert (pictures[0] != pictures[1]).any()
    assert (pictures[1] != pictures[2]).any()


def test_without_nuisance_only_the_expression_moves():
    clip = Synthetic(subjects=1, clips=1, nuisance=0).index()[0].footage
    frames = clip.frames[:].astype(int)
    assert (frames[: clip.onset + 1] == frames[0]).all()
    assert (frames[clip.offset :] == frames[0]).all()
    assert (frames[clip.apex] != frames[0]).any()
    still = Synthetic(subjects=1, clips=1, nuisance=0, amplitude=0).index()[0].footage.frames[:]
    assert (still == still[0]).all()


@pytest.mark.slow
@pytest.mark.parametrize("amplitude", [0.75, 1.5, 6.0])
def test_the_peak_motion_is_about_the_amplitude(amplitude):
    made = Synthetic(subjects=3, clips=6, amplitude=amplitude, nuisance=0)
    peaks = [np.linalg.norm(made.flow(clip), axis=-1).max() for clip in made.index()]
    assert 0.7 * amplitude < np.mean(peaks) < 1.1 * amplitude
    assert max(peaks) < 1.5 * amplitude


def test_the_flow_carries_the_apex_back_to_the_onset():
    made = Synthetic(subjects=2, clips=3, amplitude=6, nuisance=0)
    for clip in made.index():
        onset, apex = (clip.footage.frames[n].astype(np.float32) for n in (
            clip.footage.onset, clip.footage.apex,
        ))  # fmt: skip
        y, x = np.mgrid[:256, :256].astype(np.float32)
        flow = made.flow(clip)
        back = cv2.remap(apex, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC)
        moving = np.linalg.norm(flow, axis=-1) > 1
        assert np.abs(back - onset)[moving].mean() < 1.5
        assert np.abs(apex - onset)[moving].mean() > 4 * np.abs(back - onset)[moving].mean()


def test_landmarks_go_where_the_flow_goes():
    made = Synthetic(subjects=3, clips=3, amplitude=3)
    for clip in made.index():
        start, flow = clip.footage.landmarks, made.flow(clip)
        inside = ((start > 0) & (start < 254)).all(axis=1)
        assert start.dtype == np.float32
        assert inside.sum() > 60
        moved = made.landmarks(clip, clip.footage.apex)
        assert np.abs(start + at(flow, start) - moved)[inside].max() < 0.05


def test_mirrored_people_keep_the_order_of_the_points():
    clips = Synthetic(subjects=12, clips=1).index()
    assert {_synthetic_face.draw_person(0, n, 256).mirrored for n in range(12)} == {True, False}
    for clip in clips:
        x, y = clip.footage.landmarks.T
        assert x[36] < x[39] < x[42] < x[45]
        assert x[0] < x[48] < x[54] < x[16]
        assert y[19] < y[37] < y[33] < y[57] < y[8]


def test_people_differ():
    shapes = [clip.footage.landmarks for clip in Synthetic(subjects=8, clips=1).index()]
    centred = [shape - shape.mean(axis=0) for shape in shapes]
    for n, one in enumerate(centred):
        for other in centred[:n]:
            assert np.linalg.norm(one - other, axis=1).mean() > 2


def test_the_record_says_what_is_known():
    clip = Synthetic(subjects=1, clips=1).index()[0]
    footage, record = clip.footage, clip.record
    assert record["synthetic"] is True
    assert record["uid"] == clip.uid == "synthetic/s01/c01"
    timing = [record[name] for name in ("onset", "apex", "offset")]
    assert timing == [footage.onset, footage.apex, footage.offset]
    assert [au["au"] for au in record["aus"]] == list(record["au_set"])
    assert record["emotion"] in {"happiness", "disgust", "repression", "surprise"}


def test_the_size_may_be_chosen():
    clip = Synthetic(subjects=1, clips=1, size=100, frames=7, amplitude=1).index()[0]
    assert clip.footage.frames.shape == (7, 100, 100, 3)
    assert clip.footage.frames[3].dtype == np.uint8


@pytest.mark.parametrize("wrong", ["subjects=0", "frames=4", "amplitude=9", "nuisance=-1"])
def test_a_parameter_without_sense_is_refused_by_name(wrong):
    name = wrong.partition("=")[0]
    with pytest.raises(ParameterError, match=name):
        mertk.load_plugins().registry.build("dataset", Use.parse(f"synthetic:{wrong}"))


def test_the_truth_about_another_sets_clip_is_refused():
    clip = Synthetic(subjects=1, clips=1, seed=5).index()[0]
    with pytest.raises(DataError, match="not made by this synthetic set"):
        Synthetic().flow(clip)


def test_a_motion_that_folds_the_face_is_refused():
    made = Synthetic(subjects=1, clips=3, nuisance=60)
    with pytest.raises(DataError, match="folds the face"):
        [made.flow(clip) for clip in made.index()]


def test_the_dense_fields_are_those_of_the_points():
    made = Synthetic(subjects=1, clips=1).index()[0]
    fields = _synthetic_scene._compute_fields(scene(made))
    here = np.array([[100.0, 120.0]])
    for field, bumps in zip(fields, scene(made).pulls(), strict=True):
        if bumps:
            found = sum(bump.at(here) for bump in bumps)
            assert np.allclose(field[120, 100], found, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("amplitude", "least", "most"), [(0, 0.0, 0.5), (1.5, 0.65, 0.95)])
def test_a_simple_method_finds_the_signal_but_not_all_of_it(amplitude, least, most):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    clips = Synthetic(amplitude=amplitude).index()
    rows = np.array([_flow_grid(clip.footage) for clip in clips])
    labels = np.array([CLASSES.index(clip.record["label"]) for clip in clips])
    found = np.empty_like(labels)
    for fold in mertk.leave_one_subject_out([clip.person for clip in clips]):
        model = make_pipeline(StandardScaler(), SVC(kernel="linear", C=0.1))
        found[fold.test] = model.fit(rows[fold.train], labels[fold.train]).predict(rows[fold.test])
    uf1 = float(metrics.uf1(metrics.confusion(labels, found, 3)))
    assert least <= uf1 <= most


def _flow_grid(footage):
    """Mean Farneback flow, onset to apex, in 5 x 5 blocks of the eye-aligned face."""
    right, left = footage.landmarks[36:42].mean(axis=0), footage.landmarks[42:48].mean(axis=0)
    across, up = (left - right) * 52 / np.sum((left - right) ** 2)
    turn = np.array([[across, up], [-up, across]])
    onto = np.column_stack([turn, [64, 44] - turn @ ((left + right) / 2)])
    onset, apex = (
        cv2.cvtColor(cv2.warpAffine(footage.frames[n], onto, (128, 128)), cv2.COLOR_RGB2GRAY)
        for n in (footage.onset, footage.apex)
    )
    flow = cv2.calcOpticalFlowFarneback(onset, apex, None, 0.5, 3, 15, 3, 5, 1.1, 0)
    return cv2.resize(flow, (5, 5), interpolation=cv2.INTER_AREA).ravel()


@pytest.mark.slow
def test_dlib_finds_the_faces_and_their_landmarks():
    dlib = pytest.importorskip("dlib")
    models = find_spec("face_recognition_models")
    if models is None:
        pytest.skip("face_recognition_models is not installed")
    folder = Path(next(iter(models.submodule_search_locations)), "models")
    detect = dlib.get_frontal_face_detector()
    fit = dlib.shape_predictor(str(folder / "shape_predictor_68_face_landmarks.dat"))
    for clip in Synthetic(subjects=12, clips=1).index():
        picture = clip.footage.frames[clip.footage.onset]
        faces = detect(picture, 0)
        assert len(faces) == 1, clip.uid
        points = np.array([(p.x, p.y) for p in fit(picture, faces[0]).parts()])
        assert np.linalg.norm(points - clip.footage.landmarks, axis=1).mean() < 5


@pytest.mark.parametrize("name", ["synthetic", "synthetic_long"])
def test_landmarks_are_computed_when_they_are_read(name, monkeypatch):
    registry = mertk.load_plugins().registry
    known = registry.build("dataset", Use(name)).index(None)[0].footage.landmarks
    located, invert_field = [], _synthetic_scene.invert_field

    def invert(field, points):
        located.append(points.shape)
        return invert_field(field, points)

    monkeypatch.setattr(_synthetic_scene, "invert_field", invert)
    monkeypatch.setattr(_film, "invert_field", invert)
    footage = registry.build("dataset", Use(name)).index(None)[0].footage
    assert not located
    sent = pickle.loads(pickle.dumps(footage))  # noqa: S301  (our own bytes)
    for one in (footage, sent, dataclasses.replace(sent, apex=None)):
        assert np.array_equal(one.landmarks, known)
    assert located == [(68, 2)]
