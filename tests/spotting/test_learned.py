"""Spotters that learn live in folds: they see the truths of other people alone."""

import numpy as np
import pytest

import mertk
from mertk.core.errors import DataError
from mertk.spotting.learned import spot_in_folds


class Noting:
    """Notes what it is given."""

    seen = None

    def fit(self, train, rng):
        self.people = {one.person for one in train}

    def spot_measured(self, video):
        assert (video.truths, video.person) == ((), "")
        assert not video.values.flags.writeable
        Noting.seen.append(self.people)
        return [mertk.Spot(0, 1, 2, 1.0)]


def video(person, *truths):
    values = np.zeros(9)
    values.flags.writeable = False
    return mertk.MeasuredVideo(values=values, frames=9, fps=30.0, truths=truths, person=person)


TRUE = mertk.Spot(1, 2, 3, 1.0)


def test_each_person_is_spotted_in_by_what_was_fitted_on_the_others():
    Noting.seen = []
    videos = [video("a", TRUE), video("b", TRUE), video("a"), video("c")]
    found = dict(spot_in_folds(Noting, videos, last="a"))
    assert sorted(found) == [0, 1, 2, 3]
    assert Noting.seen == [{"a", "c"}, {"a", "b"}, {"b", "c"}, {"b", "c"}]


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ([video("a", TRUE), video("a")], "needs videos of two people or more; here is 1"),
        ([video("a", TRUE), video("b")], "no true expression without a"),
    ],
)
def test_without_others_to_learn_from_it_is_refused(videos, message):
    with pytest.raises(DataError, match=message):
        list(spot_in_folds(Noting, videos))
