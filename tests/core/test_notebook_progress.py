"""A notebook shows a bar; elsewhere `mertk.bench` is silent."""

import sys
import types

import pytest

from mertk.core import notebook_progress
from mertk.core.progress import Silent


class ZMQInteractiveShell:
    pass


@pytest.fixture
def shown(monkeypatch):
    """The HTML of each display, as a notebook keeps it."""
    texts = []

    def display(what, *, display_id):
        assert display_id
        at = len(texts)
        texts.append(what._repr_html_())

        def update(what):
            texts[at] = what._repr_html_()

        return types.SimpleNamespace(update=update)

    package = types.ModuleType("IPython")
    package.get_ipython = ZMQInteractiveShell
    part = types.ModuleType("IPython.display")
    part.display = display
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", part)
    return texts


def test_a_notebook_shows_a_bar_for_each_stage(shown, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(notebook_progress.time, "monotonic", lambda: clock[0])
    bar = notebook_progress.choose_progress()
    bar.stage("a<b: folds", 3)
    assert shown == ["<div><progress value='0' max='3'></progress> a&lt;b: folds · 0/3</div>"]
    clock[0] = 10
    bar.step("s1 · UF1 0.5")
    assert "value='1' max='3'" in shown[0]
    assert "1/3 · 20 s left · s1 · UF1 0.5" in shown[0]
    bar.stage("report", 0)
    assert shown[1] == "<div>report</div>"


def test_elsewhere_there_is_no_bar(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert isinstance(notebook_progress.choose_progress(), Silent)
    terminal = types.SimpleNamespace(get_ipython=lambda: None)
    monkeypatch.setitem(sys.modules, "IPython", terminal)
    assert isinstance(notebook_progress.choose_progress(), Silent)
