"""What is fitted for all folds at once is what `fit` gives on each, and no held-out clip is in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import asked, fitted, folds_of, of_fold, part_of

import mertk
from mertk_plugins.classifiers._margin import ClassModel
from mertk_plugins.classifiers.lda import LDA
from mertk_plugins.classifiers.linear_svm import LinearSVM
from mertk_plugins.classifiers.ridge import Ridge
from mertk_plugins.classifiers.svm import SVM

CLASSIFIERS = {
    "ridge": lambda: Ridge(alpha=0.1),
    "ridge balanced": lambda: Ridge(alpha=100, balanced=True),
    "ridge scaled": lambda: Ridge(scale=True, balanced=True),
    "lda": LDA,
    "lda 0.1": lambda: LDA(shrinkage=0.1),
    "lda 1": lambda: LDA(shrinkage=1),
    "rbf": SVM,
    "rbf scaled": lambda: SVM(scale=True),
    "poly": lambda: SVM(kernel="poly", degree=2, gamma="auto", balanced=True),
    "linear": lambda: SVM(kernel="linear", C=0.1),
    "linear_svm": LinearSVM,
    "linear_svm balanced": lambda: LinearSVM(C=0.1, balanced=True),
    "linear_svm scaled": lambda: LinearSVM(scale=True),
}
EVERY = pytest.mark.parametrize("new", CLASSIFIERS.values(), ids=CLASSIFIERS)
LABELS = {
    "balanced": np.arange(60) % 3,
    "skewed": np.repeat([0, 1, 2], [40, 15, 5]),
    "a class of one person": np.where(np.arange(60) % 5, np.arange(60) % 2, 2),
    "a class of nobody": 2 * (np.arange(60) % 2),
    "one class in a fold": np.where(np.arange(60) % 5, 1, 0),
    "labels of many": np.column_stack([np.arange(60) % 2, np.arange(60) % 3 == 0, np.zeros(60)])
    .astype(int),
}  # fmt: skip


def at_once(classifier, clips, folds):
    return list(classifier.fit_folds(clips, folds, [np.random.default_rng(0) for _ in folds]))


@EVERY
@pytest.mark.parametrize("features", [5, 200])
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_all_folds_at_once_predict_what_each_fold_by_itself_does(new, labels, features):
    clips = part_of(labels, features=features)
    folds = folds_of(clips)
    some = of_fold(clips, np.arange(0, 60, 7))
    for fold, found in zip(folds, at_once(new(), clips, folds), strict=True):
        expected = asked(fitted(new(), of_fold(clips, fold)), some)
        np.testing.assert_allclose(asked(found, some), expected, rtol=0, atol=1e-8)


@EVERY
def test_a_held_out_clip_and_its_label_do_not_change_a_bit(new):
    clips = part_of(LABELS["skewed"], features=90)
    folds = folds_of(clips)
    out = int(np.setdiff1d(np.arange(60), folds[0])[0])
    inputs = list(clips.inputs)
    inputs[out] = {"features": -100 * inputs[out]["features"]}
    labels = clips.labels.copy()
    labels[out] = (labels[out] + 1) % 3
    changed = replace(clips, inputs=inputs, labels=labels)
    others = of_fold(clips, np.setdiff1d(np.arange(0, 60, 3), [out]))
    before = asked(at_once(new(), clips, folds)[0], others)
    assert np.array_equal(asked(at_once(new(), changed, folds)[0], others), before)
    assert not np.array_equal(asked(at_once(new(), changed, folds)[1], others), before)


@settings(max_examples=30, deadline=None)
@given(
    clips=st.integers(6, 40),
    features=st.integers(1, 60),
    seed=st.integers(0, 1000),
    options=st.fixed_dictionaries(
        {"alpha": st.floats(1e-3, 1e3), "balanced": st.booleans(), "scale": st.booleans()}
    ),
)
def test_ridge_is_its_own_refit_whatever_the_shape(clips, features, seed, options):
    labels = np.random.default_rng(seed).integers(0, 3, clips)
    given_clips = part_of(labels, features=features, seed=seed)
    folds = folds_of(given_clips)
    at_once_fitted = at_once(Ridge(**options), given_clips, folds)
    for fold, found in zip(folds, at_once_fitted, strict=True):
        expected = asked(fitted(Ridge(**options), of_fold(given_clips, fold)), given_clips)
        np.testing.assert_allclose(asked(found, given_clips), expected, rtol=0, atol=1e-8)


def test_folds_that_share_no_clip_are_solved_as_well():
    clips = part_of(LABELS["balanced"], features=100)
    folds = [np.arange(start, start + 20) for start in (0, 20, 40)]
    for fold, found in zip(folds, at_once(Ridge(), clips, folds), strict=True):
        expected = asked(fitted(Ridge(), of_fold(clips, fold)), clips)
        np.testing.assert_allclose(asked(found, clips), expected, rtol=0, atol=1e-8)


@EVERY
def test_two_fits_agree_whatever_the_chances(new):
    part, classifier = part_of(LABELS["balanced"]), new()
    classifier.fit(part, np.random.default_rng(1))
    first = asked(classifier, part)
    classifier.fit(part, np.random.default_rng(2))
    assert np.array_equal(asked(classifier, part), first)


@EVERY
def test_a_recipe_without_features_is_refused(new):
    part = replace(part_of([0, 1]), inputs=[{}, {}])
    with pytest.raises(mertk.ComponentError, match="give the recipe an extractor"):
        fitted(new(), part)


@EVERY
def test_it_says_that_it_fits_folds(new):
    assert isinstance(new(), mertk.FitsFolds)


@EVERY
def test_nothing_is_learnt_before_it_is_asked_for(new, monkeypatch):
    clips, learnt = part_of(np.arange(60) % 3), []
    folds = [np.setdiff1d(np.arange(60), [at]) for at in range(20)]
    made = ClassModel.learn
    monkeypatch.setattr(ClassModel, "learn", lambda *given: (learnt.append(1), made(*given))[1])
    found = new().fit_folds(clips, folds, [np.random.default_rng(0) for _ in folds])
    assert len(learnt) == 0
    next(found)
    assert 0 < len(learnt) <= 8
    list(found)
    assert len(learnt) == 20
