"""The audit of spotters that learn: what peeks at the left-out person's intervals is caught."""

import pytest

import mertk
from mertk.audit import audit_spotter
from mertk.core.errors import ParameterError

PLUGIN = '''
"""Spotters for tests."""

import numpy as np

import mertk

SEEN = {}


class Honest:
    """Spots where the brightness changes; what it learns is the usual length."""

    def __init__(self) -> None:
        self.half = 3

    def measure(self, faces):
        return np.array([float(np.mean(one)) for one in faces.frames])

    def fit(self, train, rng):
        lengths = [true.offset - true.onset + 1 for one in train for true in one.truths]
        self.half = max(int(np.mean(lengths)) // 2, 1)

    def spot(self, faces):
        values = self.measure(faces)
        return self.spot_measured(
            mertk.MeasuredVideo(values=values, frames=len(faces.frames), fps=faces.fps)
        )

    def spot_measured(self, video):
        found, last = [], -1
        for at in range(self.half, video.frames - self.half, 6 * self.half):
            if at - self.half > last:
                found.append(mertk.Spot(at - self.half, at, at + self.half, 1.0))
                last = at + self.half
        return found


class Peeking(Honest):
    """Keeps the true intervals of all folds, by what was measured."""

    def fit(self, train, rng):
        super().fit(train, rng)
        for one in train:
            SEEN[one.values.tobytes()] = one.truths

    def spot_measured(self, video):
        known = SEEN.get(np.asarray(video.values).tobytes())
        return super().spot_measured(video) if known is None else list(known)


class Silent(Honest):
    """Finds nothing."""

    def spot_measured(self, video):
        return []


@mertk.hookimpl
def mertk_register(register):
    register.spotter("honest", Honest)
    register.spotter("peeking", Peeking)
    register.spotter("silent", Silent)
'''
SMALL = "synthetic_long:videos=3,seconds=8,micros=1,macros=1,size=64,amplitude=1"


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    file = tmp_path_factory.mktemp("spotters") / "spotters.py"
    file.write_text(PLUGIN)
    return mertk.load_plugins([file])


def test_a_spotter_that_peeks_at_the_outer_persons_intervals_is_caught(plugins):
    found = audit_spotter(plugins, "peeking", dataset=SMALL)
    assert found.outcome == "leak"
    assert [one.probe for one in found.verdicts if one.leak] == ["intervals", "random"]


def test_an_honest_spotter_passes(plugins):
    assert audit_spotter(plugins, "honest", dataset=SMALL).outcome == "passed"


@pytest.mark.slow
def test_where_nothing_is_spotted_the_audit_is_inconclusive(plugins):
    assert audit_spotter(plugins, "silent", dataset=SMALL).outcome == "inconclusive"


def test_a_spotter_without_fit_sees_no_truth(plugins):
    with pytest.raises(ParameterError, match="flow_peaks has no fit: it sees no true interval"):
        audit_spotter(plugins, "flow_peaks")
