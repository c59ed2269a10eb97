"""Ridge regression agrees with scikit-learn's and bears odd folds."""

from __future__ import annotations

import numpy as np
import pytest
from parts import asked, fitted, part_of, rows_of
from sklearn.linear_model import Ridge as Reference
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mertk_plugins.classifiers.ridge import Ridge

LABELS = {"three": np.arange(60) % 3, "two": 1 + np.arange(60) % 2, "skewed": [0] * 40 + [1, 2] * 8}
EVERY_LABELS = pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


@EVERY_LABELS
@pytest.mark.parametrize("features", [4, 300])
@pytest.mark.parametrize("alpha", [0.01, 50.0])
def test_probabilities_are_the_softmax_of_scikit_learns_scores(labels, features, alpha):
    part, unseen = (part_of(labels, features=features, seed=seed) for seed in (0, 1))
    present = np.unique(part.labels)
    targets = np.where(part.labels[:, None] == present, 1.0, -1.0)
    reference = Reference(alpha=alpha).fit(rows_of(part), targets)
    found = asked(fitted(Ridge(alpha=alpha, balanced=False), part), unseen)
    expected = softmax(reference.predict(rows_of(unseen)))
    np.testing.assert_allclose(found[:, present], expected, rtol=0, atol=1e-8)
    assert found[:, present].sum(axis=1) == pytest.approx(1)


@EVERY_LABELS
@pytest.mark.parametrize("options", [{}, {"scale": True}, {"balanced": True, "alpha": 9.0}])
def test_the_most_probable_class_is_what_scikit_learn_predicts(labels, options):
    part, unseen = (part_of(labels, features=30, seed=seed, spread=0.3) for seed in (0, 1))
    scaler = [StandardScaler()] if options.get("scale") else []
    weight = "balanced" if options.get("balanced") else None
    machine = RidgeClassifier(alpha=options.get("alpha", 1.0), class_weight=weight)
    reference = make_pipeline(*scaler, machine).fit(rows_of(part), part.labels)
    found = asked(
        fitted(Ridge(**{"alpha": 1.0, "balanced": False} | options), part), unseen
    ).argmax(axis=1)
    assert found.tolist() == reference.predict(rows_of(unseen)).tolist()
    assert len(set(found.tolist())) > 1


def test_each_label_has_a_regression_of_its_own():
    labels = np.column_stack([np.arange(40) % 2, np.zeros(40, int), np.ones(40, int)])
    part, unseen = (part_of(labels, seed=seed) for seed in (0, 1))
    found = asked(fitted(Ridge(alpha=1, balanced=False), part), unseen)
    score = Reference().fit(rows_of(part), 2 * labels[:, 0] - 1).predict(rows_of(unseen))
    assert ((found[:, 0] >= 0.5) == (score >= 0)).all()
    assert np.argsort(found[:, 0]).tolist() == np.argsort(score).tolist()
    assert not found[:, 1].any()
    assert (found[:, 2] == 1).all()


def test_training_with_a_single_class_predicts_it():
    assert asked(fitted(Ridge(), part_of([1] * 6)), part_of([0])).tolist() == [[0, 1, 0]]


def test_a_large_mean_costs_no_accuracy_that_shows():
    labels = np.arange(60) % 3
    plain, moved = part_of(labels, features=500), part_of(labels, features=500)
    for streams in moved.inputs:
        streams["features"] += 100
    np.testing.assert_allclose(
        asked(fitted(Ridge(), moved), moved), asked(fitted(Ridge(), plain), plain), atol=1e-4
    )


@pytest.mark.parametrize("alpha", [0, "automatic"])
def test_a_penalty_that_is_none_is_refused(alpha):
    with pytest.raises(ValueError, match="above 0"):
        Ridge(alpha=alpha)
