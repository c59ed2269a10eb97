"""Whose optical flow a score rests on is said with the score, and on the card."""

import mertk
from mertk.report import reference_pages, sentences

SMALL = "synthetic:subjects=2,clips=3,size=64,frames=6"


def bench(method, out):
    recipe = mertk.load_plugins().registry.recipe("flow_svm")
    recipe = recipe.swap("aligner", mertk.Use("none")).set("extractor.method", method)
    return mertk.bench([recipe], dataset=SMALL, out=out, floors=False, jobs=1)


def test_a_run_on_tvl1_says_whose_it_is(tmp_path):
    results = bench("tvl1", tmp_path)
    said = [line for line in sentences.list_sentences(results) if "optical flow" in line]
    assert len(said) == 1
    assert "tvl1 by " in said[0]
    engine = results.runs[0].identity["components"]["extractor"]["flow_engine"]
    assert engine in said[0]


def test_a_run_on_flow_of_one_engine_alone_says_nothing(tmp_path):
    results = bench("dis", tmp_path)
    assert not [line for line in sentences.list_sentences(results) if "optical flow" in line]
    assert results.runs[0].identity["components"]["extractor"]["flow_engine"] == "OpenCV"


def test_a_card_names_the_engine():
    registry = mertk.load_plugins().registry
    card = reference_pages.format_card(registry.get("model", "ststnet"), registry, "paper")
    assert "Optical flow: tvl1 by " in card
    quick = reference_pages.format_card(registry.get("model", "ststnet"), registry)
    assert "Optical flow: farneback by OpenCV." in quick
    pixels = reference_pages.format_card(registry.get("model", "me_capsule"), registry)
    assert "Optical flow:" not in pixels
