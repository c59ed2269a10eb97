"""The classic recipes, built from the registry."""

from __future__ import annotations

import numpy as np
import pytest

from mertk import Faces, Frames, load_plugins

HOGS = 64 * 3 * 8

MODELS = {
    "lbptop": ("casme2", "hellinger", "meb", "megc2019"),
    "biwoof": ("code", "paper"),
    "flow_svm": (),
    "flow_ridge": (),
    "lbpsip": ("hellinger", "joint", "paper", "pyramid", "quick"),
    "elbptop": ("default", "hellinger"),
    "hog3": ("facs12_unverified", "higo_top", "hog_top", "two_spans"),
    "hoof": ("chaudhry", "paper", "quick"),
    "fhofo": ("default", "quick"),
    "mdmo": ("default", "meb"),
    "morf": ("paper", "quick"),
    "nmp": ("default",),
}


def faces() -> Faces:
    clip = np.random.default_rng(0).integers(0, 256, (14, 140, 130, 3), np.uint8)
    marks = np.random.default_rng(1).uniform(10, 90, (68, 2)).astype(np.float32)
    return Faces(frames=Frames.of(clip), onset=1, apex=6, offset=12, landmarks=marks)


def length(name: str, preset: str | None = None) -> int:
    """How many numbers a clip gets."""
    registry = load_plugins().registry
    recipe = registry.recipe(name, preset)
    regions = registry.build("roi", recipe.roi).locate(faces())
    extractors = [registry.build("extractor", use) for use in recipe.extractors.values()]
    return sum(extractor.extract(faces(), regions).size for extractor in extractors)


@pytest.mark.parametrize(
    ("name", "preset", "numbers"),
    [
        ("lbptop", None, 1200),
        ("lbptop", "megc2019", 1200),
        ("lbptop", "casme2", 1200),
        ("lbptop", "meb", 11328),
        ("biwoof", None, 200),
        ("flow_svm", None, 3072),
        ("lbpsip", None, 500),
        ("lbpsip", "paper", 500),
        ("lbpsip", "joint", 1600),
        ("lbpsip", "pyramid", 1000),
        ("elbptop", None, 25 * 9 * 59),
        ("hog3", None, 2 * HOGS),
        ("hog3", "hog_top", HOGS),
        ("hog3", "higo_top", HOGS),
        ("hog3", "facs12_unverified", HOGS * 12 // 64),
        ("hoof", None, 200),
        ("hoof", "chaudhry", 30),
        ("fhofo", None, 200),
        ("mdmo", None, 72),
        ("morf", None, 9 * 7 * 3 * 8),
        ("nmp", None, 64 * (48 + 8)),
        ("flow_ridge", None, 3072),
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


def test_the_blocks_of_meb_lie_in_at_most_two_rows_and_columns():
    """Blocks of about 21 pixels, 9 of them shared with the next, in a picture of 112."""
    registry = load_plugins().registry
    frames = Frames.of(np.zeros((2, 112, 112, 3), np.uint8))
    picture = Faces(frames=frames, onset=0, offset=1)
    boxes = registry.build("roi", registry.recipe("lbptop", "meb").roi).locate(picture).boxes[:8]
    widths, shared = boxes[:, 2] - boxes[:, 0], boxes[:-1, 2] - boxes[1:, 0]
    assert set(widths) <= {21, 22, 23}
    assert set(shared) <= {9, 10}
    assert (boxes[2:, 0] >= boxes[:-2, 2]).all()
