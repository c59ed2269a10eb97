"""What tests of several data sets share."""

import pytest

from mertk.core import clip_lists
from mertk.datasets import editions


@pytest.fixture
def made_up_content(monkeypatch):
    """Generated files have the published counts; their content is taken for the published one."""
    monkeypatch.setattr(editions.Edition, "find_edited", lambda *_: ())
    monkeypatch.setattr(clip_lists, "_compare_hashes", lambda *_: [])
