"""Spotted intervals that a person corrects: ELAN files, tables, and what was changed."""

import re

import pytest

from mertk.core.errors import DataError
from mertk.datasets import elan, interval_annotations
from mertk.datasets.elan import Annotation


def interval(onset, offset, *, apex=None, fps=200.0, **more):
    more = {"subject": "s01", "video": "v01", **more}
    return Annotation(onset=onset, apex=apex, offset=offset, fps=fps, **more)


@pytest.fixture
def spots():
    return [
        interval(10, 40, apex=25, type="me", clip="v01_1"),
        interval(100, 131, apex=110, type="me", label="surprise", au="1+2", clip="v01_2"),
    ]


@pytest.mark.parametrize("fps", [25.0, 29.97, 30.0, 100.0, 200.0, 240.0])
@pytest.mark.parametrize("first", [0, 1, 5])
def test_an_elan_file_gives_back_each_frame(tmp_path, fps, first):
    written = [
        interval(at, at + 7, apex=at + 3, fps=fps, clip=f"v01_{n}")
        for n, at in enumerate(range(first, 900, 11), 1)
    ]
    (tmp_path / "v01.eaf").write_text(elan.write_elan(written, first), encoding="utf-8")
    assert elan.read_elan(tmp_path / "v01.eaf") == written


def test_an_elan_file_holds_labels_people_and_the_video(tmp_path, spots):
    file = tmp_path / "any.eaf"
    spots = [
        Annotation(**{**{n: getattr(one, n) for n in one.__slots__}, "path": "a&b/<v01>.mp4"})
        for one in spots
    ]
    text = elan.write_elan(spots)
    file.write_text(text.replace('ANNOTATOR=""', 'ANNOTATOR="Ada"'), encoding="utf-8")
    found = elan.read_elan(file)
    assert [(one.label, one.au, one.type, one.coder) for one in found] == [
        ("", "", "me", "Ada"),
        ("surprise", "1+2", "me", "Ada"),
    ]
    assert {one.path for one in found} == {"a&b/<v01>.mp4"}
    assert 'MIME_TYPE="video/mp4"' in text
    assert 'RELATIVE_MEDIA_URL="./a%26b/%3Cv01%3E.mp4"' in text


def test_files_of_other_people_are_read_by_their_tiers(tmp_path):
    file = tmp_path / "film.eaf"
    file.write_text(
        """<?xml version="1.0"?><ANNOTATION_DOCUMENT AUTHOR="Bo"><HEADER/><TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="100"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="300"/>
        <TIME_SLOT TIME_SLOT_ID="c" TIME_VALUE="120"/></TIME_ORDER>
        <TIER TIER_ID="Expression"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="1"
        TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"><ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION>
        </ANNOTATION></TIER><TIER TIER_ID="Emotion"><ANNOTATION><ALIGNABLE_ANNOTATION
        ANNOTATION_ID="2" TIME_SLOT_REF1="c" TIME_SLOT_REF2="b"><ANNOTATION_VALUE>fear
        </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"""
    )
    with pytest.raises(DataError, match="frame rate in Hz: give it with --fps"):
        elan.read_elan(file)
    (one,) = elan.read_elan(file, 100)
    assert (one.onset, one.offset, one.label) == (10, 29, "fear")
    assert (one.video, one.coder, one.apex) == ("film", "Bo", None)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ANNOTATION_DOCUMENT>&b;'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB.encode(), "has a document type (x)"),
        (BOMB.encode("utf-16"), "has a document type (x)"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "has a document type (x)"),
        (b"<html/>", "no ELAN file: its root is html"),
        (b"<ANNOTATION_DOCUMENT>", "not a readable ELAN file"),
        (b"", "not a readable ELAN file"),
    ],
)
def test_what_is_no_elan_file_is_refused_and_no_entity_is_expanded(tmp_path, content, reason):
    (tmp_path / "x.eaf").write_bytes(content)
    with pytest.raises(DataError, match=re.escape(reason)) as told:
        elan.read_elan(tmp_path / "x.eaf", 100)
    assert str(told.value).startswith(str(tmp_path / "x.eaf"))


@pytest.mark.parametrize(
    ("intervals", "first", "reason"),
    [
        ([interval(0, 9), interval(9, 20)], 0, "overlap"),
        ([interval(0, 9)], 1, "before the first frame, 1"),
        ([interval(0, 9, fps=0.0)], 0, "frame rate is not known: give --fps"),
    ],
)
def test_what_a_tier_cannot_hold_is_refused(intervals, first, reason):
    with pytest.raises(DataError, match=reason):
        elan.write_elan(intervals, first)


def test_changes_say_who_moved_added_removed_and_relabelled_what(spots):
    after = [
        interval(12, 40, apex=25, type="me", coder="Ada"),
        interval(100, 131, apex=112, type="me", label="fear", au="2+1", coder="Ada"),
        interval(300, 320, coder="Ada"),
    ]
    found = interval_annotations.list_changes([*spots, interval(200, 220)], after)
    assert [(c.change, c.field, c.before, c.after, c.onset) for c in found] == [
        ("moved", "onset", "10", "12", 12),
        ("moved", "apex", "110", "112", 100),
        ("relabelled", "label", "surprise", "fear", 100),
        ("removed", "", "", "", 200),
        ("added", "", "", "", 300),
    ]
    assert {change.coder for change in found} == {"Ada"}
    assert (
        interval_annotations.summarise_changes(found)
        == "Ada: 1 added, 1 removed, 2 moved, 1 relabelled"
    )


def test_pairs_are_chosen_together_not_one_by_one():
    """The second interval of the first side fits the only one that the first fits, too."""
    first = [interval(0, 9), interval(10, 19)]
    second = [interval(8, 19), interval(0, 6)]
    pairs = interval_annotations.match_annotations(first, second)
    assert pairs == [(first[0], second[1]), (first[1], second[0])]
    assert interval_annotations.match_annotations(first, [interval(0, 9, video="v02")]) == [
        (first[0], None),
        (first[1], None),
        (None, interval(0, 9, video="v02")),
    ]
    assert interval_annotations.match_annotations(first[:1], second[:1], 0.5)[0] == (first[0], None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("v,3,1,x", "row 2, column 'offset': video v: onset 3"),
        ("v,a,1,x", "row 2, column 'onset': 'a' is not a frame number"),
        (",1,2,x", "column 'video': the cell is empty"),
    ],
)
def test_a_table_names_the_cell_that_is_wrong(tmp_path, row, reason):
    (tmp_path / "t.csv").write_text(f"video,onset,offset,note\n{row}\n")
    with pytest.raises(DataError, match=re.escape(reason)):
        interval_annotations.read_annotations(tmp_path / "t.csv")
