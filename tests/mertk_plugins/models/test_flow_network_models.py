"""The models that are a network over a flow picture: their presets fit together, their cards say what is known."""

import numpy as np
import pytest
import torch

from mertk import Faces, Frames, load_plugins
from mertk.report.literature import LEAKS

REGISTRY = load_plugins().registry
WEIGHTS = {
    "ststnet": 1_683,
    "sssnet": 1_349_251,
    "offapexnet": 2_664_475,
    "dual_inception": 6_449_963,
    "rcn": 55_747,
    "timm_flow": 11_178_051,
    "emr": 11_242_953,
}
CARDS = {
    "ststnet": "L0", "sssnet": "L0", "offapexnet": "L?", "dual_inception": "L0?", "rcn": "L0",
    "timm_flow": "L0", "emr": "L1", "cnn_lstm": "L?", "cnn_lstm_se": "L3",
}  # fmt: skip


def faces():
    clip = np.random.default_rng(0).integers(0, 256, (6, 60, 60, 3), np.uint8)
    return Faces(frames=Frames.of(clip), onset=1, apex=3, offset=5)


def network(recipe):
    """What a recipe's network weighs and answers, of the picture that its extractor gives."""
    regions = REGISTRY.build("roi", recipe.roi).locate(faces())
    picture = REGISTRY.build("extractor", recipe.extractor).extract(faces(), regions)
    shape = {"features": picture.shape}
    with torch.device("meta"):  # shapes alone
        net = REGISTRY.build("classifier", recipe.classifier).network(shape, 3).eval()
        found = net({"features": torch.zeros(1, *picture.shape)})
    return sum(p.numel() for p in net.parameters()), tuple(found.shape)


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_papers_preset_gives_the_network_its_published_picture(name):
    full = "unverified" if name == "offapexnet" else "paper"
    recipe = REGISTRY.recipe(name, full).set("extractor.method", "farneback")
    if "pretrained" in recipe.classifier.params:
        recipe = recipe.set("classifier.pretrained", False)
    assert network(recipe) == (WEIGHTS[name], (1, 3))


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_quick_preset_is_the_default_and_asks_for_no_download(name):
    recipe = REGISTRY.recipe(name, "quick")
    assert recipe == REGISTRY.recipe(name)
    assert not recipe.classifier.params.get("pretrained", False)
    assert network(recipe)[1] == (1, 3)


@pytest.mark.parametrize("name", CARDS)
def test_a_card_says_what_is_known_of_the_original(name):
    card = REGISTRY.get("model", name).card
    assert card.leak == CARDS[name]
    assert set(card.leak.split("+")) <= set(LEAKS)
    assert card.original
    assert card.differs
    assert card.unverified


def test_emrs_code_preset_makes_the_published_colours_and_nothing_else():
    paper, code = (REGISTRY.recipe("emr", preset) for preset in ("paper", "code"))
    assert code == paper.set("extractor.hsv_scaling", "as_published")


@pytest.mark.parametrize("name", ["sssnet", "timm_flow"])
def test_mebs_networks_are_shown_and_trained_as_in_mebs_notebook(name):
    recipe = REGISTRY.recipe(name, "paper")
    assert recipe.extractor.params["normalise"] == "minmax"
    schedule = REGISTRY.build("classifier", recipe.classifier).schedule
    assert (schedule.optimizer, schedule.lr, schedule.momentum) == ("sgd", 0.01, 0.9)
    assert (schedule.weight_decay, schedule.epochs, schedule.batch) == (1e-3, 200, 128)
    assert "loses the size" in " ".join(REGISTRY.get("model", name).card.original)
