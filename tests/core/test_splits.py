"""Folds, and the checks that keep a person off both sides."""

import numpy as np
import pytest

from mertk.core.errors import ProtocolError
from mertk.core.splits import Split, check_splits, leave_one_subject_out


def test_every_person_is_held_out_once():
    people = ["a/1", "b/1", "a/1", "b/2"]
    folds = check_splits(leave_one_subject_out(people), people)
    assert [fold.name for fold in folds] == ["a/1", "b/1", "b/2"]
    assert folds[0].test.tolist() == [0, 2]
    assert folds[0].train.tolist() == [1, 3]


def test_one_subject_cannot_be_left_out():
    with pytest.raises(ProtocolError, match="at least 2 subjects"):
        leave_one_subject_out(["a", "a"])


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ([([0, 1], [2]), ([2], [0, 1])], "in training and in test"),
        ([([0], [1])], "exactly once"),
        ([([], [0, 1, 2])], "no training clip"),
    ],
)
def test_folds_that_leak_or_lose_clips_are_refused(splits, message):
    folds = [Split(str(i), np.array(a, int), np.array(b, int)) for i, (a, b) in enumerate(splits)]
    with pytest.raises(ProtocolError, match=message):
        check_splits(folds, ["a", "b", "b"])
