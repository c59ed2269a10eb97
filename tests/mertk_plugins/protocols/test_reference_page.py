"""The page on protocols names them all, with the numbers that they check."""

import re
from pathlib import Path

import pytest

import mertk

PAGE = (Path(__file__).parents[3] / "docs/reference/protocols.md").read_text(encoding="utf-8")
REGISTRY = mertk.load_plugins().registry


def rows():
    return {found[1]: found[2] for found in re.finditer(r"^\| `(\w+)` \|(.*)$", PAGE, re.MULTILINE)}


def test_every_shipped_protocol_has_one_row_and_no_other_is_named():
    assert set(rows()) == set(REGISTRY.names("protocol"))


@pytest.mark.parametrize("name", REGISTRY.names("protocol"))
def test_the_row_has_the_number_of_clips_of_every_published_list(name):
    numbers = set(map(int, re.findall(r"\d+", rows()[name])))
    rules = REGISTRY.build("protocol", mertk.Use(name))
    for one in getattr(rules, "manifests", ()):
        assert one.total in numbers, (name, one.edition)
        assert sum(one.subjects.values()) in {0, *numbers}, (name, one.edition)


def test_lists_that_are_known_are_marked():
    for name, row in rows().items():
        rules = REGISTRY.build("protocol", mertk.Use(name))
        known = [one for one in getattr(rules, "manifests", ()) if one.sha256]
        assert row.count(r"\*") == len(known), name
