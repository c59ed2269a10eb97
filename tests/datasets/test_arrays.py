import pickle

import numpy as np
import pytest

from mertk import DataError
from mertk.datasets.media import arrays


def save(path, array, **options):
    np.save(path, array, **options)
    return path


def test_grey_and_colour_arrays_are_frames(tmp_path):
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 255, (5, 4, 6, 3), np.uint8)
    frames = arrays.of_array(save(tmp_path / "rgb.npy", colour), 1, 3)
    assert np.array_equal(frames[:], colour[1:4])
    grey = arrays.of_array(save(tmp_path / "grey.npy", colour[..., 0]), 0, 5)
    assert np.array_equal(grey[:], np.repeat(colour[..., :1], 3, axis=3))
    assert arrays.frame_count(tmp_path / "grey.npy") == 5


def test_frames_of_an_array_travel_as_a_path_and_may_be_written_to(tmp_path):
    path = save(tmp_path / "big.npy", np.zeros((50, 100, 100), np.uint8))
    travelling = pickle.dumps(arrays.of_array(path, 0, 50))
    assert len(travelling) < 1000
    frame = pickle.loads(travelling)[3]  # noqa: S301
    frame[:] = 1
    assert arrays.of_array(path, 0, 50)[3].max() == 0


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.zeros((3, 4, 6), np.float32), r"float32 \[3, 4, 6\]; expected uint8"),
        (np.zeros((4, 6), np.uint8), r"uint8 \[4, 6\]"),
        (np.zeros((2, 4, 6, 4), np.uint8), r"uint8 \[2, 4, 6, 4\]"),
        (np.zeros((4, 6, 3), np.uint8), "looks like one colour picture"),
        (np.zeros((0, 4, 6), np.uint8), "is empty"),
    ],
)
def test_an_array_that_is_no_frames_is_named(tmp_path, array, text):
    with pytest.raises(DataError, match=text) as caught:
        arrays.of_array(save(tmp_path / "x.npy", array), 0, 1)
    assert str(tmp_path / "x.npy") in str(caught.value)


def test_pickled_objects_are_never_loaded(tmp_path):
    path = save(tmp_path / "x.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"x\.npy: holds Python objects"):
        arrays.frame_count(path)


def test_missing_truncated_and_packed_arrays_are_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.npy: cannot be read"):
        arrays.frame_count(tmp_path / "none.npy")
    path = save(tmp_path / "cut.npy", np.zeros((5, 40, 60), np.uint8))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"cut\.npy: damaged, truncated"):
        arrays.frame_count(path)
    np.savez(tmp_path / "packed.npz", a=np.zeros(3))
    with pytest.raises(DataError, match=r"packed\.npz: holds several arrays"):
        arrays.frame_count(tmp_path / "packed.npz")


def test_a_flow_map_is_read_as_float32(tmp_path):
    flow = np.random.default_rng(0).normal(size=(7, 5, 3))
    read = arrays.read_flow(save(tmp_path / "flow.npy", flow))
    assert read.dtype == np.float32
    assert np.allclose(read, flow, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_flow_map_with_nan_is_named(tmp_path, bad):
    flow = np.zeros((7, 5, 3), np.float32)
    flow[2, 3, 1] = bad
    with pytest.raises(DataError, match=r"flow\.npy: 1 of 105 flow values are NaN or infinite"):
        arrays.read_flow(save(tmp_path / "flow.npy", flow))


@pytest.mark.parametrize("shape", [(7, 5, 2), (7, 5), (0, 5, 3)])
def test_a_flow_map_of_another_shape_is_named(tmp_path, shape):
    with pytest.raises(DataError, match="expected a flow map of floats"):
        arrays.read_flow(save(tmp_path / "flow.npy", np.zeros(shape, np.float32)))
