"""Resampling in time and space."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import DataError, Regions
from mertk.vision import resampling


def clip(frames: int = 7, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (frames, 6, 5), np.uint8)


def published_tim(frames: np.ndarray, n: int) -> np.ndarray:
    """The model step by step, as Zhou, Zhao and Pietikäinen publish it."""
    count = len(frames)
    columns = frames.reshape(count, -1).T.astype(np.float64)
    mean = columns.mean(axis=1, keepdims=True)
    U, s, Vt = np.linalg.svd(columns - mean, full_matrices=False)
    U, Q = U[:, :-1], s[:-1, None] * Vt[:-1]
    links = np.eye(count, k=1) + np.eye(count, k=-1)
    _, vectors = np.linalg.eigh(np.diag(links.sum(axis=0)) - links)
    W = np.linalg.solve(Q @ Q.T, Q @ vectors[:, 1:])
    k = np.arange(1, count)

    def curve(t):
        return np.sin(np.pi * k * t + np.pi * (count - k) / (2 * count))

    m = (Q[:, 0] @ W) / curve(1 / count)
    found = [
        U @ np.linalg.lstsq(W.T, m * curve(t), rcond=None)[0] + mean[:, 0]
        for t in np.linspace(1 / count, 1, n)
    ]
    return np.stack(found).reshape(n, *frames.shape[1:])


@pytest.mark.parametrize("n", [1, 4, 7, 10, 23])
def test_tim_equals_the_published_steps(n):
    np.testing.assert_allclose(resampling.tim(clip(), n), published_tim(clip(), n), atol=1e-3)


@pytest.mark.parametrize("resample", [resampling.resample_linearly, resampling.tim])
def test_the_same_number_of_frames_gives_the_clip_back(resample):
    found = resample(clip(), 7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, clip(), atol=1e-4)


@pytest.mark.parametrize("resample", [resampling.resample_linearly, resampling.tim])
@pytest.mark.parametrize("n", [1, 3, 10, 40])
def test_a_constant_clip_stays_constant(resample, n):
    still = np.repeat(clip(1), 7, axis=0)
    np.testing.assert_array_equal(resample(still, n), np.repeat(clip(1), n, axis=0))


@pytest.mark.parametrize("resample", [resampling.resample_linearly, resampling.tim])
def test_first_and_last_frame_are_kept(resample):
    found = resample(clip(), 10)
    np.testing.assert_allclose(found[[0, -1]], clip()[[0, -1]], atol=1e-3)


def test_tim_bears_repeated_frames():
    doubled = np.repeat(clip(), 2, axis=0)
    found = resampling.tim(doubled, 10)
    assert np.isfinite(found).all()
    assert found.min() > -80
    assert found.max() < 335


@pytest.mark.parametrize("resample", [resampling.resample_linearly, resampling.tim])
def test_one_frame_is_repeated(resample):
    np.testing.assert_array_equal(resample(clip(1), 3), np.repeat(clip(1), 3, axis=0))


def test_linear_goes_half_way_between_two_frames():
    found = resampling.resample_linearly(np.array([[0.0], [10.0], [30.0]], np.float32), 5)
    np.testing.assert_allclose(found[:, 0], [0, 5, 10, 20, 30])


@pytest.mark.parametrize("resample", [resampling.resample_linearly, resampling.tim])
@pytest.mark.parametrize(("frames", "n"), [(0, 5), (5, 0)])
def test_nothing_to_resample_is_an_error(resample, frames, n):
    with pytest.raises(DataError, match="at least 1"):
        resample(clip(frames), n)


def test_resize_averages_over_area_and_leaves_the_right_size_alone():
    picture = np.array([[0, 10], [20, 30]], np.float32)
    assert resampling.resize_picture(picture, (1, 1)).tolist() == [[15]]
    assert resampling.resize_picture(picture, (2, 2)) is picture


def boxes(*rows) -> Regions:
    names = tuple(f"r{i}" for i in range(len(rows)))
    return Regions(names=names, boxes=np.array(rows, np.int64))


def test_windows_follow_the_size_and_still_touch():
    halves = boxes([0, 0, 50, 99], [50, 0, 100, 99])
    left, right = resampling.compute_region_slices(halves, (100, 99), (33, 33))
    assert left == (slice(0, 33), slice(0, 17))
    assert right == (slice(0, 33), slice(17, 33))


def test_windows_stay_inside_and_keep_a_pixel():
    found = resampling.compute_region_slices(
        boxes([90, 90, 140, 140], [3, 3, 4, 4]), (100, 100), (10, 10)
    )
    assert found == [(slice(9, 10), slice(9, 10)), (slice(0, 1), slice(0, 1))]


@pytest.mark.parametrize("shape", [(40, 33), (64, 64, 3), (6, 9)])
def test_a_laplacian_pyramid_adds_up_to_the_picture(shape):
    import cv2

    picture = np.random.default_rng(0).random(shape, np.float32)
    *levels, rest = resampling.build_laplacian_pyramid(picture)
    assert min(shape[:2]) < 16 or 8 <= min(rest.shape[:2]) < 16
    for level in reversed(levels):
        rest = level + cv2.pyrUp(rest, dstsize=level.shape[1::-1])
    np.testing.assert_allclose(rest, picture, atol=1e-5)


@pytest.mark.parametrize(("count", "n"), [(1, 3), (2, 4), (7, 7), (9, 3), (61, 10)])
def test_the_frames_that_resampling_depends_on_are_known(count, n):
    frames = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    known = resampling.list_resampled_frames(count, n)
    found = resampling.resample_linearly(frames, n)
    others = np.full_like(frames, np.inf)
    others[known] = frames[known]
    with np.errstate(invalid="ignore"):
        kept = resampling.resample_linearly(np.nan_to_num(others, posinf=1e9), n)
    assert np.array_equal(kept, found)
    assert len(known) <= 2 * n - 2 or n > count


def test_a_clip_of_61_frames_at_10_moments_reads_16():
    found = resampling.list_resampled_frames(61, 10)  # moments are 6.67 frames apart
    assert found == [0, 6, 7, 13, 14, 20, 26, 27, 33, 34, 40, 46, 47, 53, 54, 60]
