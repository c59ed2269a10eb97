"""The classic recipes, built from the registry."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import Faces, Frames, load_plugins

MODELS = {"lbptop": ("casme2", "meb", "megc2019"), "biwoof": ("paper",), "flow_svm": ()}


def faces() -> Faces:
    clip = np.random.default_rng(0).integers(0, 256, (14, 120, 100, 3), np.uint8)
    return Faces(frames=Frames.of(clip), onset=1, apex=6, offset=12)


def length(name: str, preset: str | None = None) -> int:
    """How many numbers a clip gets."""
    registry = load_plugins().registry
    recipe = registry.recipe(name, preset)
    regions = registry.build("roi", recipe.roi).locate(faces())
    return registry.build("extractor", recipe.extractor).extract(faces(), regions).size


@pytest.mark.parametrize(
    ("name", "preset", "numbers"),
    [
        ("lbptop", None, 1200),
        ("lbptop", "megc2019", 1200),
        ("lbptop", "casme2", 1200),
        ("lbptop", "meb", 11328),
        ("biwoof", None, 200),
        ("flow_svm", None, 3072),
    ],
)
def test_a_clip_gets_the_published_number_of_features(name, preset, numbers):
    assert length(name, preset) == numbers


@pytest.mark.parametrize("name", MODELS)
def test_every_component_of_every_preset_can_be_built(name):
    registry = load_plugins().registry
    assert tuple(sorted(registry.get("model", name).presets)) == MODELS[name]
    for preset in (None, *MODELS[name]):
        for place, use in registry.recipe(name, preset).places().items():
            registry.build(place.partition(".")[0], use)


@pytest.mark.parametrize("name", ["majority", "prior"])
def test_the_floors_look_at_no_pixel(name):
    recipe = load_plugins().registry.recipe(name)
    assert not recipe.extractors
    assert not recipe.fusion
    assert recipe.classifier.name == name
