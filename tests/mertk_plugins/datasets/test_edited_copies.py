"""In every set whose content is known by its hash, an edited cell or a lost row is named."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pytest
import samm_tree
from test_every_set import REGISTRY, SETS

import mertk
from mertk.datasets import findings
from mertk.datasets.editions import EDITED, UNRECOGNISED, Cells, hash_timing
from mertk_plugins.datasets.samm import SAMM

HASHED = ("casme2 2019", "samm", "casme_sq", "casme3", "mmew")  # of dfme, labels alone: below


def made_content(clips):
    """The clips with timing that differs from clip to clip."""
    made = []
    for at, clip in enumerate(clips):
        onset = 100 + at * 37 % 900
        cells = {"onset_raw": onset, "apex_raw": onset + 12 + at % 9, "offset_raw": onset + 40}
        made.append(replace(clip, record={**clip.record, **{n: str(c) for n, c in cells.items()}}))
    return tuple(made)


def rows_of(clips):
    return [Cells.of_fields(clip.record) for clip in clips]


@pytest.fixture(scope="module", params=HASHED)
def published(request, tmp_path_factory):
    """A survey of made-up rows, whose hashes are taken for the published ones."""
    text, write = SETS[request.param]
    root = tmp_path_factory.mktemp("set")
    write(root)
    survey = REGISTRY.build("dataset", mertk.Use.parse(text)).survey(root)
    clips = made_content(survey.clips)
    edition = next(one for one in survey.editions if one.hashed and one.rows == len(clips))
    known = replace(edition, hashed_as={}, timing=hash_timing(rows_of(clips)))
    known = replace(known, label_list=known.hash_labels(survey.dataset, rows_of(clips)))
    return replace(
        survey, clips=clips, editions=(known,), repairs={}, strays=(), edition=known.name
    )


def examine(survey, clips):
    """What is found in these rows, each with its clip."""
    (edition,) = survey.editions
    fits = edition.fits([replace_record(clip) for clip in clips])
    name = f"{edition.name}{EDITED}" if fits else UNRECOGNISED
    found = findings.report_edition(replace(survey, clips=tuple(clips), edition=name))
    return [(one.clip, one.text) for one in found if one.level == "error"]


def replace_record(clip):
    return Cells.of_fields(clip.record)


def change(clips, at, **cells):
    edited = replace(clips[at], record={**clips[at].record, **cells})
    return [*clips[:at], edited, *clips[at + 1 :]]


def name_of(clip):
    return f"{clip.record['subject']}/{clip.record['clip']}"


def test_a_slip_of_a_digit_is_named(published):
    clips, at, field = published.clips, len(published.clips) // 3, "offset"
    right = clips[at].record[f"{field}_raw"]
    wrong = right[:-2] + str((int(right[-2]) + 3) % 10) + right[-1]
    found = examine(published, change(clips, at, **{f"{field}_raw": wrong}))
    assert found == [(name_of(clips[at]), f"{field} {wrong}, published {right}")]


def test_an_apex_far_outside_is_named(published):
    clips, at = published.clips, 5
    right = clips[at].record["apex_raw"]
    wrong = str(int(right) + 333)
    found = examine(published, change(clips, at, apex_raw=wrong))
    assert found == [(name_of(clips[at]), f"apex {wrong}, published {right}")]


def test_a_changed_label_is_named_though_the_counts_are_no_editions(published):
    clips, at = published.clips, len(published.clips) // 2
    right = clips[at].record["label"]
    wrong = next(c.record["label"] for c in clips if c.record["label"] != right)
    found = examine(published, change(clips, at, label=wrong))
    assert found == [(name_of(clips[at]), f"label {wrong}, published {right}")]


def test_two_exchanged_labels_are_named(published):
    clips, one = list(published.clips), 4
    other = next(
        at for at in range(len(clips) - 1, 0, -1)
        if clips[at].record["label"] != clips[one].record["label"]
    )  # fmt: skip
    swapped = change(clips, one, label=clips[other].record["label"])
    swapped = change(swapped, other, label=clips[one].record["label"])
    found = examine(published, swapped)
    if published.dataset == "casme3":  # in these made-up rows a person's clips have one name
        assert found[0][1].endswith("several cells differ, which ones cannot be told")
    else:
        assert {name for name, _ in found} == {name_of(clips[one]), name_of(clips[other])}


def test_a_lost_row_is_named_though_no_other_person_has_such_a_clip(published):
    clips, at = published.clips, len(published.clips) // 2
    (found,) = examine(published, [*clips[:at], *clips[at + 1 :]])
    label = clips[at].record["label"]
    assert found[0] == name_of(clips[at])
    assert found[1] == f"its row ({label}) is missing: {len(clips) - 1} of {len(clips)} rows"


def test_a_changed_emotion_in_the_sheet_of_samm_is_named_on_the_command_line(
    tmp_path, monkeypatch, capsys
):
    rows = samm_tree.edition_rows()
    file = samm_tree.write_sheet(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", rows)
    survey = SAMM().survey(tmp_path)
    cells, (edition,) = rows_of(survey.clips), SAMM.editions
    known = replace(edition, timing=hash_timing(cells))
    known = replace(known, label_list=known.hash_labels("samm", cells))
    monkeypatch.setattr(SAMM, "editions", (known,))
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[-1]
    row = next(row for row in sheet.iter_rows() if row[1].value == cells[7].clip)
    assert row[9].value.lower() == cells[7].label
    row[9].value = "Sadness"
    book.save(file)
    with pytest.raises(SystemExit):
        mertk.cli.main(["data", "check", "samm", "--data", str(tmp_path)])
    name = f"{cells[7].subject}/{cells[7].clip}"
    assert f"{name} · label sadness, published {cells[7].label}" in capsys.readouterr().out
