"""The choice of features by their variance between classes."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.feature_selection import f_classif

import mertk
from mertk_plugins.fusion.select_features import SelectFeatures, _variance_ratio


def train(labels, rows):
    return mertk.TrainingSet(
        inputs=[{"a": row[:3], "b": row[3:].reshape(1, -1)} for row in rows.astype(np.float32)],
        labels=np.asarray(labels),
        people=np.array([f"p/{at}" for at in range(len(labels))]),
        classes=("x", "y", "z"),
    )


def rows(labels):
    """Noise, in which the columns 1 and 4 tell the classes apart."""
    found = np.random.default_rng(0).normal(size=(len(labels), 6))
    found[:, 1] += 9 * np.asarray(labels)
    found[:, 4] -= 5 * np.asarray(labels)
    return found


LABELS = np.arange(12) % 3


def chosen(given, count=2):
    block = SelectFeatures(count=count)
    block.fit(given, np.random.default_rng(0))
    return block


def test_the_features_that_tell_classes_apart_are_kept_in_their_order():
    given = train(LABELS, rows(LABELS))
    found = chosen(given).fuse(given.inputs[3])
    assert list(found) == ["features"]
    assert found["features"] == pytest.approx(rows(LABELS)[3, [1, 4]], rel=1e-5)


def test_the_score_is_that_of_scikit_learn_and_0_without_variance():
    table = rows(LABELS)
    assert _variance_ratio(table, LABELS) == pytest.approx(f_classif(table, LABELS)[0])
    table[:, 2] = 0.1
    assert _variance_ratio(table, LABELS)[2] == 0


def test_several_labels_a_clip_each_have_their_say():
    given = train(LABELS, rows(LABELS))
    shown = np.stack([LABELS == 0, LABELS == 2, LABELS < 0], axis=1).astype(np.int64)
    block = chosen(replace(given, labels=shown))
    assert block.fuse(given.inputs[0])["features"].shape == (2,)
    assert block._kept.tolist() == [1, 4]


def test_one_class_and_few_features_are_taken_as_they_are():
    given = train(np.zeros(4, int), rows(np.zeros(4)))
    assert chosen(given, count=99).fuse(given.inputs[0])["features"].shape == (6,)


def test_a_clip_of_another_length_is_refused():
    given = train(LABELS, rows(LABELS))
    with pytest.raises(mertk.ComponentError, match="among 6"):
        chosen(given).fuse({"a": np.zeros(4, np.float32)})
