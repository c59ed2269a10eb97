"""Third-party classifiers that take no labels but 0 … k-1, as XGBoost's."""

import numpy as np

import mertk
from mertk_plugins.classifiers.sklearn import SklearnClassifier


class Strict:
    """Refuses labels that are not 0 … k-1; predicts the class of the nearest mean."""

    def fit(self, rows, labels):
        """Keep the means; raises `ValueError` as XGBoost does."""
        self.classes_ = np.unique(labels)
        if self.classes_.tolist() != list(range(len(self.classes_))):
            raise ValueError(f"Invalid classes: expected 0 … k-1, got {self.classes_}")
        self.means = np.stack([rows[labels == one].mean(axis=0) for one in self.classes_])
        return self

    def predict(self, rows):
        """The nearest class."""
        return np.abs(rows[:, None] - self.means).sum(axis=2).argmin(axis=1)


def test_a_fold_without_a_class_is_fitted_and_predicted_by_the_right_names():
    levels = {0: 0.0, 2: 5.0, 3: 9.0}
    labels = np.array([0, 2, 3] * 3)
    rng = np.random.default_rng(0)
    inputs = [{"x": rng.normal(levels[one], 0.1, 4).astype(np.float32)} for one in labels.tolist()]
    train = mertk.TrainingSet(
        inputs=inputs, labels=labels, people=np.array(["a"] * 9), classes=("p", "q", "r", "s")
    )
    classifier = SklearnClassifier(path=f"{__name__}.Strict")
    classifier.fit(train, rng)
    for label, level in levels.items():
        found = classifier.predict({"x": np.full(4, level, np.float32)})
        assert found.tolist() == np.eye(4)[label].tolist()
