"""The table of published scores."""

import re

import mertk
from mertk.report import literature

REGISTRY = mertk.load_plugins().registry
ROWS = list(literature.read_published_scores().itertuples())


def test_every_row_names_a_protocol_and_a_part_of_it():
    assert len(ROWS) > 300
    for row in ROWS:
        if row.protocol == "spotting":
            assert row.part in REGISTRY.names("dataset"), row
            assert row.score in {"F1", "F1 micro", "F1 macro", "STRS"}, row
            assert row.note.startswith("counted by the rule "), row
            continue
        rules = REGISTRY.build("protocol", mertk.Use(row.protocol))
        assert row.part in ("", *rules.datasets), row
        assert row.method, row
        assert row.score in {"UF1", "UAR", "accuracy", "F1", "binary F1", "macro F1"}, row


def test_every_value_is_a_share_or_a_range_of_shares():
    for row in ROWS:
        assert re.fullmatch(r"[01]\.\d+(–[01]\.\d+)?", row.value), row
        assert all(0 <= float(end) <= 1 for end in row.value.split("–")), row


def test_every_leak_is_made_of_codes_that_are_explained():
    for row in ROWS:
        assert set(row.leak.split("+")) <= set(literature.LEAKS), row


def test_no_number_is_printed_twice_for_the_same_thing():
    keys = [(r.protocol, r.part, r.method, r.source, r.score) for r in ROWS]
    assert len(set(keys)) == len(keys)


def test_what_nobody_looked_up_says_so():
    unsure = {row.method for row in ROWS if "from memory, unverified" in row.note}
    assert {"ATNet", "LAENet", "FRL-DGT", "micron-BERT", "MMNet"} <= unsure
    assert all(row.source or "memory" in row.note for row in ROWS)


def test_the_impossible_pair_of_the_challenge_has_its_footnote():
    pair = [
        row
        for row in ROWS
        if (row.protocol, row.part) == ("megc2019", "smic") and row.method.startswith("LBP-TOP, b")
    ]
    assert [row.value for row in pair] == ["0.2000", "0.5280"]
    assert all(row.note.startswith("impossible") for row in pair)


def test_spotting_scores_stand_beside_the_rule_that_they_were_counted_by():
    lines = literature.list_published_spotting("casme_sq")
    assert any("F1 0.0376" in line and "MEGC 2020 baseline" in line for line in lines)
    assert not literature.list_published_spotting("casme2")


def test_htnets_released_result_stands_beside_the_printed_one():
    found = {(row.method, row.score): row.value for row in ROWS if row.model == "htnet"
             and row.protocol == "megc2019" and not row.part}  # fmt: skip
    assert found["HTNet, released result", "UF1"] == "0.831"
    assert found["HTNet, released result", "UAR"] == "0.818"
    assert found["HTNet", "UF1"] == "0.8603"
