import numpy as np
import pytest

import mertk
from mertk.core.errors import ComponentError
from mertk.spotting import checked_spots

FACES = mertk.Faces(
    frames=mertk.Frames.of(np.zeros((10, 8, 8, 3), np.uint8)), onset=0, offset=9, fps=25.0
)


class Fixed:
    """Gives what it was told to."""

    def __init__(self, found):
        self.found = found

    def spot(self, faces):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.mark.parametrize(
    ("positions", "strength", "says"),
    [((5, 4, 6), 1.0, "from 5 over 4 to 6"), ((-1, 4, 6), 1.0, "0 or more"),
     ((1, 2, 3), float("nan"), "finite")],
)  # fmt: skip
def test_a_spot_that_cannot_be_is_refused(positions, strength, says):
    with pytest.raises(ComponentError, match=says):
        mertk.Spot(*positions, strength)


def test_good_spots_come_through_as_they_are():
    found = [mertk.Spot(0, 1, 2, 1.5), mertk.Spot(3, 5, 9, 1.0)]
    assert checked_spots.spot_stretch(Fixed(found), FACES) == tuple(found)
    assert checked_spots.spot_stretch(Fixed([]), FACES) == ()


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (None, "gives NoneType, not a sequence of Spot"),
        ([(0, 1, 2)], "not a sequence of Spot"),
        ([mertk.Spot(1, 2, 3, 0.9)], "strength of 1 or more"),
        ([mertk.Spot(1, 2, 10, 1.0)], "outside the stretch of 10 frames"),
        ([mertk.Spot(4, 5, 6, 1.0), mertk.Spot(0, 1, 2, 1.0)], "sorted"),
        ([mertk.Spot(0, 1, 4, 1.0), mertk.Spot(4, 5, 6, 1.0)], "must not overlap"),
        (ValueError("no face"), "spotter Fixed failed: ValueError: no face"),
    ],
)
def test_what_no_spotter_may_give_is_told_with_its_name(found, says):
    with pytest.raises(ComponentError, match=f"(?s)Fixed.*{says}|{says}"):
        checked_spots.spot_stretch(Fixed(found), FACES)


def test_the_errors_of_a_spotter_stay_what_they_are():
    with pytest.raises(mertk.DataError, match="off the picture"):
        checked_spots.spot_stretch(Fixed(mertk.DataError("off the picture")), FACES)


def test_a_spotter_that_learns_is_refused_where_there_is_nothing_to_learn_from():
    registry = mertk.load_plugins().registry
    with pytest.raises(mertk.ParameterError, match="flow_windows learns from videos with true"):
        checked_spots.build_spotter(registry, "flow_windows")
    assert checked_spots.build_spotter(registry, "flow_peaks").lag == 0.25
