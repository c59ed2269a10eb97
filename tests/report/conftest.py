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
