"""The shipped spotters on synthetic videos: they find what is there, and nothing where is none."""

import importlib
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import mertk
from mertk.spotting import checked_spots
from mertk.spotting.learned import spot_in_folds

REGISTRY = mertk.load_plugins().registry
NAMES = ("flow_peaks", "lbp_chi2")
"""The spotters that do not learn."""

STRONG = {"videos": 1, "seconds": 12.0, "micros": 2, "macros": 1, "amplitude": 4.0, "size": 160}
STRONG["macro"] = 1.25


@cache
def video(**params):
    """Faces of a video in memory, and the clips of its expressions."""
    clips = REGISTRY.build("dataset", mertk.Use("synthetic_long", **{**STRONG, **params})).index()
    footage = clips[0].footage
    frames = mertk.Frames.of(footage.frames[:])
    faces = mertk.Faces(
        frames=frames,
        onset=0,
        offset=len(frames) - 1,
        fps=footage.fps,
        landmarks=footage.landmarks,
    )
    return faces, [(clip.footage.onset, clip.footage.offset) for clip in clips]


def search(name, faces, **params):
    return checked_spots.spot_stretch(REGISTRY.build("spotter", mertk.Use(name, **params)), faces)


def hit(found, truths):
    """How many truths have an apex in them."""
    return sum(any(onset <= one.apex <= offset for one in found) for onset, offset in truths)


@pytest.mark.parametrize(("name", "least"), [("flow_peaks", 3), ("lbp_chi2", 1)])
def test_it_finds_strong_expressions_and_little_else(name, least):
    faces, truths = video()
    found = search(name, faces)
    assert hit(found, truths) >= least
    assert len(found) <= len(truths) + 1


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_next_to_nothing_where_nothing_is(name):
    faces, _ = video(amplitude=0.0)
    assert len(search(name, faces)) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_that_stands_still_shows_nothing(name):
    faces, _ = video()
    pixels = np.repeat(faces.frames[:1], 200, axis=0)
    assert search(name, replace(faces, frames=mertk.Frames.of(pixels), offset=199)) == ()


@pytest.mark.slow
def test_flow_peaks_finds_the_same_at_another_frame_rate():
    slow, truths = video()
    fast, more = video(fps=60.0)
    one, other = search("flow_peaks", slow), search("flow_peaks", fast)
    assert hit(other, more) == hit(one, truths)
    apexes = [np.array([spot.apex for spot in found]) / faces.fps
              for found, faces in ((one, slow), (other, fast))]  # fmt: skip
    near = np.abs(apexes[0][:, None] - apexes[1]).min(axis=1)
    assert np.median(near) < 0.1


def test_flow_peaks_knows_where_a_registered_face_is_without_landmarks():
    faces, truths = video()
    footage = mertk.Footage(
        frames=faces.frames, onset=0, offset=faces.offset, fps=faces.fps, landmarks=faces.landmarks
    )
    aligner = REGISTRY.build("aligner", mertk.Use("eye_similarity", size=160))
    found = search("flow_peaks", replace(aligner.align(footage), landmarks=None))
    assert hit(found, truths) >= 2


def test_blinks_are_no_expressions():
    faces, _ = video(amplitude=0.0, seed=2)
    found = search("flow_peaks", faces, floor=0.003, deviations=3.0)
    made = REGISTRY.build("dataset", mertk.Use("synthetic_long", **{**STRONG, "seed": 2})).index()
    blinks = made[0].footage.frames._read.script().blinks
    assert len(blinks) > 1
    assert not any(abs(one.apex / faces.fps - blink) < 0.1 for one in found for blink in blinks)


def test_strength_falls_as_the_threshold_rises():
    faces, _ = video()
    low, high = (search("flow_peaks", faces, floor=floor) for floor in (0.006, 0.012))
    strongest = [max(one.strength for one in found) for found in (low, high)]
    assert strongest[0] > strongest[1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "params", [{"lag": 2.0}, {"rate": 0.0}, {"deviations": -1.0}], ids=lambda p: next(iter(p))
)
def test_parameters_that_cannot_be_are_refused(name, params):
    with pytest.raises(mertk.ParameterError, match="must"):
        REGISTRY.build("spotter", mertk.Use(name, **params))


@pytest.mark.parametrize("name", NAMES)
def test_eyes_outside_the_picture_are_told(name):
    faces, _ = video()
    far = replace(faces, landmarks=faces.landmarks + 1000)
    with pytest.raises(mertk.DataError, match="outside the picture of 160x160"):
        search(name, far)


