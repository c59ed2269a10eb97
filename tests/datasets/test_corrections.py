from pathlib import Path

import pytest

import mertk_plugins.datasets
from mertk.datasets.annotations import Source
from mertk.datasets.corrections import (
    Repair,
    apply_repairs,
    identity_onset,
    other_frames,
    read_repairs,
)

TABLES = sorted(Path(mertk_plugins.datasets.__file__).parent.glob("_*_repairs.csv"))


def row(**changes):
    fields = {"editions": "v1", "clip": "s/c", "field": "apex", "published": "9",
              "value": "7", "level": "recommended", "quirk": "typo", "evidence": ""}  # fmt: skip
    return Repair(**{**fields, **changes})


def test_a_value_is_repaired_where_the_published_one_is_as_expected():
    assert apply_repairs([row()], {"apex": "9"}, "recommended") == ({"apex": "7"}, ("typo",))
    assert apply_repairs([row()], {"apex": "8"}, "recommended") == ({"apex": "8"}, ())


@pytest.mark.parametrize(
    ("level", "chosen", "value"),
    [
        ("official", "recommended", "7"),
        ("official", "official", "7"),
        ("official", "none", "9"),
        ("recommended", "recommended", "7"),
        ("recommended", "official", "9"),
        ("flag", "recommended", "9"),
    ],
)
def test_a_value_changes_only_at_its_level_but_is_always_named(level, chosen, value):
    assert apply_repairs([row(level=level)], {"apex": "9"}, chosen) == ({"apex": value}, ("typo",))


def test_a_repair_may_be_filed_under_the_apex_where_two_begin_together():
    second = row(clip="s/c/5/9", field="onset", published="5", value="8")
    source = Source(dataset="x", root=Path(), repairs={second.clip: (second,)})
    assert source.rows("s", "c", "5", "9") == (second,)
    assert source.rows("s", "c", "5", "7") == ()


def test_what_is_published_is_not_changed_in_place():
    published = {"apex": "9"}
    apply_repairs([row()], published, "recommended")
    assert published == {"apex": "9"}


def test_other_frames_keep_what_the_star_stands_for():
    rows = [row(field="frames", published="* * 111", value="* * 106", level="official")]
    assert other_frames(rows, ("66", "/", "111"), "official") == [(("66", "/", "106"), "typo")]
    assert other_frames(rows, ("66", "/", "110"), "official") == []
    assert other_frames(rows, ("66", "/", "111"), "none") == []


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.stem)
def test_every_shipped_row_can_be_used(file):
    rows = [row for rows in read_repairs(file).values() for row in rows]
    assert rows
    for found in rows:
        assert found.level in {"official", "recommended", "flag"}
        assert found.clip.count("/") in (1, 2, 3)
        assert found.quirk
        assert not found.value or found.level != "flag" or found.field == "uid"
        if found.field == "frames":
            assert len(found.published.split()) == len(found.value.split()) == 3


def test_an_id_keeps_the_onset_of_one_edition():
    rows = [row(field="uid", published="56", value="15", level="flag")]
    assert identity_onset(rows, "56") == "15"
    assert identity_onset(rows, "15") == "15"
    assert identity_onset([], "7") == "7"
