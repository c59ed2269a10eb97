"""wpca and nmp: blocks that learn from the training clips."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from mertk import ComponentError, TrainingSet
from mertk_plugins.fusion.nmp import NMP
from mertk_plugins.fusion.wpca import WPCA


def train(inputs, labels=None) -> TrainingSet:
    count = len(inputs)
    return TrainingSet(
        inputs=inputs,
        labels=np.zeros(count, np.int64) if labels is None else labels,
        people=np.array([f"p/{i}" for i in range(count)]),
        classes=("a", "b"),
    )


def fitted(block, inputs, labels=None, seed=0):
    block.fit(train(inputs, labels), np.random.default_rng(seed))
    return block


def rows(count: int, *shape: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    scale = np.arange(1, np.prod(shape) + 1).reshape(shape)
    return [{"x": (3 + scale * rng.normal(size=shape)).astype(np.float32)} for _ in range(count)]


def projected(block, inputs) -> np.ndarray:
    return np.concatenate([block.fuse(streams)["features"] for streams in inputs])


@pytest.mark.parametrize(("count", "shape"), [(40, (3, 4)), (7, (5, 6))])
def test_the_components_of_the_training_clips_are_white(count, shape):
    inputs = rows(count, *shape)
    found = projected(fitted(WPCA(), inputs), inputs)
    assert found.shape == (count, min(count - 1, 12 if shape == (3, 4) else 30))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(found.T), np.eye(found.shape[1]), atol=1e-4)


def test_the_components_are_those_of_scikit_learn():
    inputs = rows(20, 3, 4)
    plain = np.stack([streams["x"].ravel() for streams in inputs]).astype(np.float64)
    expected = PCA(n_components=5, whiten=True, svd_solver="full").fit(plain).transform(plain)
    found = projected(fitted(WPCA(components=5), inputs), inputs)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_repeated_clips_add_no_component():
    inputs = rows(4, 3, 4) * 3
    found = projected(fitted(WPCA(), inputs), inputs)
    assert found.shape == (12, 3)
    assert np.abs(found).max() < 10


def test_a_test_clip_has_no_part_in_the_components():
    block = fitted(WPCA(), rows(9, 3, 4))
    before = projected(block, rows(2, 3, 4, seed=1))
    block.fuse({"x": np.full((3, 4), 1e6, np.float32)})
    np.testing.assert_array_equal(projected(block, rows(2, 3, 4, seed=1)), before)


def test_wpca_takes_all_streams_as_one_vector():
    inputs = [{"b": s["x"], "a": s["x"][:1] ** 2} for s in rows(6, 3, 4)]
    assert projected(fitted(WPCA(), inputs), inputs).shape == (6, 5)


def test_wpca_says_what_is_wrong():
    with pytest.raises(ComponentError, match="the 3 training clips do not differ"):
        fitted(WPCA(), rows(1, 3, 4) * 3)
    with pytest.raises(ComponentError, match="the 1 training clips do not differ"):
        fitted(WPCA(), rows(1, 3, 4))
    with pytest.raises(ComponentError, match="vectors of 12 numbers; this clip has 8"):
        fitted(WPCA(), rows(5, 3, 4)).fuse({"x": np.zeros((2, 4), np.float32)})
    with pytest.raises(ValueError, match="components=-1"):
        WPCA(components=-1)


def informative(count: int = 60, seed: int = 0):
    """Six regions in two streams; regions 1 and 4 tell the classes apart, each in one stream."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    inputs = []
    for label in labels:
        first, second = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
        first[1] += 3 * label
        second[4] -= 3 * label
        inputs.append({"hoof": second.astype(np.float32), "lbp": first.astype(np.float32)})
    return inputs, labels


def test_regions_that_tell_classes_apart_are_kept_in_every_stream():
    inputs, labels = informative()
    for block in (NMP(trees=40), NMP(patches=2, trees=40)):
        found = fitted(block, inputs, labels).fuse(inputs[0])
        for name, array in found.items():
            np.testing.assert_array_equal(array, inputs[0][name][[1, 4]])


def test_the_selection_is_that_of_the_training_labels():
    inputs, labels = informative()
    other = np.array([int(streams["lbp"][2, 0] > 0) for streams in inputs])
    assert fitted(NMP(patches=1, trees=40), inputs, other)._kept.tolist() == [2]
    assert fitted(NMP(patches=1, trees=40), inputs, labels)._kept.tolist() != [2]


def test_the_same_chance_gives_the_same_selection():
    inputs, labels = informative(count=12, seed=3)
    kept = [
        fitted(NMP(patches=3, trees=40), inputs, labels, seed)._kept.tolist() for seed in (5, 5, 6)
    ]
    assert kept[0] == kept[1]


def test_classes_that_are_not_exclusive_and_a_single_class_can_be_learnt():
    inputs, labels = informative()
    both = np.stack([labels, 1 - labels], axis=1)
    assert fitted(NMP(patches=2, trees=40), inputs, both)._kept.tolist() == [1, 4]
    assert len(fitted(NMP(patches=2, trees=40), inputs)._kept) == 2
    assert len(fitted(NMP(trees=40), inputs)._kept) >= 1


def test_nmp_says_what_is_wrong():
    inputs, labels = informative(count=8)
    with pytest.raises(ComponentError, match="patches=7, but there are 6 regions"):
        fitted(NMP(patches=7, trees=9), inputs, labels)
    odd = [{**streams, "lbp": streams["lbp"][:5]} for streams in inputs]
    with pytest.raises(ComponentError, match="'hoof' 6, 'lbp' 5"):
        fitted(NMP(trees=40), odd, labels)
    uneven = [{"x": np.zeros((2, n, 3), np.float32)} for n in range(1, 9)]
    with pytest.raises(ComponentError, match="pad_time"):
        fitted(NMP(trees=40), uneven, labels)
    for params in ({"patches": -1}, {"trees": 0}):
        with pytest.raises(ValueError, match=next(iter(params))):
            NMP(**params)
