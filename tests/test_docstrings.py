"""The examples in docstrings give what they show."""

from __future__ import annotations

import doctest
import importlib
import os
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import mertk

ROOT = Path(mertk.__file__).parent
WITH_EXAMPLES = [
    ".".join(["mertk", *file.relative_to(ROOT).with_suffix("").parts])
    for file in sorted(ROOT.rglob("*.py"))
    if ">>> " in file.read_text(encoding="utf-8")
]
MOST_USED = [
    "bench",
    "load_dataset",
    "extract",
    "Results",
    "Results.load",
    "Results.predictions",
    "Results.confusion",
    "Results.comparisons",
    "Results.plot",
    "Run",
    "Recipe",
    "Recipe.set",
    "Recipe.swap",
    "Use",
    "Frames",
    "Footage",
    "Faces",
    "Regions",
    "Clip",
    "TrainingSet",
    "flatten",
    "design_matrix",
    "leave_one_subject_out",
    "Spot",
    "load_plugins",
    "Registry",
    "Registry.build",
    "Registry.recipe",
    "metrics.uf1",
    "metrics.uar",
    "metrics.get_scorer",
    "plots.plot_forest",
    "plots.plot_confusion",
    "plots.plot_calibration",
    "plots.plot_subjects",
    "plots.plot_flow",
    "plots.plot_regions",
    "plots.plot_frames",
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two models on nine clips, below `runs` in the current folder."""
    folder = tmp_path_factory.mktemp("examples")
    before = Path.cwd()
    os.chdir(folder)
    mpl.use("agg")
    data = "synthetic:subjects=4,clips=3,amplitude=6"  # the run of the example of `mertk.bench`
    yield mertk.bench(["flow_ridge", "hoof_ridge"], dataset=data, floors=False, jobs=1)
    os.chdir(before)
    from matplotlib import pyplot as plt

    plt.close("all")


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_of_a_module_are_right(module, results):
    known = {"mertk": mertk, "np": np, "results": results}
    found = doctest.testmod(importlib.import_module(module), extraglobs=known)
    assert found.attempted
    assert found.failed == 0


@pytest.mark.parametrize("name", MOST_USED)
def test_the_most_used_names_have_an_example(name):
    found = mertk
    for part in name.split("."):
        found = getattr(found, part)
    assert ">>> " in found.__doc__
