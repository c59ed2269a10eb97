"""Linear discriminant analysis agrees with scikit-learn's, and its shrinkage with Ledoit-Wolf."""

from __future__ import annotations

import numpy as np
import pytest
from parts import asked, fitted, part_of, rows_of
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mertk_plugins.classifiers.lda import LDA

LABELS = {"three": np.arange(60) % 3, "two": 1 + np.arange(60) % 2, "skewed": [0] * 40 + [1, 2] * 8}
EVERY_LABELS = pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)


def about_class_means(part):
    rows = rows_of(part)
    for label in np.unique(part.labels):
        rows[part.labels == label] -= rows[part.labels == label].mean(axis=0)
    return rows


def reference(part, shrinkage):
    machine = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
    return machine.fit(rows_of(part), part.labels)


@EVERY_LABELS
@pytest.mark.parametrize("features", [1, 4, 200])
@pytest.mark.parametrize("shrinkage", [0.01, 0.5, 1])
def test_probabilities_are_scikit_learns(labels, features, shrinkage):
    part, unseen = (part_of(labels, features=features, seed=seed, spread=0.3) for seed in (0, 1))
    found = asked(fitted(LDA(shrinkage=shrinkage, balanced=False), part), unseen)
    expected = reference(part, shrinkage).predict_proba(rows_of(unseen))
    np.testing.assert_allclose(found[:, np.unique(part.labels)], expected, rtol=0, atol=1e-8)


@EVERY_LABELS
@pytest.mark.parametrize("features", [1, 4, 200])
def test_ledoit_wolf_shrinks_as_ledoit_and_wolf_do(labels, features):
    part, unseen = (part_of(labels, features=features, seed=seed, spread=0.3) for seed in (0, 1))
    share = ledoit_wolf_shrinkage(about_class_means(part), assume_centered=True)
    expected = asked(fitted(LDA(shrinkage=share or 1), part), unseen)
    np.testing.assert_allclose(
        asked(fitted(LDA(shrinkage="ledoit_wolf"), part), unseen), expected, rtol=0, atol=1e-8
    )


def test_each_label_stands_against_its_absence():
    labels = np.column_stack([np.arange(40) % 2, np.zeros(40, int), np.ones(40, int)])
    part, unseen = (part_of(labels, seed=seed) for seed in (0, 1))
    found = asked(fitted(LDA(shrinkage=0.3, balanced=False), part), unseen)
    alone = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3)
    expected = alone.fit(rows_of(part), labels[:, 0]).predict_proba(rows_of(unseen))
    np.testing.assert_allclose(found[:, 0], expected[:, 1], rtol=0, atol=1e-8)
    assert not found[:, 1].any()
    assert (found[:, 2] == 1).all()


@pytest.mark.parametrize("machine", [LDA(), LDA(shrinkage="ledoit_wolf"), LDA(shrinkage=0.2)])
def test_clips_that_equal_their_class_mean_leave_the_nearest_mean_to_win(machine):
    part = part_of([0, 1, 2], features=6, spread=5)
    assert asked(fitted(machine, part), part).argmax(axis=1).tolist() == [0, 1, 2]


def test_training_with_a_single_class_predicts_it():
    assert asked(fitted(LDA(), part_of([1] * 6)), part_of([0])).tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("shrinkage", [0, -0.1, 1.5, "automatic"])
def test_a_share_that_is_none_is_refused(shrinkage):
    with pytest.raises(ValueError, match="give auto, ledoit_wolf, or a number"):
        LDA(shrinkage=shrinkage)
