"""Editions are told by their content: hashes of all frame numbers and labels, and edited cells."""

from dataclasses import replace

import pytest

from mertk.datasets import edited_cells, editions
from mertk.datasets.corrections import Repair
from mertk.datasets.editions import Cells, Edition

WORDS = ("happiness", "disgust", "others")


def make_rows(count=60):
    rows = []
    for at in range(count):
        person, onset = f"sub{1 + at % 6:02d}", 1 + at * 137 % 900
        frames = (str(onset), str(onset + 10), str(onset + 20))
        rows.append(Cells(person, person[3:], f"EP{at // 6:02d}_01f", *frames, WORDS[at % 3]))
    return rows


ROWS = make_rows()
PUBLISHED = Edition(
    "first",
    60,
    6,
    labels=dict.fromkeys(WORDS, 20),
    timing=editions.hash_timing(ROWS),
    label_list=Edition("", 0).hash_labels("set", ROWS),
)


def change(at, **cells):
    return [row._replace(**cells) if at == n else row for n, row in enumerate(ROWS)]


def find(rows, repairs=(), edition=PUBLISHED):
    table = {repair.clip: [repair] for repair in repairs}
    return edited_cells.find_edits("set", edition, rows, table)


def test_the_published_rows_in_any_order_are_not_edited():
    assert PUBLISHED.find_edited("set", ROWS[::-1]) == ()
    assert find(ROWS) == []


def test_an_export_with_decimals_and_people_in_the_files_spelling_are_not_edited():
    rows = [row._replace(onset=f"{row.onset}.0") for row in ROWS]
    assert PUBLISHED.find_edited("set", rows) == ()
    native = replace(PUBLISHED, timing=editions.hash_timing(ROWS, native=True))
    assert native.find_edited("set", ROWS) == ()


def test_a_hash_is_that_of_its_sorted_lines():
    row = Cells("sub01", "1", "EP01", "46", "/", "86", "disgust")
    assert editions.list_timing([row]) == ["sub01/EP01,46,/,86\n"]
    # printf 'sub01/EP01,46,/,86\n' | sha256sum
    assert editions.hash_timing([row]) == (
        "ecca221cbc239ad0b0682a23f68609d144a88cc15dea56dde6f25db39679d212"
    )


@pytest.mark.parametrize(
    ("cells", "field", "found", "published"),
    [
        ({"onset": "4"}, "onset", "4", ROWS[7].onset),
        ({"apex": "/"}, "apex", "/", ROWS[7].apex),
        ({"offset": "4o"}, "offset", "4o", ROWS[7].offset),
        ({"label": "others"}, "label", "others", ROWS[7].label),
    ],
)
def test_one_edited_cell_is_found(cells, field, found, published):
    clip = f"{ROWS[7].subject}/{ROWS[7].clip}"
    assert find(change(7, **cells)) == [(clip, field, found, published)]


def test_two_exchanged_labels_are_found():
    rows = change(7, label=ROWS[8].label)
    rows[8] = ROWS[8]._replace(label=ROWS[7].label)
    assert [(edit.field, edit.found) for edit in find(rows)] == [
        ("label", ROWS[8].label),
        ("label", ROWS[7].label),
    ]


def test_a_value_in_the_table_of_known_errors_names_its_cell_beside_other_edits():
    clip = f"{ROWS[3].subject}/{ROWS[3].clip}"
    repair = Repair("first", clip, "apex", ROWS[3].apex, "", "flag", "apex_typo", "")
    rows = change(3, apex="1113")
    rows[9] = ROWS[9]._replace(onset=str(int(ROWS[9].onset) + 3))
    edits = find(rows, [repair])
    assert edits[0] == (clip, "apex", "1113", ROWS[3].apex)
    assert (edits[1].field, edits[1].published) == ("onset", ROWS[9].onset)


def test_many_edits_are_not_guessed():
    rows = [row._replace(onset="1") for row in ROWS]
    assert PUBLISHED.find_edited("set", rows) == ("timing",)
    assert find(rows) == []


@pytest.mark.parametrize("folders", [(), ("sub02/EP01_01f", "sub09/EP77")])
def test_a_lost_row_is_found_by_the_names_of_other_peoples_clips_or_by_its_folder(folders):
    at = ROWS.index(next(row for row in ROWS if row.clip == "EP01_01f" and row.subject == "sub02"))
    rows = ROWS[:at] + ROWS[at + 1 :]
    lost = edited_cells.find_lost_row("set", PUBLISHED, rows, folders)
    assert lost == ("sub02/EP01_01f", "row", "", ROWS[at].label)


def test_two_lost_rows_or_a_lost_name_that_nothing_suggests_are_not_guessed():
    assert edited_cells.find_lost_row("set", PUBLISHED, ROWS[2:]) is None
    rows = [*ROWS[:-1], ROWS[-1]._replace(clip="Odd name")]
    odd = replace(PUBLISHED, label_list=PUBLISHED.hash_labels("set", rows))
    assert edited_cells.find_lost_row("set", odd, rows[:-1]) is None


def test_labels_of_another_edition_may_stand_in_the_hash():
    clip = f"{ROWS[0].subject}/{ROWS[0].clip}"
    newer = replace(PUBLISHED, hashed_as={clip: ROWS[0].label})
    assert newer.find_edited("set", change(0, label="disgust")) == ()
