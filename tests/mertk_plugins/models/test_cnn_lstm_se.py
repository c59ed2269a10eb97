"""The reference model and STSTNet as recipes, on the real line of steps."""

import numpy as np
import pytest

import mertk
from mertk.pipeline.pipeline import build_pipeline

PRESETS = [
    *[("cnn_lstm_se", preset) for preset in (None, "paper", "code", "quick", "motion")],
    *[("cnn_lstm", preset) for preset in (None, "paper", "quick", "motion")],
    *[("ststnet", preset) for preset in (None, "paper", "quick")],
]


@pytest.fixture(scope="module")
def registry():
    return mertk.load_plugins().registry


@pytest.mark.parametrize(("model", "preset"), PRESETS)
def test_every_preset_can_be_built(registry, model, preset):
    line = build_pipeline(registry, registry.recipe(model, preset))
    assert line.classifier.kind == "classifier"


def test_the_patch_networks_are_the_frontier_and_the_lstm_is_trained_with_the_head(registry):
    line = build_pipeline(registry, registry.recipe("cnn_lstm_se", "quick"))
    assert [step.kind for step in line.prefix] == ["aligner", "roi", "extractor"]
    assert line.inside[0].place == "fusion.0"
    assert len(line.blocks) == 1


def weights(model, registry, preset, classes=3, frames=2):
    """Learnable weights per part after a fit on tiny clips."""
    recipe = registry.recipe(model, preset)
    recipe = recipe.set("extractor.patch_size", [8, 8]).set("extractor.frames", frames)
    recipe = recipe.set("fusion.0.epochs", 1).set("fusion.2.length", 4).set("classifier.epochs", 1)
    line = build_pipeline(registry, recipe)
    rng = np.random.default_rng(0)
    labels = np.arange(6) % classes
    people = np.array([f"p/{at}" for at in range(6)])
    pixels = [mertk.Frames.of(rng.integers(0, 256, (3, 280, 240, 3), np.uint8)) for _ in labels]
    faces = [mertk.Faces(frames=p, onset=0, offset=2) for p in pixels]
    roi = registry.build("roi", recipe.roi)
    extractor = registry.build("extractor", recipe.extractor)
    inputs = [extractor.extract(face, roi.locate(face)) for face in faces]
    task = ("negative", "positive", "surprise")[:classes]
    for step in line.inside[:-1]:
        if step.joint:
            continue
        if step.learns:
            train = mertk.TrainingSet(inputs=inputs, labels=labels, people=people, classes=task)
            step.component.fit(train, rng)
        inputs = [step.component.fuse(given) for given in inputs]
        if step.place == "fusion.0":
            sizes = [_size(net) for net in step.component.nets.values()]
    train = mertk.TrainingSet(inputs=inputs, labels=labels, people=people, classes=task)
    classifier = line.classifier.component
    classifier.fit(train, rng, through=line.blocks)
    found = classifier.predict(inputs[0])
    assert found.sum() == pytest.approx(1)
    return sizes, _size(classifier._trained), classifier.explain(inputs[0])


def _size(trained):
    return sum(p.numel() for p in trained.module.parameters() if p.requires_grad)


def test_the_paper_preset_has_the_papers_weights(registry):
    spatial, temporal, shown = weights("cnn_lstm_se", registry, "paper")
    assert spatial == [2_167_202 + 257 * k for k in (3, 3, 2, 2, 2, 3)]
    assert temporal == 666_595
    assert shown["region_weights"].shape == (6,)


def test_the_code_preset_has_the_codes_weights(registry):
    spatial, temporal, _ = weights("cnn_lstm_se", registry, "code")
    assert spatial == [1_277_012 + 257 * k for k in (3, 3, 2, 2, 2, 3)]
    assert temporal == 666_595


@pytest.mark.parametrize("preset", ["quick", "motion"])
def test_a_smaller_preset_has_the_same_networks_as_the_paper(registry, preset):
    paper = weights("cnn_lstm_se", registry, "paper")[:2]
    assert weights("cnn_lstm_se", registry, preset)[:2] == paper


def test_without_gates_there_is_nothing_to_show(registry):
    _, temporal, shown = weights("cnn_lstm", registry, "quick")
    assert temporal == 666_595 - 74_208
    assert shown == {}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("extractor.patches", 4),
        ("extractor.patches", 16),
        ("fusion.0.se", "none"),
        ("fusion.0.region_labels", "none"),
        ("extractor.input", "difference"),
        ("fusion.3.gate", "regions"),
    ],
)
def test_the_papers_ablations_are_parameters(registry, path, value):
    build_pipeline(registry, registry.recipe("cnn_lstm_se").set(path, value))
