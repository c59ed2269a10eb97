"""The clips of a data set and the features of a clip, in one line of Python each."""

from pathlib import Path

import numpy as np
import pytest

import mertk

TOYS = Path(__file__).parents[1] / "toys.py"


def test_the_features_of_a_clip_are_those_of_its_extractor():
    plugins = mertk.load_plugins([TOYS])
    clip = mertk.load_dataset("toy", plugins=plugins)[0]
    recipe = plugins.registry.recipe("toy_model")
    found = mertk.extract(clip, "toy_model", plugins=plugins)
    assert list(found) == list(recipe.extractors)
    again = mertk.extract(clip, recipe, plugins=plugins)
    for name, array in found.items():
        np.testing.assert_array_equal(again[name], array)


def test_a_model_without_features_of_a_clip_is_refused():
    clip = mertk.load_dataset("synthetic:subjects=2")[0]
    with pytest.raises(mertk.ParameterError, match="no features before classifier"):
        mertk.extract(clip, "majority")


def test_a_string_is_one_model(tmp_path):
    plugins = mertk.load_plugins([TOYS])
    results = mertk.bench(
        "toy_model", dataset="toy", out=tmp_path, jobs=1, floors=False, plugins=plugins
    )
    assert list(results.table()["model"]) == ["toy_model"]
