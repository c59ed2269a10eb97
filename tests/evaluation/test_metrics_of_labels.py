"""UF1 and UAR of labels are scikit-learn's macro F1 and recall, over all classes of a protocol."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

import mertk


@pytest.mark.parametrize("labels", [None, ["a", "b", "c", "d"]])
def test_the_scores_are_those_of_scikit_learn(labels):
    rng = np.random.default_rng(0)
    truth, predicted = rng.choice(list("abc"), (2, 40))
    more = {"average": "macro", "labels": labels, "zero_division": 0}
    assert mertk.metrics.uf1(truth, predicted, labels=labels) == pytest.approx(
        f1_score(truth, predicted, **more)
    )
    assert mertk.metrics.uar(truth, predicted, labels=labels) == pytest.approx(
        recall_score(truth, predicted, **more)
    )


@pytest.mark.parametrize(
    ("truth", "predicted", "labels", "message"),
    [
        (["a"], ["a", "b"], None, "give one label a clip"),
        ([], [], None, "give one label a clip"),
        (["a", "x"], ["a", "b"], ["a", "b"], "label 'x' is not in labels: a, b"),
    ],
)
def test_labels_that_do_not_fit_are_refused(truth, predicted, labels, message):
    with pytest.raises(mertk.ParameterError, match=message):
        mertk.metrics.uf1(truth, predicted, labels=labels)
