"""UF1, UAR and accuracy against scikit-learn and the field's conventions."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from mertk import metrics


def test_scores_equal_scikit_learns():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    matrix = metrics.confusion(truth, predicted, 4)
    assert metrics.uf1(matrix) == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert metrics.uar(matrix) == pytest.approx(recall_score(truth, predicted, average="macro"))
    assert metrics.accuracy(matrix) == pytest.approx(accuracy_score(truth, predicted))


def test_an_absent_class_counts_as_zero_and_is_not_dropped():
    matrix = np.array([[5, 0, 0], [0, 5, 0], [0, 0, 0]])
    assert metrics.uf1(matrix) == pytest.approx(2 / 3)
    assert metrics.uar(matrix) == pytest.approx(2 / 3)


def test_all_negative_on_smic_gives_the_known_uf1():
    matrix = np.array([[70, 0, 0], [51, 0, 0], [43, 0, 0]])
    assert float(metrics.uf1(matrix)) == pytest.approx(0.1994, abs=5e-5)
    assert float(metrics.uar(matrix)) == pytest.approx(1 / 3)


def test_leading_axes_are_scored_at_once():
    rng = np.random.default_rng(1)
    stack = rng.integers(0, 9, (7, 2, 3, 3))
    assert np.allclose(metrics.uf1(stack)[3, 1], metrics.uf1(stack[3, 1]))
