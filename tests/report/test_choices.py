"""What models choose while they are fitted: in the run, the table, the page and the JSON."""

from dataclasses import replace
from pathlib import Path

import pytest

import mertk
from mertk.report import sentences, terminal
from mertk.report.page import render_page

TOYS = Path(__file__).parents[1] / "toys.py"

PLUGIN = f'''
"""A classifier that says which action units it was trained on."""
import dataclasses
import sys

import numpy as np

import mertk

sys.path.insert(0, {str(TOYS.parent)!r})
import toys


class Coded(toys.Square):
    """The toys, with action units: 4 and 7 for down, 12 for up; one person is not coded."""

    def index(self, root):
        return list(map(self._code, super().index(root)))

    def _code(self, clip):
        known = clip.subject != "s2"
        units = {{"down": (4, 7), "up": (12,)}}[clip.record["label"]] if known else ()
        coding = {{"au_known": known, "au_set": units}}
        return dataclasses.replace(clip, record={{**clip.record, **coding}})


class Tells(toys.Nearest):
    """Nearest class mean."""

    def fit(self, train, rng):
        super().fit(train, rng)
        self.coded = [units for units in train.aus if units is not None]

    def list_choices(self):
        return {{"coded": len(self.coded), "units": sorted(frozenset().union(*self.coded))}}


@mertk.hookimpl
def mertk_register(register):
    """Register both."""
    register.dataset("coded", Coded)
    register.classifier("tells", Tells)
'''


@pytest.fixture
def results(tmp_path):
    (tmp_path / "tells.py").write_text(PLUGIN, encoding="utf-8")
    plugins = mertk.load_plugins([TOYS, tmp_path / "tells.py"])
    recipe = replace(plugins.registry.recipe("toy_model"), classifier=mertk.Use("tells"))
    return mertk.bench(
        [recipe], dataset="coded", protocol="toy_loso", floors=False, jobs=1, plugins=plugins,
        out=tmp_path / "runs",
    ), plugins  # fmt: skip


def test_choices_are_counted_over_folds_and_shown_everywhere(results, capsys):
    results, plugins = results
    about = {"model": "recipe1", "of": 4}
    expected = [
        {**about, "choice": "classifier.coded", "value": "8", "folds": 3},
        {**about, "choice": "classifier.coded", "value": "12", "folds": 1},
        {**about, "choice": "classifier.units", "value": "[4, 7, 12]", "folds": 4},
    ]
    assert sentences.to_json(results)["choices"] == expected
    terminal.print_results(results)
    shown = capsys.readouterr().out
    assert "chosen in each fold, on its training clips" in shown
    assert any(line.split() == ["recipe1", "classifier.coded", "8", "3", "of", "4"]
               for line in shown.splitlines())  # fmt: skip
    page = render_page(results, plugins)
    assert "<td>classifier.units</td><td>[4, 7, 12]</td><td>4 of 4</td>" in page


def test_other_action_units_are_another_run(results, tmp_path):
    identity = results[0].runs[0].identity
    plugins = results[1]
    plain = mertk.bench(
        ["toy_model"], dataset="toy", protocol="toy_loso", floors=False, jobs=1, plugins=plugins,
        out=tmp_path / "runs",
    )  # fmt: skip
    assert len(identity["aus"]) == 64
    assert "aus" not in plain.runs[0].identity
