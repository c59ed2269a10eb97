"""concat, standardize and pad_time."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import ComponentError, TrainingSet
from mertk_plugins.fusion.concat import Concat
from mertk_plugins.fusion.pad_time import PadTime
from mertk_plugins.fusion.standardize import Standardize


def train(inputs) -> TrainingSet:
    count = len(inputs)
    return TrainingSet(
        inputs=inputs,
        labels=np.zeros(count, np.int64),
        people=np.array([f"p/{i}" for i in range(count)]),
        classes=("a",),
    )


def timed(*lengths: int, regions: int = 2, features: int = 3) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    scale = 10.0 ** np.arange(regions * features).reshape(regions, 1, features)
    return [
        {"x": (scale * rng.normal(4, 1, (regions, n, features))).astype(np.float32)}
        for n in lengths
    ]


def fitted(block, inputs):
    block.fit(train(inputs), np.random.default_rng(0))
    return block


def test_concat_joins_the_streams_in_the_order_of_their_names():
    streams = {"b": np.ones((2, 2), np.float32), "a": np.zeros((1, 2, 3), np.float32)}
    found = Concat().fuse(streams)
    assert list(found) == ["features"]
    assert found["features"].tolist() == [[0] * 6 + [1] * 4]


def test_standardize_gives_mean_0_and_deviation_1_over_clips_and_frames():
    inputs = timed(5, 9, 30)
    block = fitted(Standardize(), inputs)
    found = np.concatenate([block.fuse(streams)["x"] for streams in inputs], axis=1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-4)


def test_standardize_uses_the_training_clips_alone():
    block = fitted(Standardize(), timed(5, 9))
    far = {"x": 1e7 + np.zeros((2, 4, 3), np.float32)}
    assert block.fuse(far)["x"].min() > 10


def test_standardize_goes_element_by_element_without_time():
    inputs = [{"x": np.full((1, 3, 2, 2), i, np.float32)} for i in (1, 3)]
    inputs[1]["x"][0, 0, 0, 0] = 7
    block = fitted(Standardize(), inputs)
    assert block.fuse(inputs[1])["x"].tolist() == np.ones((1, 3, 2, 2)).tolist()
    np.testing.assert_allclose(block.fuse({"x": np.full((1, 3, 2, 2), 4)})["x"][0, 0, 0], [0, 2])


def test_standardize_without_over_time_keeps_the_moments_apart():
    inputs = [{"x": np.array([[[0.0], [10.0]]], np.float32)}, {"x": np.array([[[2.0], [10.0]]])}]
    found = fitted(Standardize(over_time=False), inputs).fuse(inputs[0])["x"]
    assert found.ravel().tolist() == [-1, 0]


def test_a_feature_that_does_not_vary_is_only_centred():
    inputs = [{"x": np.full((1, 2), 0.1, np.float32)} for _ in range(7)]
    found = fitted(Standardize(), inputs).fuse({"x": np.full((1, 2), 2.1, np.float32)})["x"]
    np.testing.assert_allclose(found, 2, rtol=1e-5)


def test_standardize_says_what_to_do_about_clips_of_unequal_size():
    with pytest.raises(ComponentError, match="pad_time"):
        fitted(Standardize(over_time=False), timed(5, 6))


def test_standardize_refuses_a_stream_it_never_saw():
    with pytest.raises(ComponentError, match=r"never saw stream 'y'. It saw: x"):
        fitted(Standardize(), timed(5)).fuse({"y": np.zeros((1, 1))})


def test_pad_time_puts_zeros_in_front_and_cuts_the_end():
    short, long = timed(3, 8)
    block = fitted(PadTime(length=5), [short])
    found = block.fuse(short)["x"]
    assert found.shape == (2, 5, 3)
    assert not found[:, :2].any()
    np.testing.assert_array_equal(found[:, 2:], short["x"])
    np.testing.assert_array_equal(block.fuse(long)["x"], long["x"][:, :5])


def test_pad_time_can_take_the_longest_training_clip():
    block = fitted(PadTime(length=0), timed(3, 8, 6))
    for streams in timed(2, 20):
        assert block.fuse(streams)["x"].shape == (2, 8, 3)


def test_pad_time_passes_streams_without_time():
    still = {"x": np.ones((2, 4), np.float32), "y": np.ones((1, 3, 5, 5), np.float32)}
    found = fitted(PadTime(), [still]).fuse(still)
    assert all(found[name] is still[name] for name in still)


def test_a_negative_length_is_refused():
    with pytest.raises(ValueError, match="length"):
        PadTime(length=-1)
