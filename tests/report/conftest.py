"""A browser for the pages."""

from __future__ import annotations

import shutil

import pytest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    """Chromium, if the extra `browser` and the program are there; downloads nothing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
    if BROWSER is None:
        pytest.skip("needs chromium or google-chrome on the path")
    with playwright.sync_playwright() as tools:
        opened = tools.chromium.launch(executable_path=BROWSER)
        yield opened
        opened.close()


@pytest.fixture
def tab(browser, page):
    """The module's `page`, a file, in a new tab; what it says on the console is a mistake."""
    tab = browser.new_page()
    said = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
    tab.goto(page.as_uri())
    yield tab
    assert said == []
    tab.close()


@pytest.fixture
def faults(tab):
    """Gives a function: the serious faults that axe finds with all details open."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def find(scheme):
        tab.emulate_media(color_scheme=scheme)
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        return [
            (one["id"], one["nodes"][0]["html"])
            for one in axe.run(tab).response["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    return find
