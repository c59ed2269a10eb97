"""The page of shared results."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

import mertk
from mertk.core.errors import StorageError
from mertk.evaluation.bundle_files import read_bundle
from mertk.evaluation.results_bundle import write_bundle
from mertk.report.leaderboard import render_leaderboard, write_leaderboard
from mertk.storage.atomic_files import json_text
from mertk.storage.identity import hash_json

TOYS = Path(__file__).parents[1] / "toys.py"


@pytest.fixture(scope="module")
def plugins():
    return mertk.load_plugins([TOYS])


@pytest.fixture(scope="module")
def shared(plugins, tmp_path_factory):
    root = tmp_path_factory.mktemp("shared")
    options = {"dataset": "toy", "jobs": 1, "floors": False, "plugins": plugins}
    mertk.bench(["toy_model", "majority"], out=root / "runs", **options)
    write_bundle(root / "runs", to=root / "results", by="<b>lab</b>", plugins=plugins)
    return root / "results"


def change(folder, **parts):
    """The bundle with other content of `result.json`."""
    bundle = read_bundle(folder)
    return dataclasses.replace(bundle, about={**bundle.about, **parts})


def test_the_page_shows_each_model_with_interval_band_leak_seeds_and_name(
    plugins, shared, tmp_path
):
    page = write_leaderboard([shared], tmp_path / "site", plugins).read_text()
    (folder,) = shared.glob("*/toy_model*")
    about = read_bundle(folder).about
    uf1, (low, high) = about["scores"]["UF1"], about["chance"]["UF1"]
    assert f'{uf1["value"]:.3f} <span class="ci">{uf1["low"]:.3f}–{uf1["high"]:.3f}</span>' in page
    assert f"UF1 {low:.3f}–{high:.3f}" in page
    assert f'<rect class="band" x="{100 * low:.1f}"' in page
    assert "&lt;b&gt;lab&lt;/b&gt;" in page
    assert "<b>lab" not in page
    assert "L0, not audited" in page
    assert "Earlier results" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_an_earlier_result_of_a_model_is_below_its_latest(shared):
    (folder,) = shared.glob("*/toy_model*")
    latest = read_bundle(folder)
    made = {**latest.about["provenance"], "made": "2020-01-02T00:00:00+00:00"}
    page = render_leaderboard([change(folder, provenance=made, key="0ld" * 4), latest])
    table, history = page.split("Earlier results")
    assert latest.about["key"][:12] in table
    assert "2020-01-02" not in table
    assert "0ld0ld0ld0ld" in history
    assert "2020-01-02" in history


def test_published_scores_are_marked_and_text_of_a_bundle_is_escaped(shared):
    (folder,) = shared.glob("*/toy_model*")
    about = json.loads(json.dumps(read_bundle(folder).about))
    about["identity"]["protocol"]["name"] = "megc2019"
    about["provenance"]["published"] = {"differences": ["<script>alert(1)</script>"]}
    page = render_leaderboard([change(folder, **{**about, "name": "<img src=x>"})])
    assert "Published, not measured here" in page
    assert "LBP-TOP, baseline of the challenge" in page
    assert '<td data-label="UF1">0.5882</td>' in page
    assert "L0?" in page
    assert "<img" not in page
    assert "<script>alert" not in page


def test_several_protocols_have_an_overview_of_models(shared):
    (folder,) = shared.glob("*/toy_model*")
    about = json.loads(json.dumps(read_bundle(folder).about))
    about["identity"]["protocol"]["name"] = "other"
    page = render_leaderboard([read_bundle(folder), change(folder, **about)])
    assert page.count("<h2>Overview</h2>") == 1
    assert "other · toy" in page


def test_a_bundle_that_does_not_agree_is_not_shown(plugins, shared, tmp_path):
    results = Path(shutil.copytree(shared, tmp_path / "results"))
    (folder,) = results.glob("*/toy_model*")
    about = json.loads((folder / "result.json").read_text())
    del about["checksum"]
    about["scores"]["UF1"]["value"] = 0.987
    (folder / "result.json").write_text(json_text({**about, "checksum": hash_json(about)}))
    with pytest.raises(StorageError, match=r"scores UF1 value is 0\.987"):
        write_leaderboard([results], tmp_path / "site", plugins)
    assert not (tmp_path / "site").exists()


@pytest.fixture(scope="module")
def page(plugins, shared, tmp_path_factory):
    return write_leaderboard([shared], tmp_path_factory.mktemp("page"), plugins)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(faults, scheme):
    assert faults(scheme) == []


def test_a_click_sorts_and_nothing_is_wider_than_a_phone(tab):
    heading = tab.locator("thead th", has_text="accuracy").first
    heading.locator(".sort").click()
    assert heading.get_attribute("aria-sort") in ("ascending", "descending")
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
