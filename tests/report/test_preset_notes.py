"""What the sentences below the scores tell of presets and of networks without pretrained weights."""

from __future__ import annotations

import pytest

import mertk
from mertk.experiment.run_facts import describe_preset, find_random_backbones
from mertk.experiment.variants import choose_variant
from mertk.report.page import render_page
from mertk.report.sentences import list_sentences

REGISTRY = mertk.load_plugins().registry


def test_a_preset_with_another_input_than_the_papers_says_so():
    motion = choose_variant(REGISTRY, "cnn_lstm_se", 1, synthetic=True)
    assert motion.preset == "motion"
    assert "optical flow, not the frames of the paper" in describe_preset(REGISTRY, motion)
    quick = choose_variant(REGISTRY, "cnn_lstm_se:quick", 1)
    assert "the input is that of the paper" in describe_preset(REGISTRY, quick)
    assert describe_preset(REGISTRY, choose_variant(REGISTRY, "lbptop", 1)) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"classifier": "timm_flow"}),
        ({"pretrained": True}, {}),
        ({"weights": "file.safetensors"}, {}),
    ],
)
def test_a_backbone_with_random_weights_is_found(changes, expected):
    recipe = REGISTRY.recipe("timm_flow", "quick")
    for name, value in changes.items():
        recipe = recipe.set(f"classifier.{name}", value)
    assert find_random_backbones(REGISTRY, recipe) == expected


def test_the_sentences_name_a_network_that_starts_from_random_weights(tmp_path):
    results = mertk.bench(
        ["timm_flow:quick"],
        dataset="synthetic:subjects=2,clips=3,frames=6,size=96",
        sets=[("classifier.epochs", 1)],
        floors=False,
        seeds=[0],
        jobs=1,
        out=tmp_path,
    )
    expected = "timm_flow:quick+classifier.epochs=1: timm_flow (classifier) starts from random"
    assert any(sentence.startswith(expected) for sentence in list_sentences(results))


def test_the_page_shows_the_note_of_a_preset_above_what_is_folded(tmp_path):
    sets = [("fusion.0.epochs", 1), ("classifier.epochs", 1)]
    results = mertk.bench(
        "cnn_lstm_se:motion",
        dataset="synthetic:subjects=2,clips=3,frames=6,size=96",
        sets=sets,
        floors=False,
        jobs=1,
        out=tmp_path,
    )
    page = render_page(results, mertk.load_plugins())
    note = page.index("the input is optical flow, not the frames of the paper")
    assert note < page.index("<details")
    assert page.count("the input is optical flow, not the frames of the paper") == 1
