"""People, classes and videos are not spelt twice."""

import numpy as np
import pytest

from mertk.core import spelling
from mertk.core.errors import DataError, ProtocolError
from mertk.core.recipe import Use
from mertk.core.splits import LeaveOneSubjectOut
from mertk.experiment.task import number_labels


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "01"),
        ("1", "1.0"),
        ("1", "１"),
        ("1", "\u0661"),
        ("006", "6"),
        ("S1", "s1"),
        ("s01", "S1"),
        ("sub01", "Sub 1"),
        ("sub_01", "sub-1"),
        ("spNO.1", "spno1"),
        ("Happy", " happy"),
        ("Happy", "happy\u200b"),
        ("two  words", "Two Words"),
        ("CAFE\u0301", "caf\u00e9"),
        ("AU1+AU2", "au01+au02"),
        ("s15_0101", "S15 101"),
        ("casme2/sub01", "CASME2/sub1"),
        ("folder/1", "folder/1.0"),
    ],
)
def test_spellings_of_one_name_have_one_form(one, other):
    assert spelling.normal_name(one) == spelling.normal_name(other)
    assert spelling.spelt_twice([one, "else", other, one]) == [(one, other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "10"),
        ("0", ""),
        ("1", "-1"),
        ("1-1", "11"),
        ("1.05", "1.5"),
        ("1.5", "15"),
        ("sub1", "sub11"),
        ("EP01_1", "EP011"),
        ("happy", "unhappy"),
        ("+", "-"),
        ("casme2/s1", "smic/s1"),
        ("jose", "jos\u00e9"),
    ],
)
def test_other_names_have_other_forms(one, other):
    assert spelling.normal_name(one) != spelling.normal_name(other)


def test_a_form_is_its_own_form():
    for name in ("Sub 001_02", " A.B-3 ", "１.０", "Straße"):
        form = spelling.normal_name(name)
        assert spelling.normal_name(form) == form


@pytest.mark.parametrize("name", ["S15_0101.avi", "s15_101.MP4", " S15 0101 ", "s15-0101"])
def test_the_file_ending_of_a_video_does_not_count(name):
    assert spelling.normal_video(name) == spelling.normal_video("s15_0101")


def test_an_ending_that_is_no_videos_counts():
    assert spelling.normal_video("take.1") != spelling.normal_video("take")


def test_all_pairs_are_named_and_no_more_than_five():
    names = [f"{form}{n}" for n in range(1, 8) for form in ("s", "S")]
    with pytest.raises(DataError) as caught:
        spelling.check_spelling("people", names, DataError, "table.csv")
    said = str(caught.value)
    assert said.startswith("table.csv: people that differ in spelling alone: 's1' and 'S1'; 's2'")
    assert "'s5' and 'S5'; and 2 more. Write each in one way" in said
    assert "\n" not in said


def test_a_cross_validator_refuses_one_person_under_two_names():
    with pytest.raises(ProtocolError, match="people that differ in spelling alone: '1' and '01'"):
        list(LeaveOneSubjectOut().split(np.zeros(3), groups=["1", "01", "2"]))


class Rules:
    """A protocol of any classes."""

    def __init__(self, *classes, multilabel=False):
        self.classes, self.multilabel = classes, multilabel


@pytest.mark.parametrize(
    ("rules", "labels"),
    [
        (Rules(), ["Happy", "happy", "sad"]),
        (Rules("happy", "sad"), ["Happy", "happy", "sad"]),
        (Rules("Happy", "sad", "happy"), ["Happy", "happy", "sad"]),
        (Rules("Happy", "happy", multilabel=True), [["Happy"], ["happy"], []]),
        (Rules("happy", "sad", multilabel=True), [["Happy"], ["happy"], ["sad"]]),
    ],
)
def test_a_class_in_two_spellings_is_refused(rules, labels):
    with pytest.raises(ProtocolError, match="spelling alone: '[Hh]appy' and '[Hh]appy'"):
        number_labels(Use("loso"), rules, labels)
