"""Features that nothing can be learnt from are told, and refused where all clips have the same."""

from __future__ import annotations

import numpy as np
import pytest

import mertk
from mertk.pipeline.feature_checks import describe_faults

RNG = np.random.default_rng(0)


def clips(count=20, **streams):
    return [{name: make(at) for name, make in streams.items()} for at in range(count)]


def noise(at):
    return RNG.normal(size=(2, 8)).astype(np.float32)


def test_features_that_differ_are_not_told():
    assert describe_faults(clips(flow=noise, eyes=noise)) == []
    assert describe_faults(clips(count=1, flow=noise)) == []


def test_a_stream_that_all_clips_share_is_told():
    found = describe_faults(clips(flow=noise, eyes=lambda _: np.ones(4)))
    assert found == ["eyes is the same in all 20 clips"]


@pytest.mark.parametrize(("empty", "told"), [(1, []), (2, ["flow is 0 in 2 of 20 clips"])])
def test_flow_of_0_is_told_from_more_than_5_percent_of_clips_on(empty, told):
    found = clips(flow=lambda at: noise(at) * (at >= empty))
    assert describe_faults(found) == told


def test_a_stream_that_is_nearly_all_0_is_told_with_its_share():
    def mouth(at):
        values = np.zeros(10_000)
        values[at] = 1 + at
        return values

    assert describe_faults(clips(eyes=noise, mouth=mouth)) == [
        "only 0.01 % of the values of mouth are not 0"
    ]


@pytest.mark.parametrize(("value", "told"), [(0, "0"), (1, "the same")])
def test_features_that_are_the_same_in_all_clips_are_refused_with_the_way_out(value, told):
    match = rf"\(eyes, flow\) are {told} in all 20 clips.*onset and apex"
    with pytest.raises(mertk.ComponentError, match=match):
        describe_faults(clips(eyes=lambda _: np.zeros(4), flow=lambda _: np.full(4, value)))