def curve(seed, *, person="", fps=30.0, count=4):
    """A measured video in which all cells move away and back at known times, among noise."""
    rng = np.random.default_rng(seed)
    values, truths = rng.normal(0, 0.0015, (600, 18, 2)), []
    for number in range(count):
        start, half = 60 + 120 * number + int(rng.integers(40)), (5, 15)[number % 2]
        values[start : start + half, :, 1] += 0.02
        values[start + half : start + 2 * half, :, 1] -= 0.02
        truths.append(mertk.Spot(start, start + half, start + 2 * half, 1.0))
    return mertk.MeasuredVideo(
        values=values, frames=600, fps=fps, truths=tuple(truths), person=person
    )


def test_flow_windows_learns_what_expressions_of_others_look_like():
    videos = [curve(seed, person=f"p{seed}") for seed in range(4)]
    build = lambda: REGISTRY.build("spotter", mertk.Use("flow_windows", trees=30))  # noqa: E731
    found = dict(spot_in_folds(build, videos))
    hits = sum(
        any(min(one.offset, true.offset) - max(one.onset, true.onset) >= (true.offset - true.onset) / 2
            for one in found[at])
        for at, video in enumerate(videos) for true in video.truths
    )  # fmt: skip
    assert hits >= 14  # of 16
    assert sum(map(len, found.values())) <= 20


def test_flow_windows_finds_nothing_before_it_is_fitted():
    assert REGISTRY.build("spotter", mertk.Use("flow_windows")).spot_measured(curve(0)) == []


def test_flow_windows_gives_the_same_twice():
    videos = [curve(seed, person=f"p{seed % 2}") for seed in range(2)]
    build = lambda: REGISTRY.build("spotter", mertk.Use("flow_windows", trees=10))  # noqa: E731
    assert dict(spot_in_folds(build, videos)) == dict(spot_in_folds(build, videos))


@pytest.mark.parametrize("params", [{"trees": 0}, {"rate": 0.0}])
def test_parameters_of_flow_windows_that_cannot_be_are_refused(params):
    with pytest.raises(mertk.ParameterError, match="must"):
        REGISTRY.build("spotter", mertk.Use("flow_windows", **params))


def test_softnet_sees_its_paper_s_number_of_weights():
    network = importlib.import_module("mertk_plugins.spotters._softnet_net").SoftNetNet()
    parts = [sum(one.numel() for one in part.parameters()) for part in network.children()]
    assert parts == [26 * (3 + 5 + 8), 784 * 400 + 400 + 401]


def frames_of_flow(seed, *, person):
    """A measured video whose brows move up while an expression begins, among noise."""
    rng = np.random.default_rng(seed)
    values, truths = rng.normal(0, 0.01, (240, 2, 3, 42, 42)).astype(np.float16), []
    for start in (40 + int(rng.integers(20)), 150 + int(rng.integers(20))):
        values[start - 6 : start + 12, 0, 1, :21] -= 0.05
        truths.append(mertk.Spot(start, start + 6, start + 12, 1.0))
    return mertk.MeasuredVideo(
        values=values, frames=240, fps=30.0, truths=tuple(truths), person=person
    )


def test_softnet_learns_what_expressions_of_others_look_like():
    videos = [frames_of_flow(seed, person=f"p{seed}") for seed in range(3)]
    build = lambda: REGISTRY.build("spotter", mertk.Use("softnet", epochs=8))  # noqa: E731
    for at, found in spot_in_folds(build, videos):
        assert hit(found, [(one.onset, one.offset) for one in videos[at].truths]) == 2
        assert len(found) <= 4


def test_softnet_measures_motion_in_distances_of_the_eyes():
    faces, truths = video(micros=1, macros=0, seconds=4.0)
    part = replace(faces, frames=mertk.Frames.of(faces.frames[: truths[0][1] + 2]), offset=0)
    values = REGISTRY.build("spotter", mertk.Use("softnet")).measure(part)
    assert values.shape == (len(part.frames), 2, 3, 42, 42)
    moved = np.abs(values[:, 0, 1].astype(float)).mean(axis=(1, 2))
    assert truths[0][0] - 6 <= int(moved.argmax()) <= truths[0][1]
    assert not values[-6:, 0].any()
