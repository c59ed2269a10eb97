"""The table of published scores."""

import re

import mertk
from mertk.report import literature

REGISTRY = mertk.load_plugins().registry
ROWS = list(literature.read_published_scores().itertuples())


def test_every_row_names_a_protocol_and_a_part_of_it():
    assert len(ROWS) > 300
    for row in ROWS:
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
