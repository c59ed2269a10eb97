import itertools
import pickle

import numpy as np
import pytest

import mertk
from mertk.core.errors import ParameterError
from mertk.vision import optical_flow
from mertk_plugins.datasets.synthetic_long import SyntheticLong

REGISTRY = mertk.load_plugins().registry
SHORT = {"videos": 1, "seconds": 8.0, "micros": 1, "macros": 1, "size": 96}


def index(**params):
    return SyntheticLong(**{**SHORT, **params}).index()


def film(clip):
    return clip.footage.frames._read


def test_there_is_a_clip_per_expression_in_the_frames_of_its_whole_video():
    clips = SyntheticLong(videos=3, seconds=40, micros=5, macros=3).index()
    assert len(clips) == 24
    assert len({clip.fingerprint for clip in clips}) == 24
    assert {len(clip.footage.frames) for clip in clips} == {1200}
    assert {(clip.subject, clip.record["video"]) for clip in clips} == {
        ("s01", "v01"), ("s02", "v02"), ("s03", "v03"),
    }  # fmt: skip


def test_durations_are_those_of_the_kinds_and_expressions_keep_apart():
    for fps in (25.0, 200.0):
        clips = SyntheticLong(videos=5, fps=fps).index()
        for clip in clips:
            seconds = (clip.footage.offset - clip.footage.onset) / fps
            low, high = {"micro": (0.2, 0.5), "macro": (0.6, 2.0)}[clip.record["expression_type"]]
            assert low - 1 / fps <= seconds <= high + 1 / fps
        for before, after in itertools.pairwise(clips):
            if before.subject == after.subject:
                assert after.footage.onset - before.footage.offset > fps


def test_the_same_happens_at_every_frame_rate_and_amplitude():
    slow, fast, still = index(), index(fps=90.0), index(amplitude=0)
    for one, more, none in zip(slow, fast, still, strict=True):
        assert abs(more.footage.apex - 3 * one.footage.apex) <= 2
        assert none.record == one.record
        assert none.fingerprint != one.fingerprint


def test_a_frame_is_a_pure_function_of_its_position():
    frames = index()[0].footage.frames
    copy = pickle.loads(pickle.dumps(frames))  # noqa: S301  (our own bytes)
    assert [(copy[at] == frames[at]).all() for at in (200, 3, 77)] == [True] * 3
    assert (frames[5] != index(seed=1)[0].footage.frames[5]).any()


def test_without_nuisance_only_expressions_move_the_face():
    clip, other = index(nuisance=0)
    frames = clip.footage.frames
    rest = [at for at in range(0, 240, 7)
            if not any(c.footage.onset <= at <= c.footage.offset for c in (clip, other))]  # fmt: skip
    assert all((frames[at] == frames[rest[0]]).all() for at in rest)
    for one in (clip, other):
        assert (frames[one.footage.apex] != frames[rest[0]]).any()


def test_macro_expressions_are_larger_and_peaks_are_the_amplitude():
    peaks = {"micro": [], "macro": []}
    for clip in SyntheticLong(videos=3, amplitude=1.5, macro=2.0, nuisance=0).index():
        made, footage = film(clip), clip.footage
        moved = made.landmarks(footage.apex) - made.landmarks(footage.onset)
        peaks[clip.record["expression_type"]].append(np.linalg.norm(moved, axis=1).max())
    assert 0.8 < np.mean(peaks["micro"]) < 1.8
    assert 1.6 < np.mean(peaks["macro"]) / np.mean(peaks["micro"]) < 2.4


def test_landmarks_go_with_the_picture():
    made = film(index(size=256, amplitude=3)[0])
    start, end = (optical_flow.convert_to_grey(made(at)) for at in (0, 230))
    x, y = np.rint(made.landmarks(0)[30]).astype(int)
    found = optical_flow.optical_flow(start, end)[y - 8 : y + 9, x - 8 : x + 9].mean(axis=(0, 1))
    moved = made.landmarks(230)[30] - made.landmarks(0)[30]
    assert np.abs(moved).max() > 2
    assert np.abs(found - moved).max() < 0.5


def test_people_blink():
    still = SyntheticLong(videos=1, amplitude=0).index()[0]
    script = film(still).script()
    assert len(script.blinks) > 3
    assert script.closure(script.blinks[0]) == 1.0
    assert script.closure(script.blinks[0] + 0.4) < 0.01


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"seconds": 5.0}, "give 8 or more"),
        ({"micros": 0, "macros": 0}, "one of them more"),
        ({"amplitude": 3.0, "macro": 4.0}, "size / 32"),
        ({"fps": 5.0}, "20 … 1000"),
        ({"nuisance": -1.0}, "nuisance=-1.0"),
    ],
)
def test_parameters_that_cannot_be_are_refused(params, says):
    with pytest.raises(ParameterError, match=says):
        REGISTRY.build("dataset", mertk.Use("synthetic_long", **{**SHORT, **params}))
