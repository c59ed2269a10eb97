"""Both support vector machines agree with scikit-learn and bear odd folds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from mertk import ComponentError, TrainingSet
from mertk_plugins.classifiers import linear_svm
from mertk_plugins.classifiers.linear_svm import LinearSVM, least_squared_hinge
from mertk_plugins.classifiers.ridge import Ridge
from mertk_plugins.classifiers.svm import SVM

CLASSES = ("negative", "positive", "surprise")
MACHINES = [
    pytest.param(LinearSVM(C=1, balanced=False), LinearSVC(dual=False), id="linear_svm"),
    pytest.param(
        LinearSVM(scale=True, balanced=True, C=3),
        make_pipeline(StandardScaler(), LinearSVC(dual=False, C=3, class_weight="balanced")),
        id="linear_svm scaled",
    ),
    pytest.param(SVM(C=1, balanced=False), SVC(), id="rbf"),
    pytest.param(
        SVM(kernel="poly", degree=2, C=3),
        SVC(kernel="poly", degree=2, C=3, class_weight="balanced"),
        id="poly",
    ),
    pytest.param(
        SVM(kernel="linear", C=0.1, balanced=False), SVC(kernel="linear", C=0.1), id="linear"
    ),
]


def train(labels, features: int = 12, seed: int = 0, spread: float = 1.0) -> TrainingSet:
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels)
    rows = rng.normal(size=(len(labels), features)) + spread * labels[:, None]
    return TrainingSet(
        inputs=[{"features": row[None].astype(np.float32)} for row in rows],
        labels=labels,
        people=np.array([f"p/{i % 5}" for i in range(len(labels))]),
        classes=CLASSES,
    )


def fitted(machine, part: TrainingSet):
    machine.fit(part, np.random.default_rng(0))
    return machine


def rows(part: TrainingSet) -> np.ndarray:
    return np.stack([streams["features"].ravel() for streams in part.inputs])


@pytest.mark.parametrize("labels", [[0, 1, 2] * 20, [0, 2] * 30, [1, 2, 2] * 20])
@pytest.mark.parametrize(("machine", "reference"), MACHINES)
def test_the_most_probable_class_is_what_scikit_learn_predicts(machine, reference, labels):
    part, unseen = train(labels), train(labels, seed=1)
    fitted(machine, part)
    found = [machine.predict(streams).argmax() for streams in unseen.inputs]
    assert found == reference.fit(rows(part), part.labels).predict(rows(unseen)).tolist()
    assert len(set(found)) > 1


@pytest.mark.parametrize("labels", [[0, 1, 2] * 20, [0, 2] * 30, [1, 2, 2] * 20, [0, 1, 1, 2] * 9])
@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("features", [6, 100])
def test_the_linear_machine_is_scikit_learns_at_its_minimum(labels, balanced, features):
    part, unseen = (train(labels, features, seed=seed, spread=0.3) for seed in (0, 1))
    weight = "balanced" if balanced else None
    exact = LinearSVC(dual=False, C=0.2, class_weight=weight, tol=1e-11, max_iter=10**6)
    margins = exact.fit(rows(part), part.labels).decision_function(rows(unseen))
    if margins.ndim == 1:
        margins = np.stack([0 * margins, margins], axis=1)
    expected = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    machine = fitted(LinearSVM(C=0.2, balanced=balanced), part)
    found = np.stack([machine.predict(streams) for streams in unseen.inputs])
    np.testing.assert_allclose(found[:, np.unique(labels)], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("machine", [LinearSVM(), SVM()])
def test_a_class_missing_in_training_has_probability_0(machine):
    fitted(machine, train([0, 2] * 10))
    found = machine.predict(train([1]).inputs[0])
    assert found.shape == (3,)
    assert found[1] == 0
    assert abs(found.sum() - 1) < 1e-12


@pytest.mark.parametrize("machine", [LinearSVM(scale=True), SVM()])
def test_training_with_a_single_class_predicts_it(machine):
    fitted(machine, train([1] * 6))
    assert machine.predict(train([0]).inputs[0]).tolist() == [0, 1, 0]


@pytest.mark.parametrize("machine", [LinearSVM(), SVM()])
def test_two_fits_agree_whatever_the_chances(machine):
    part = train([0, 1, 2] * 10)
    machine.fit(part, np.random.default_rng(1))
    first = machine.predict(part.inputs[0])
    machine.fit(part, np.random.default_rng(2))
    np.testing.assert_array_equal(machine.predict(part.inputs[0]), first)


def gap(values, signs, costs, dual) -> float:
    """How far at most above the minimum, as a share of it, by the dual problem."""
    assert (dual * signs >= 0).all()
    weights = values.T @ dual
    reached = weights @ weights / 2 + costs @ np.maximum(0, 1 - signs * (values @ weights)) ** 2
    bound = dual @ signs - weights @ weights / 2 - (dual**2 / (4 * costs)).sum()
    return (reached - bound) / reached


def problem(count: int, features: int, scale: str, repeated: bool):
    """Rows, their inner products, and signs that have little to do with them."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(count, features))
    if scale == "histograms":
        values = np.abs(values) / np.abs(values).sum(axis=1, keepdims=True)
    elif scale == "uneven":
        values = values * np.logspace(-3, 3, features)
    if repeated:
        values = values[rng.integers(0, count // 2, count)]
    values = np.column_stack([values, np.ones(count)])
    return values, values @ values.T, np.where(rng.random(count) < 0.3, 1.0, -1.0)


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("scale", ["even", "histograms", "uneven"])
@pytest.mark.parametrize("features", [5, 50, 400])
@pytest.mark.parametrize("cost", [0.01, 1.0, 10_000.0])
def test_the_minimum_is_reached_also_where_others_stop_early(cost, features, scale, repeated):
    values, products, signs = problem(80, features, scale, repeated)
    costs = np.full(80, cost)
    dual = least_squared_hinge(products, signs, costs, values if features < 80 else None)
    assert abs(gap(values, signs, costs, dual)) < 1e-6


@pytest.mark.parametrize("cost", [0.01, 1.0, 10_000.0])
def test_where_steps_go_in_a_circle_another_way_finds_the_same_minimum(cost, monkeypatch):
    values, products, signs = problem(80, 100, "even", repeated=False)
    costs = cost * np.linspace(1, 2, 80)
    expected = least_squared_hinge(products, signs, costs)
    monkeypatch.setattr(linear_svm, "_STEPS", 0)
    found = least_squared_hinge(products, signs, costs)
    np.testing.assert_allclose(values.T @ found, values.T @ expected, rtol=0, atol=1e-9)
    assert abs(gap(values, signs, costs, found)) < 1e-9


@pytest.mark.parametrize("machine", [LinearSVM(C=10_000.0), Ridge(alpha=1e-9)])
def test_features_that_are_far_too_large_are_refused(machine):
    part = train([0, 1, 2] * 20, features=100)
    for at, streams in enumerate(part.inputs):
        streams["features"] = 1e7 * part.inputs[at % 7]["features"]
    with pytest.raises(ComponentError, match="values are so large .* scale them"):
        machine.fit(part, np.random.default_rng(0))


@pytest.mark.parametrize("machine", [LinearSVM(), SVM()])
def test_a_recipe_without_features_is_refused(machine):
    part = TrainingSet(
        inputs=[{}, {}], labels=np.array([0, 1]), people=np.array(["a", "b"]), classes=CLASSES
    )
    with pytest.raises(ComponentError, match="give the recipe an extractor"):
        machine.fit(part, np.random.default_rng(0))


@pytest.mark.parametrize("machine", [LinearSVM, SVM])
@pytest.mark.parametrize("cost", [0, "automatic"])
def test_a_cost_that_is_none_is_refused(machine, cost):
    with pytest.raises(ValueError, match="above 0"):
        machine(C=cost)


def several(count: int = 40, seed: int = 0) -> TrainingSet:
    """Labels: one that shows, one that no clip has, one that all have."""
    part = train(np.arange(count) % 2, seed=seed)
    columns = [part.labels, 0 * part.labels, 0 * part.labels + 1]
    return replace(part, labels=np.stack(columns, axis=1))


@pytest.mark.parametrize(("machine", "reference"), MACHINES)
def test_each_label_has_a_machine_of_its_own(machine, reference):
    part, unseen = several(), several(seed=1)
    fitted(machine, part)
    found = np.stack([machine.predict(streams) for streams in unseen.inputs])
    expected = reference.fit(rows(part), part.labels[:, 0]).predict(rows(unseen))
    assert (found[:, 0] >= 0.5).tolist() == (expected == 1).tolist()
    assert 0 < expected.mean() < 1
    assert not found[:, 1].any()
    assert (found[:, 2] == 1).all()


@pytest.mark.parametrize("machine", [LinearSVM(), SVM()])
def test_a_fit_on_labels_of_one_kind_forgets_the_other(machine):
    fitted(machine, several())
    fitted(machine, train([0, 1, 2] * 10))
    assert machine.predict(train([1]).inputs[0]).sum() == pytest.approx(1)
