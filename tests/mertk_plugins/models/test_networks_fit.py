"""Every network learns clips whose motion nobody can overlook: one that does not is trained wrongly.

Networks are the models with a component that needs torch. Held-out people are not looked at: the
test is of training alone, so it holds for random weights too.
"""

import functools

import numpy as np
import pytest

import mertk
from mertk.pipeline.sklearn import RecipeClassifier
from mertk.report import reference_pages

REGISTRY = mertk.load_plugins().registry
MOTION = 8
LEAST = 0.7


def list_networks():
    for entry in REGISTRY:
        if entry.kind == "model":
            recipe = entry.presets.get("quick", entry.target)
            if "torch" in reference_pages.list_model_needs(recipe, REGISTRY):
                yield pytest.param(recipe, id=entry.name)


@functools.cache
def list_clips():
    use = mertk.Use("synthetic", subjects=10, clips=3, amplitude=MOTION)
    return REGISTRY.build("dataset", use).index(None)


def test_there_are_networks_to_test():
    assert {"icegan", "me_capsule", "frozen_cnn", "slstt"} <= {p.id for p in list_networks()}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", list(list_networks()))
def test_quick_fits_30_clips_of_8_px(recipe, tmp_path):
    if any(use.name == "videomae" for use in recipe.extractors.values()):
        pytest.importorskip("transformers")
    clips = list_clips()
    labels = np.array([clip.record["label"] for clip in clips])
    fitted = RecipeClassifier(recipe, cache=tmp_path, random_state=0).fit(clips, labels)
    assert np.mean(fitted.predict(clips) == labels) >= LEAST
