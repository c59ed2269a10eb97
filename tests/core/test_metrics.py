"""UF1, UAR and accuracy against scikit-learn and the field's conventions."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from mertk.core import metrics


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


def test_scores_per_label_equal_scikit_learns():
    rng = np.random.default_rng(2)
    truth, predicted = rng.integers(0, 2, (60, 4)), rng.integers(0, 2, (60, 4))
    pairs = list(zip(truth.T, predicted.T, strict=True))
    matrix = np.stack([metrics.confusion(t, p, 2) for t, p in pairs])
    macro = [f1_score(t, p, average="macro") for t, p in pairs]
    assert metrics.binary_f1(matrix) == pytest.approx(f1_score(truth, predicted, average=None))
    assert metrics.macro_f1(matrix) == pytest.approx(macro)
    found = metrics.multilabel_scores(matrix)
    assert found["binary F1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found["macro F1"] == pytest.approx(np.mean(macro))
    assert next(iter(found)) == "binary F1"  # what published tables of action units give


def test_a_label_that_is_never_there_and_never_said_scores_0_and_0_5():
    matrix = np.array([[[9, 0], [0, 0]]])
    assert metrics.binary_f1(matrix).tolist() == [0]
    assert metrics.macro_f1(matrix).tolist() == [0.5]


def test_means_over_folds_depend_on_what_is_done_about_absent_classes():
    folds = [([0, 0, 1], [0, 1, 1]), ([0, 0], [0, 0]), ([0, 0], [0, 2])]
    matrices = np.stack([metrics.confusion(np.array(t), np.array(p), 3) for t, p in folds])
    found = metrics.fold_means(matrices)
    assert found["counted as 0"] == pytest.approx(np.mean([4 / 9, 1 / 3, 2 / 9]))
    assert found["dropped if not true"] == pytest.approx(np.mean([2 / 3, 1, 2 / 3]))
    either = np.mean([f1_score(t, p, average="macro") for t, p in folds])
    assert found["dropped if neither true nor predicted"] == pytest.approx(either)
    recalls = metrics.fold_means(matrices, metrics.recall)
    assert recalls["dropped if not true"] == pytest.approx(np.mean([3 / 4, 1, 1 / 2]))
