"""A graph network over landmarks and action units."""

import numpy as np
import pytest
import torch

import mertk
from mertk.pipeline.sklearn import RecipeClassifier
from mertk_plugins.classifiers._feature_graph_net import order_by_node
from mertk_plugins.classifiers.feature_graph import FeatureGraphNetwork

CLASSES = ("negative", "positive", "surprise")
SHAPES = {"au": (1, 4, 17), "pose": (1, 6), "points": (1, 3, 5, 2)}


def clips(labels, shapes=SHAPES):
    """Clips in which a node of each stream tells the class."""
    rng = np.random.default_rng(0)
    inputs = []
    for label in labels:
        streams = {name: 0.3 * rng.random(shape, np.float32) for name, shape in shapes.items()}
        streams["au"][..., label] += 1
        inputs.append(streams)
    people = np.array([f"p/{at}" for at in range(len(labels))])
    return mertk.TrainingSet(
        inputs=inputs, labels=np.asarray(labels), people=people, classes=CLASSES
    )


def test_it_has_the_weights_that_follow_from_its_layers():
    net = FeatureGraphNetwork(width=16, layers=1).network({"x": (1, 4, 68, 2)}, 3)
    embed, places, head = 8 * 16 + 16, 68 * 16, 68 * 16 * 3 + 3
    layer = 68 * 68 + 2 * 16 + (16 * 16 + 16) + 16 * 16
    assert sum(p.numel() for p in net.parameters()) == embed + places + layer + head == 9_683


def test_ten_clips_are_learnt_by_heart():
    train = clips(np.arange(10) % 3)
    model = FeatureGraphNetwork(epochs=60, lr=1e-2)
    model.fit(train, np.random.default_rng(0))
    assert [model.predict(x).argmax() for x in train.inputs] == list(train.labels)


def test_gradients_reach_every_weight():
    torch.manual_seed(0)
    net = FeatureGraphNetwork(dropout=0.0).network(SHAPES, 3)
    train = clips(np.arange(6) % 3)
    batch = {n: torch.from_numpy(np.stack([x[n] for x in train.inputs])) for n in SHAPES}
    net(batch).square().sum().backward()
    assert [name for name, p in net.named_parameters() if not p.grad.abs().sum() > 0] == []


def test_nodes_are_the_features_and_their_values_everything_else():
    stream = torch.arange(2 * 1 * 3 * 5 * 2).reshape(2, 1, 3, 5, 2)
    found = order_by_node(stream)
    assert found.shape == (2, 5, 6)
    assert found[1, 4].tolist() == stream[1, 0, :, 4].flatten().tolist()
    assert order_by_node(torch.zeros(2, 1, 6)).shape == (2, 6, 1)


def test_pictures_are_refused_by_name():
    with pytest.raises(mertk.ComponentError, match=r"landmark_motion.*x \[1, 2, 3, 28, 28\]"):
        FeatureGraphNetwork().network({"x": (1, 2, 3, 28, 28)}, 3)


def test_action_units_of_a_table_of_openface_are_learnt(tmp_path):
    """The preset features, from an index with the tables of OpenFace, and without any frame."""
    rng = np.random.default_rng(0)
    rows = ["clip,subject,label,features"]
    for at in range(24):
        label = at % 2
        table = ["frame, AU04_r, AU12_r, AU25_r"]
        for frame in range(1, 9):
            four, twelve = (0.2, 1.5) if label else (1.5, 0.2)
            values = np.array([four, twelve, 0.3]) + 0.1 * rng.random(3)
            table.append(f"{frame}, " + ", ".join(f"{value:.3f}" for value in values))
        (tmp_path / f"{at}.csv").write_text("\n".join(table), encoding="utf-8")
        rows.append(f"{at},s{at % 6},{'positive' if label else 'negative'},{at}.csv")
    (tmp_path / "index.csv").write_text("\n".join(rows), encoding="utf-8")
    registry = mertk.load_plugins().registry
    found = registry.build("dataset", mertk.Use("folder")).index(tmp_path)
    labels = np.array([clip.record["label"] for clip in found])
    recipe = registry.get("model", "feature_graph").presets["features"]
    fitted = RecipeClassifier(recipe, cache=tmp_path / "cache", random_state=0).fit(
        found[:16], labels[:16]
    )
    assert list(fitted.predict(found[16:])) == list(labels[16:])
