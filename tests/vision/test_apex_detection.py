"""Apex spotting: near the true apex, whatever the drift, and defined for the odd clip."""

import numpy as np
import pytest

import mertk
from mertk.vision.apex_detection import spot_apex


def clips(**params):
    params = {"subjects": 3, "clips": 3, "frames": 24, "amplitude": 3.0} | params
    return mertk.load_plugins().registry.build("dataset", mertk.Use("synthetic", **params)).index()


@pytest.mark.slow
def test_it_is_nearer_to_the_apex_than_the_middle_is():
    found = [(spot_apex(c.footage.frames), c.footage) for c in clips()]
    spotted = np.mean([abs(at - footage.apex) for at, footage in found])
    middle = np.mean([abs((len(f.frames) - 1) // 2 - f.apex) for _, f in found])
    assert spotted < middle
    assert spotted <= 2


def test_without_nuisance_it_is_the_apex():
    for clip in clips(subjects=1, nuisance=0.0):
        assert abs(spot_apex(clip.footage.frames) - clip.footage.apex) <= 1


def test_where_nothing_moves_it_is_the_first_frame():
    still = np.full((5, 40, 50, 3), 90, np.uint8)
    assert spot_apex(mertk.Frames.of(still)) == 0
    assert spot_apex(mertk.Frames.of(still[:1])) == 0
