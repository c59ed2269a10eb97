"""Optical flow, strain and their normalisation."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import DataError, Faces, Frames, UnknownNameError
from mertk.vision import optical_flow


def texture(dx: float = 0.0, dy: float = 0.0, size: int = 96) -> np.ndarray:
    """A smooth pattern `[size, size]` uint8, moved by a known part of a pixel."""
    y, x = np.mgrid[:size, :size].astype(np.float64)
    x, y = x - dx, y - dy
    waves = np.sin(x / 3) * np.cos(y / 4) + np.sin(x / 7 + y / 5) + 0.5 * np.cos(x / 2 - y / 3)
    return np.rint(127 + 45 * waves).astype(np.uint8)


@pytest.mark.parametrize(
    ("method", "within"),
    [("farneback", 0.05), ("farneback_emr", 0.05), ("dis", 0.1), ("tvl1", 0.15)],
)
def test_a_sub_pixel_translation_is_recovered_right_and_down(method, within):
    found = optical_flow.optical_flow(texture(), texture(0.6, -0.3), method)
    assert found.shape == (96, 96, 2)
    assert found.dtype == np.float32
    u, v = np.median(found[16:-16, 16:-16], axis=(0, 1))
    assert abs(u - 0.6) < within
    assert abs(v + 0.3) < within


@pytest.mark.parametrize("method", ["farneback", "farneback_emr", "dis", "tvl1"])
def test_two_equal_pictures_have_no_flow_at_all(method):
    assert not optical_flow.optical_flow(texture(), texture(), method).any()


def test_an_unknown_method_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'farneback'"):
        optical_flow.optical_flow(texture(), texture(), "farnback")


@pytest.mark.parametrize(
    "target", [texture(size=64), texture().astype(np.float32), np.zeros((96, 96, 3), np.uint8)]
)
def test_pictures_that_do_not_match_are_refused(target):
    with pytest.raises(DataError, match="grey uint8"):
        optical_flow.optical_flow(texture(), target)


def linear_flow(u_x=0.0, u_y=0.0, v_x=0.0, v_y=0.0) -> np.ndarray:
    y, x = np.mgrid[:20, :30].astype(np.float32)
    return np.stack([u_x * x + u_y * y + 2, v_x * x + v_y * y - 1], axis=-1).astype(np.float32)


def test_strain_is_0_for_a_translation():
    assert not optical_flow.strain(linear_flow()).any()


def test_strain_is_0_for_a_small_rotation():
    assert optical_flow.strain(linear_flow(u_y=-0.01, v_x=0.01)).max() < 1e-6


def test_strain_of_a_stretch_is_its_rate():
    np.testing.assert_allclose(optical_flow.strain(linear_flow(u_x=0.3)), 0.3, rtol=1e-5)
    np.testing.assert_allclose(optical_flow.strain(linear_flow(v_y=-0.2)), 0.2, rtol=1e-5)


def test_strain_of_a_shear_counts_both_terms_as_one_sum():
    np.testing.assert_allclose(
        optical_flow.strain(linear_flow(u_y=0.4)), 0.4 / np.sqrt(2), rtol=1e-5
    )


def test_grey_keeps_leading_axes_and_takes_red_first():
    clip = np.zeros((3, 4, 5, 3), np.uint8)
    clip[..., 0] = 200
    found = optical_flow.convert_to_grey(clip)
    assert found.shape == (3, 4, 5)
    assert (found == 60).all()
    assert (optical_flow.convert_to_grey(clip[0]) == 60).all()


def test_grey_takes_a_crop_that_is_not_contiguous():
    clip = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    np.testing.assert_array_equal(
        optical_flow.convert_to_grey(clip)[:, 2:6, 1:5],
        optical_flow.convert_to_grey(clip[:, 2:6, 1:5]),
    )


def test_minmax_brings_each_channel_to_0_and_1_and_a_still_one_to_0():
    given = np.dstack([linear_flow(u_x=0.3, v_y=-7), np.full((20, 30), 5)]).astype(np.float32)
    found = optical_flow.normalise_flow(given, "minmax")
    np.testing.assert_allclose(found[..., :2].min(axis=(0, 1)), 0)
    np.testing.assert_allclose(found[..., :2].max(axis=(0, 1)), 1)
    assert not found[..., 2].any()
    np.testing.assert_array_equal(optical_flow.normalise_flow(given, "minmax255"), found * 255)


def test_signed_max_keeps_sign_and_zero():
    given = np.array([[[-4.0, 0.0], [2.0, 0.0], [0.0, 0.0]]], np.float32)
    found = optical_flow.normalise_flow(given, "signed_max")
    np.testing.assert_allclose(found[0, :, 0], [-1, 0.5, 0])
    assert not found[..., 1].any()


def test_none_leaves_the_flow_alone():
    given = linear_flow(u_x=1)
    np.testing.assert_array_equal(optical_flow.normalise_flow(given, "none"), given)


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(UnknownNameError, match="minmax"):
        optical_flow.normalise_flow(linear_flow(), "min-max")


def test_onset_to_apex_falls_back_to_the_middle():
    rgb = np.stack([np.repeat(texture(0.3 * t)[..., None], 3, axis=2) for t in range(5)])
    found = optical_flow.onset_apex(Faces(frames=Frames.of(rgb), onset=0, offset=4))
    assert found.shape == (96, 96, 3)
    assert abs(np.median(found[16:-16, 16:-16, 0]) - 0.6) < 0.05
    np.testing.assert_array_equal(found[..., 2], optical_flow.strain(found))


def test_a_precomputed_flow_is_taken_as_it_is():
    known = np.random.default_rng(0).normal(size=(6, 7, 3)).astype(np.float32)
    frames = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    found = optical_flow.onset_apex(Faces(frames=frames, onset=0, offset=9, flow=known))
    np.testing.assert_array_equal(found, known)


def test_head_motion_is_removed_and_the_motion_of_a_part_stays():
    """Shift, turn and scale are those of a similarity; a tenth of the face moves by itself."""
    rows, columns = np.mgrid[:100, :80].astype(np.float32)
    y, x = rows / 100 - 0.5, columns / 100 - 0.4
    head = np.dstack([1.5 + 2 * x - 3 * y, -0.5 + 2 * y + 3 * x]).astype(np.float32)
    own = np.zeros_like(head)
    own[10:40, 10:37] = 0.8, -1.2
    mask = np.zeros((100, 80), bool)
    mask[5:95, 5:75] = True
    found = optical_flow.remove_head_motion(head + own, mask)
    assert np.abs(found - own).max() < 0.05  # the fit does not tell smaller residuals apart
