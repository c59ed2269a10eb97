"""Flow as a colour picture."""

import colorsys

import numpy as np
import pytest

from mertk import DataError, Faces, Frames, Regions
from mertk.vision import optical_flow
from mertk_plugins.extractors.flow_hsv import FlowHSV

SIZE = 48
WHOLE = Regions(names=("whole",), boxes=np.array([[0, 0, SIZE, SIZE]]))


def moving(right=0.0, down=0.0, tint=(1.0, 0.5, 0.5)):
    """A picture that moves in its middle, by so many pixels up to the apex."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    still = np.exp(-((x - 24) ** 2 + (y - 24) ** 2) / 60)

    def frame(part):
        grey = 120 + 60 * np.sin((x - part * right * still) / 3) * np.cos(
            (y - part * down * still) / 3
        )
        return np.rint(grey[..., None] * tint).astype(np.uint8)

    return Faces(
        frames=Frames.of(np.stack([frame(0), frame(0.5), frame(1)])), onset=0, apex=2, offset=2
    )


def picture(faces, **params):
    return FlowHSV(**({"size": SIZE} | params)).extract(faces, WHOLE)


@pytest.mark.parametrize(
    ("right", "down", "degrees"), [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270)]
)
def test_hue_is_the_direction_value_the_magnitude_and_saturation_the_apexs(right, down, degrees):
    found = picture(moving(right, down), method="dis")
    assert found.shape == (1, 3, SIZE, SIZE)
    assert found.dtype == np.float32
    assert found.min() >= -1
    assert found.max() <= 1
    colours = (found[0] + 1) / 2
    y, x = np.unravel_index(colours.max(0).argmax(), (SIZE, SIZE))
    hue, saturation, value = colorsys.rgb_to_hsv(*colours[:, y, x].tolist())
    assert abs((hue * 360 - degrees + 180) % 360 - 180) < 30
    assert saturation == pytest.approx(0.5, abs=0.05)
    assert value == pytest.approx(1, abs=0.01)
    assert colours.max(0)[0, 0] < 0.3


def test_a_face_that_does_not_move_is_black():
    assert (picture(moving(), method="dis") == -1).all()


def test_the_published_scaling_gives_other_colours_of_eight_bits_each():
    faces = moving(1, 0.5)
    published = picture(faces, hsv_scaling="as_published")
    levels = (published + 1) / 2 * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)
    assert np.abs(published - picture(faces)).mean() > 0.2


def test_the_published_scaling_keeps_eight_bits_of_the_conversion_of_unscaled_numbers():
    import cv2

    faces = moving(1, 0.5)
    vectors = optical_flow.optical_flow(
        optical_flow.convert_to_grey(faces.frames[0]),
        optical_flow.convert_to_grey(faces.frames[2]),
        "farneback_emr",
    )
    length, angle = cv2.cartToPolar(vectors[..., 0], vectors[..., 1])
    hsv = np.zeros((SIZE, SIZE, 3), np.float32)
    hsv[..., 0] = angle * (180 / np.pi / 2)
    hsv[..., 1] = cv2.cvtColor(faces.frames[2], cv2.COLOR_RGB2HSV)[..., 1]
    hsv[..., 2] = cv2.normalize(length, None, 0, 255, cv2.NORM_MINMAX)
    unscaled = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    assert unscaled.min() < -1000
    expected = np.trunc(unscaled) % 256
    levels = np.moveaxis((picture(faces, hsv_scaling="as_published")[0] + 1) / 2 * 255, 0, -1)
    agree = np.abs(levels - expected) <= 1.5
    assert agree.mean() > 0.9  # a last bit of a float decides on a whole number now and then


def test_regions_are_cut_from_the_picture_of_the_whole_face():
    halves = Regions(names=("l", "r"), boxes=np.array([[0, 0, 24, SIZE], [24, 0, SIZE, SIZE]]))
    faces = moving(1, 0)
    parts = FlowHSV(size=24).extract(faces, halves)
    assert parts.shape == (2, 3, 24, 24)
    whole = FlowHSV(size=SIZE).extract(faces, WHOLE)
    rows = (whole[0][:, ::2, 24:] + whole[0][:, 1::2, 24:]) / 2
    np.testing.assert_allclose(parts[1], rows, atol=1e-5)


def given_flow(right, down, **faces):
    flow = np.zeros((SIZE, SIZE, 3), np.float32)
    flow[10:20, 10:20, :2] = right, down
    none = Frames.of(np.zeros((0, 1, 1, 3), np.uint8))
    given = {"frames": none, "onset": 0, "apex": 2, "offset": 2} | faces
    return Faces(**given, flow=flow)


def test_a_precomputed_flow_map_needs_no_frames_where_saturation_is_full():
    found = picture(given_flow(0, 2), saturation="full")
    colours = (found[0] + 1) / 2
    assert colorsys.rgb_to_hsv(*colours[:, 15, 15].tolist()) == pytest.approx((0.25, 1, 1))
    assert not colours[:, 30, 30].any()


def test_a_precomputed_flow_map_is_taken_also_where_there_are_frames():
    found = picture(given_flow(0, 2, frames=moving(right=1).frames))
    hue, saturation, value = colorsys.rgb_to_hsv(*((found[0, :, 15, 15] + 1) / 2).tolist())
    assert (hue, value) == pytest.approx((0.25, 1))
    assert saturation == pytest.approx(0.5, abs=0.05)


def test_a_flow_map_alone_is_refused_with_what_to_do():
    with pytest.raises(DataError, match=r"set extractor\.saturation=full, or give frames"):
        picture(given_flow(0, 2))


def test_an_impossible_size_is_refused():
    with pytest.raises(ValueError, match="size=0"):
        FlowHSV(size=0)
