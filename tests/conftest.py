"""Every test has its own cache, and sees no user settings."""

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MERTK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MERTK_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COLUMNS", "200")
