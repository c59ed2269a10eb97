"""Every test has its own cache, and sees no user settings."""

import pytest
from hypothesis import settings

settings.register_profile("mertk", deadline=None)  # the first example imports what it uses
settings.load_profile("mertk")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MERTK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MERTK_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COLUMNS", "200")
