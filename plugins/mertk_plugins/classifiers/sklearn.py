"""Any classifier that keeps to scikit-learn's conventions, by its import path."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk_plugins import _foreign


class SklearnClassifier:
    """A classifier of scikit-learn, or of any package like it: `sklearn:sklearn.svm.SVC,C=2`.

    It gets all streams as one vector, and a `random_state` from the fold's seed if it takes one.
    Probabilities are its `predict_proba`, or else the softmax of its `decision_function`, or else
    its `predict`. An estimator that searches its parameters by cross-validation mixes people in its
    inner folds. All parameters but `path` are the classifier's own.

    Args:
        path: where the classifier's class is imported from, such as `sklearn.svm.SVC`.
        **params: parameters of that class.
    """

    imports = ("path",)

    def __init__(
        self, *, path: str = "sklearn.linear_model.LogisticRegression", **params: Any
    ) -> None:
        target = _foreign.import_target(path)
        _foreign.check_parameters(path, target, params)
        for verb in ("fit", "predict"):
            if not hasattr(target, verb):
                raise ValueError(f"path={path} is no classifier: it has no {verb}")
        self.path = path
        self.params = params

    def fit(self, train: mertk.TrainingSet[mertk.Streams], rng: np.random.Generator, /) -> None:
        """Fit a new estimator; raises `ComponentError` in multi-label training."""
        if train.multilabel:
            raise mertk.ComponentError(
                f"sklearn: {self.path} is handed one label a clip, and this protocol gives many; "
                "linear_svm, svm, ridge, lda, mlp and the networks can do with them"
            )
        target = _foreign.import_target(self.path)
        state = _foreign.draw_random_state(_foreign.read_parameters(self.path, target), rng)
        # XGBoost's classifier takes no labels but 0 … k-1, and a fold may lack a class.
        present, labels = np.unique(train.labels, return_inverse=True)
        self._classes = len(train.classes)
        self._present: NDArray[np.int64] = present
        self._estimator = None
        if len(present) > 1:  # of one class alone there is nothing to learn, and many refuse to
            self._estimator = target(**{**state, **self.params})
            self._estimator.fit(mertk.design_matrix(train.inputs), labels)

    def predict(self, streams: mertk.Streams, /) -> NDArray[np.float64]:
        """Class probabilities `[classes]`; a class without training clips has 0."""
        found = np.zeros(self._classes)
        found[self._present] = 1.0
        if self._estimator is not None:
            found[self._present] = _predict_shares(self._estimator, mertk.flatten(streams)[None])
        return found


def _predict_shares(estimator: Any, row: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities `[classes that it has seen]` of one row `[1, features]`."""
    if hasattr(estimator, "predict_proba"):
        shares = np.asarray(estimator.predict_proba(row)[0], np.float64)
        return np.asarray(shares / shares.sum())
    if hasattr(estimator, "decision_function"):
        margins = np.asarray(estimator.decision_function(row), np.float64).ravel()
        margins = margins if len(margins) > 1 else np.array([0.0, margins[0]])
        weights = np.exp(margins - margins.max())
        return np.asarray(weights / weights.sum())
    return np.asarray(np.asarray(estimator.classes_) == estimator.predict(row)[0], np.float64)


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.classifier("sklearn", SklearnClassifier)
