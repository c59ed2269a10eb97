"""Every promise has a cheat that breaks it, and the check that names the promise catches it."""

from pathlib import Path

import pytest

from mertk.datasets import locations
from mertk.plugins import registry
from mertk.testing import CHECKS, check_component, find_components

CHEATS = Path(__file__).with_name("cheats.py")
SUBJECTS = {subject.entry.name: subject for subject in find_components(CHEATS)}
MODULE = next(iter(SUBJECTS.values())).module


@pytest.fixture(autouse=True)
def squares_on_disk(tmp_path):
    """The folders of the toy data sets that need one."""
    for name in ("from_a_file", "leaves_traces", "empty_is_fine"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "squares.txt").write_text("squares")
        locations.remember_folder(name, folder)


def failed(name):
    return {one.check for one in check_component(SUBJECTS[name]) if one.verdict == "failed"}


@pytest.mark.parametrize("name", MODULE.HONEST)
def test_honest_toys_keep_every_promise(name):
    assert [one for one in check_component(SUBJECTS[name]) if one.verdict == "failed"] == []


@pytest.mark.parametrize("name", MODULE.BROKEN)
def test_a_cheat_is_caught_by_the_check_that_names_its_promise(name):
    first, *with_it = MODULE.BROKEN[name]
    found = failed(name)
    assert first in found
    also = getattr(SUBJECTS[name].entry.target, "also", ())
    assert found <= {first, *with_it, *also}


def test_there_is_a_cheat_for_every_promise():
    caught = {checks[0] for checks in MODULE.BROKEN.values()}
    elsewhere = {"imports_light"}  # what breaks it is a file of its own, see test_check
    assert {c.__name__ for checks in CHECKS.values() for c in checks} == caught | elsewhere


def test_every_check_says_what_it_promises_and_has_a_name_of_its_own_in_its_kind():
    for checks in CHECKS.values():
        names = [one.__name__ for one in checks]
        assert len(set(names)) == len(names)
        assert all(one.__doc__ for one in checks)
    assert set(CHECKS) == set(registry.KINDS)
