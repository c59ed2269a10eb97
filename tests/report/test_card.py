"""Replication cards: every shipped method has one, and it says what a reader must know."""

import json
import re

import pytest
from click.testing import CliRunner

import mertk
from mertk.cli import app
from mertk.plugins.registry import Entry
from mertk.report import literature, reference_pages

REGISTRY = mertk.load_plugins().registry
METHODS = [e for e in REGISTRY if e.kind == "model"]


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
def test_every_shipped_method_has_a_card_with_its_leak(entry):
    assert entry.card is not None
    assert set(entry.card.leak.split("+")) <= set(literature.LEAKS)
    assert entry.card.differs
    for lines in (entry.card.original, entry.card.differs, entry.card.unverified):
        assert not isinstance(lines, str)  # a tuple that lost its comma
    text = reference_pages.format_card(entry, REGISTRY)
    assert entry.card.title in text
    assert literature.LEAKS[entry.card.leak.split("+")[0]] in text
    assert all(item in text for item in (*entry.card.original, *entry.card.unverified))


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
def test_a_card_names_the_commit_of_the_code_that_was_read_or_what_is_unverified(entry):
    if entry.card.authors == "mertk":
        assert "There is no original: the model was made for this program." in entry.card.differs
    elif entry.card.code:
        assert re.search(r"read at [0-9a-f]{7}\b", entry.card.code)
    else:
        assert entry.paper
        assert entry.card.unverified


def test_the_models_without_an_original_are_known():
    own = "feature_graph flow_ridge hoof_ridge majority prior ststnet_mid timm_vit_pair"
    assert sorted(e.name for e in METHODS if e.card.authors == "mertk") == own.split()


def test_the_published_scores_stand_on_the_card():
    text = reference_pages.format_card(REGISTRY.get("model", "ststnet"), REGISTRY)
    assert "UF1 0.7353" in text
    assert text.count("| megc2019 |") >= 4


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    for entry in METHODS:
        rows = [
            line
            for line in reference_pages.format_card(entry, REGISTRY).splitlines()
            if line.startswith("|")
        ]
        heads = [at for at, line in enumerate(rows) if line.startswith("| ---")]
        for at in heads:
            later = [n for n in heads if n > at]
            body = rows[at : (later[0] - 1 if later else len(rows))]
            assert {line.count("|") for line in body} == {rows[at - 1].count("|")}, entry.name


def test_every_measured_score_is_of_a_model_and_preset_that_exist():
    for one in reference_pages.read_measured_scores().itertuples():
        entry = REGISTRY.get("model", one.model)
        assert one.preset in ("", *entry.presets)
        assert float(one.low) <= float(one.value) <= float(one.high)
        assert one.run.startswith(one.model)
    weights: dict[tuple[str, str], set[int]] = {}
    for one in reference_pages.read_measured_scores().itertuples():
        weights.setdefault((one.model, one.preset), set()).add(int(one.weights))
    assert all(len(found) == 1 for found in weights.values())
    assert weights["ststnet", "quick"] == {1_683}
    assert weights["cnn_lstm_se", "motion"] == {6 * 2_167_202 + 257 * 15 + 666_595}
    assert "1,683 trained weights" in reference_pages.format_card(
        REGISTRY.get("model", "ststnet"), REGISTRY
    )
    assert "trained weights" not in reference_pages.format_card(
        REGISTRY.get("model", "lbptop"), REGISTRY
    )


def test_show_prints_the_card_and_gives_it_as_json():
    shown = CliRunner().invoke(app, ["show", "model", "cnn_lstm_se"])
    assert "no loop over subjects" in " ".join(shown.output.split())
    about = json.loads(CliRunner().invoke(app, ["show", "model", "cnn_lstm_se", "--json"]).output)
    assert about["card"]["leak"] == "L3"
    assert about["replays"] == {
        "authors": {"once": ["fusion.0"], "sets": {"fusion.0.frames": 0, "fusion.0.share": 0.5}}
    }


def test_a_model_without_a_card_shows_what_is_known():
    recipe = REGISTRY.recipe("flow_svm")
    entry = Entry(kind="model", name="mine", target=recipe, summary="Mine.", paper="doi:10.1/x")
    text = reference_pages.format_card(entry, REGISTRY)
    assert "Paper: doi:10.1/x" in text
    assert "mertk bench --model mine" in text


def test_the_card_of_a_model_whose_packages_are_missing_says_so(monkeypatch):
    monkeypatch.setattr("mertk.plugins.registry.find_spec", lambda _name: None)
    text = reference_pages.format_card(REGISTRY.get("model", "ststnet"), REGISTRY, "quick")
    assert "# ststnet:quick\n" in text
    assert "Needs: torch. Training speed: medium." in text
    assert "classifier 'ststnet' needs the package 'torch', which is not installed." in text
    assert "- `extractor.size=28`: side of a region's picture" in text
