"""What is drawn of a motion: colours, arrows and magnification of one that is known."""

from __future__ import annotations

import numpy as np
import pytest

from mertk.report.clip_explorer import drawing


def uniform(u, v, size=48):
    return np.broadcast_to(np.array([u, v], np.float32), (size, size, 2))


@pytest.mark.parametrize(
    ("u", "v", "colour"),
    [
        (0, 0, (255, 255, 255)),
        (2, 0, (255, 0, 0)),
        (-2, 0, (0, 255, 255)),
        (0, 2, (128, 255, 0)),
        (0, -2, (128, 0, 255)),
        (1, 0, (255, 128, 128)),
        (9, 0, (255, 0, 0)),
    ],
)
def test_a_direction_has_its_hue_and_a_size_its_strength(u, v, colour):
    found = drawing.colour_flow(uniform(u, v), 2.0)
    np.testing.assert_allclose(found[0, 0].astype(int), colour, atol=1)


def test_the_legend_shows_the_colours_that_the_flow_gets():
    legend = drawing.draw_colour_legend(101)
    for u, v in ((0.9, 0.0), (0.0, 0.9), (-0.6, -0.6)):
        x, y = round(50 + 50 * u), round(50 + 50 * v)
        shown = drawing.colour_flow(uniform(u, v, 1), 1.0)[0, 0]
        np.testing.assert_allclose(legend[y, x].astype(int), shown.astype(int), atol=8)
    assert (legend[0, 0] == 255).all()


def test_heat_grows_with_the_value():
    found = (
        drawing.colour_values(np.linspace(0, 2, 9, dtype=np.float32)[None], 1.0)[0]
        .astype(int)
        .sum(1)
    )
    assert found[0] == 0
    assert (np.diff(found[:5]) > 0).all()
    assert (found[4:] == 3 * 255).all()


def test_arrows_point_where_it_goes_and_say_how_much_longer_they_are():
    path, scale = drawing.draw_arrows(uniform(0.5, 0.0, 60))
    assert scale == pytest.approx(5 / 0.5)
    start, end = path[1:].split("M")[0].split("L")
    assert [float(x) for x in start.split()] == [2.0, 2.0]
    assert [float(x) for x in end.split()] == [7.0, 2.0]
    assert drawing.draw_arrows(uniform(0, 0)) == ("", 1.0)


def test_magnified_motion_is_so_many_times_as_large():
    """A spot that has gone 1 pixel to the right goes 4; a face that goes as a whole stays."""
    rows, columns = np.mgrid[:80, :80]
    spot = np.exp(-((rows - 40) ** 2 + (columns - 41) ** 2) / 50)
    picture = np.rint(200 * spot[..., None].repeat(3, axis=2)).astype(np.uint8)
    near = np.hypot(rows - 40, columns - 40) < 25
    flow = np.dstack([near, np.zeros_like(near)]).astype(np.float32)
    found = drawing.magnify_motion(picture, flow, 4.0)[..., 0].astype(float)
    assert (found * columns).sum() / found.sum() == pytest.approx(44, abs=0.2)
    np.testing.assert_array_equal(drawing.magnify_motion(picture, uniform(1, 0, 80), 4.0), picture)


def test_a_large_motion_is_magnified_less():
    rows, columns = np.mgrid[:100, :100]
    part = (np.hypot(rows - 50, columns - 50) < 20).astype(np.float32)
    tiny, large = (np.dstack([size * part, 0 * part]) for size in (0.1, 3.0))
    assert drawing.choose_magnification(tiny) == drawing.MAGNIFIED
    assert drawing.choose_magnification(large) == pytest.approx(2.0)
