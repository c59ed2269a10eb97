"""The explorer's controls in a browser: each does what it says, by mouse and by keyboard."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

import mertk
from mertk.evaluation.breakdowns import ClipPrediction
from mertk.experiment.clip_pictures import read_clip_pictures
from mertk.experiment.occlusion import Occlusion
from mertk.pipeline.pipeline import Stage
from mertk.report.clip_explorer import drawing
from mertk.report.clip_explorer.view import make_view
from mertk.report.page import make_environment

PLUGINS = mertk.load_plugins()
PAGE = """{% import "explorer.html.j2" as explorer %}
<!doctype html><html lang="en"><head><title>clips</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark; } body { background: #fff; color: #111; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } } .wide { overflow-x: auto; } {{ explorer.style() }}</style></head>
<body><main><h1>Clips</h1><h2>All</h2>{{ explorer.section(views, legend) }}</main>
<script>"use strict"; {{ explorer.script() }}</script></body></html>"""


def frames(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (120, 100, 3)).astype(np.uint8)
    still = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    return mertk.Frames.of(np.stack([np.roll(still, at, axis=1) for at in range(6)]))


def view_of(seed, name, **more):
    uses = {"aligner": mertk.Use("none"), "roi": mertk.Use("grid", rows=2, cols=2)}
    pictures = read_clip_pictures(
        mertk.Footage(frames=frames(seed), onset=0, apex=3, offset=5, fps=50),
        [Stage(kind, PLUGINS.registry.build(kind, use)) for kind, use in uses.items()],
        **more,
    )
    predictions = [ClipPrediction.choose("one", {"joy": 0.25, "fear": 0.75})]
    return make_view(name, pictures, predictions=predictions, truth="joy", seen_by="one")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    drop = np.array([[0.5, -0.1], [0.2, 0.0]])
    views = [
        view_of(0, "first", weights={"region_weights": [0.1, 0.2, 0.3, 0.4]},
             maps=[Occlusion(model="one", predicted="fear", probability=0.75, drop=drop)]),
        view_of(1, "second", weights={"region_weights": [0.4, 0.2, 0.3, 0.1]}),
        view_of(2, "third"),
        make_view("unseen", None, predictions=[ClipPrediction.choose("one", {"joy": 0.5, "fear": 0.5})]),
    ]  # fmt: skip
    text = make_environment().from_string(PAGE)
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    path.write_text(
        text.render(views=views, legend=drawing.encode_picture(drawing.draw_colour_legend()))
    )
    return path


def title(tab):
    return tab.locator(".clip:visible h3").inner_text()


def shown(tab):
    return tab.locator(".stage img").get_attribute("src")


def film(tab):
    return tab.get_by_role("slider", name="Frame")


def test_clips_are_chosen_from_the_list_and_one_after_the_other(tab):
    assert title(tab) == "first"
    tab.get_by_role("combobox", name="Clip").select_option("third: joy, predicted: fear")
    assert title(tab) == "third"
    tab.get_by_role("button", name="Previous clip").click()
    assert title(tab) == "second"
    tab.get_by_role("button", name="Previous clip").press("Enter")
    assert title(tab) == "first"
    assert tab.get_by_role("button", name="Previous clip").is_disabled()
    for _ in range(3):
        tab.get_by_role("button", name="Next clip").click()
    assert title(tab) == "unseen"
    assert tab.get_by_role("button", name="Next clip").is_disabled()
    assert not tab.locator(".stage").is_visible()
    assert not film(tab).is_visible()
    tab.get_by_role("button", name="Previous clip").click()
    assert tab.locator(".stage").is_visible()


def test_arrow_keys_scrub_from_the_apex_on(tab):
    assert tab.locator("output").inner_text() == "frame 3, apex, +60 ms"
    apex = shown(tab)
    film(tab).press("ArrowRight")
    assert tab.locator("output").inner_text() == "frame 4, +80 ms"
    assert shown(tab) != apex
    film(tab).press("Home")
    assert tab.locator("output").inner_text() == "frame 0, onset, +0 ms"
    assert film(tab).get_attribute("aria-valuetext") == "frame 0, onset, +0 ms"
    assert tab.locator(".stage img").get_attribute("alt") == "Frame 0, onset"


def test_a_frame_of_the_strip_can_be_pressed(tab):
    button = tab.get_by_role("button", name="Show frame 5, offset, +100 ms")
    button.press("Enter")
    assert film(tab).input_value() == "5"
    assert button.get_attribute("aria-current") == "true"
    assert tab.locator(".clip:visible .here").count() == 1


def test_play_goes_on_until_it_is_paused(tab):
    tab.get_by_role("button", name="Play").click()
    tab.wait_for_function("document.querySelector('.film output').textContent.includes('offset')")
    tab.get_by_role("button", name="Pause").click()
    at = film(tab).input_value()
    tab.wait_for_timeout(500)
    assert film(tab).input_value() == at
    assert tab.get_by_role("button", name="Play").is_visible()


def test_who_wants_little_motion_gets_it_slowly(tab):
    tab.emulate_media(reduced_motion="reduce")
    before = film(tab).input_value()
    tab.get_by_role("button", name="Play").click()
    tab.wait_for_timeout(700)
    assert film(tab).input_value() == before


def test_layers_take_the_place_of_the_frame(tab):
    frame = shown(tab)
    tab.get_by_label("motion magnified").check()
    magnified = shown(tab)
    film(tab).press("ArrowRight")
    assert shown(tab) not in (frame, magnified)
    tab.get_by_label("flow", exact=True).check()
    assert "hue is the direction" in tab.locator(".stage img").get_attribute("alt")
    assert film(tab).is_disabled()
    assert tab.get_by_role("button", name="Play").is_disabled()
    tab.get_by_label("strain").check()
    assert "strain from onset" in tab.locator("output").inner_text()
    tab.get_by_label("frame", exact=True).check()
    assert film(tab).is_enabled()


def test_regions_and_arrows_come_and_go(tab):
    regions, arrows = (tab.locator(f".stage g.{name}") for name in ("regions", "arrows"))
    assert regions.is_visible()
    assert not arrows.is_visible()
    tab.get_by_role("checkbox", name="regions").press("Space")
    tab.get_by_label("flow arrows").press("Space")
    assert not regions.is_visible()
    assert arrows.is_visible()
    tab.get_by_role("button", name="Next clip").click()  # a choice holds for the next clip
    assert not tab.locator(".stage g.regions").is_visible()


def test_maps_are_drawn_one_at_a_time(tab):
    maps = tab.get_by_role("combobox", name="Map")
    assert maps.locator("option").all_inner_texts() == [
        "none", "region weights", "occlusion map of one",
    ]  # fmt: skip
    maps.select_option("occlusion map of one")
    drawn = tab.locator(".stage g.overlay:visible")
    assert drawn.count() == 1
    assert drawn.locator("polygon title").first.text_content() == "row 1, column 1: 0.500"
    shades = drawn.locator("polygon").evaluate_all("all => all.map(one => one.style.fillOpacity)")
    assert shades == ["0.7", "0.14", "0.28", "0"]
    assert drawn.locator("polygon.more").count() == 1
    assert (
        "decrease of the probability of fear (0.75)" in tab.locator(".about:visible").inner_text()
    )
    maps.select_option("region weights")
    assert drawn.locator("text").all_text_contents() == ["0.10", "0.20", "0.30", "0.40"]
    tab.get_by_role("button", name="Next clip").click()
    assert drawn.locator("text").first.text_content() == "0.40"
    tab.get_by_role("button", name="Next clip").click()
    assert drawn.count() == 0
    assert maps.is_disabled()


def test_without_script_the_first_clip_is_a_strip(browser, page):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(page.as_uri())
    assert tab.locator(".clip:visible").count() == 1
    assert tab.locator(".strip:visible img:visible").count() == 6
    assert tab.locator(".layers:visible img").count() == 2
    assert tab.locator("svg.over:visible g.regions").count() == 1
    assert tab.locator("form:visible").count() == 0
    context.close()


def test_print_has_the_picture_and_no_controls(tab):
    tab.emulate_media(media="print")
    assert tab.locator("form:visible").count() == 0
    assert tab.locator(".stage").is_visible()
    assert tab.locator(".layers:visible img").count() == 2


def test_a_phone_does_not_scroll_sideways(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(tab, faults, scheme):
    tab.get_by_role("combobox", name="Map").select_option("occlusion map of one")
    assert faults(scheme) == []


def test_nothing_is_fetched(page):
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page.read_text())
