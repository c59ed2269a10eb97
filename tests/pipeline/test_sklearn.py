"""A recipe as a scikit-learn estimator, and leave-one-subject-out as its cross-validator."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import mertk
from mertk.core import splits
from mertk.pipeline.sklearn import RecipeClassifier

REGISTRY = mertk.load_plugins().registry
USE = mertk.Use("synthetic", subjects=4, clips=3, size=64)


@pytest.fixture(scope="module")
def clips():
    return REGISTRY.build("dataset", USE).index(None)


def labels_of(clips):
    return [clip.record["emotion"] for clip in clips]


@parametrize_with_checks([RecipeClassifier(name) for name in ("flow_ridge", "flow_svm", "lbptop")])
def test_it_keeps_scikit_learns_promises(estimator, check):
    check(estimator)


@pytest.mark.parametrize("model", ["flow_ridge", "lbptop"])
def test_it_predicts_what_the_harness_predicts(model, clips, tmp_path):
    results = mertk.bench([model], dataset=USE, out=tmp_path, cache=tmp_path / "c", floors=False)
    table = results.runs[0].predictions().set_index("uid")
    names = list(results.runs[0].classes)
    labels = REGISTRY.build("protocol", mertk.Use("synthetic3"))
    known = [labels.label(clip) for clip in clips]
    found = cross_val_predict(
        RecipeClassifier(model, cache=tmp_path / "c"), list(clips), known,
        cv=splits.LeaveOneSubjectOut(), method="predict_proba",
    )  # fmt: skip
    expected = table.loc[[clip.uid for clip in clips], [f"p_{name}" for name in sorted(names)]]
    np.testing.assert_allclose(found, expected.to_numpy(), atol=1e-6)


def test_a_network_with_blocks_before_it_is_fitted_with_them(clips, tmp_path):
    recipe = REGISTRY.recipe("cnn_lstm_se", "quick")
    for place, use in recipe.places().items():
        if "epochs" in REGISTRY.get(place.partition(".")[0], use.name).parameters():
            recipe = recipe.swap(place, use.having(epochs=1))
    model = RecipeClassifier(recipe, cache=tmp_path, random_state=3)
    y = labels_of(clips)
    first = model.fit(clips, y).predict_proba(clips[:2])
    again = model.fit(clips, y).predict_proba(clips[:2])
    np.testing.assert_array_equal(first, again)
    assert first.sum(axis=1) == pytest.approx(1)


def test_it_can_be_searched_and_piped():
    rng = np.random.default_rng(0)
    y = np.array(["anger", "joy"])[np.arange(24) % 2]
    X = rng.normal(size=(24, 5)) + (y == "joy")[:, None]
    people = np.arange(24) // 6
    search = GridSearchCV(
        make_pipeline(StandardScaler(), RecipeClassifier()),
        {"recipeclassifier__recipe": ["flow_ridge", "lbptop"]},
        cv=splits.LeaveOneSubjectOut(),
    ).fit(X, y, groups=people)
    assert search.best_score_ > 0.7
    assert set(search.predict(X)) == {"anger", "joy"}


def test_the_folds_are_those_of_leave_one_group_out():
    people, X = ["b", "a", "b", "c", "a"], np.zeros((5, 2))
    ours = splits.LeaveOneSubjectOut()
    theirs = list(LeaveOneGroupOut().split(X, groups=people))
    found = list(ours.split(X, groups=people))
    as_lists = lambda folds: sorted((a.tolist(), b.tolist()) for a, b in folds)  # noqa: E731
    assert as_lists(found) == as_lists(theirs)
    assert ours.get_n_splits(X, groups=people) == 3
    predicted = cross_val_predict(
        RidgeClassifier(), np.eye(5), [0, 1, 0, 1, 0], groups=people, cv=ours
    )
    assert len(predicted) == 5


def test_people_must_be_known():
    with pytest.raises(mertk.ProtocolError, match="whose clips"):
        list(splits.LeaveOneSubjectOut().split(np.zeros((4, 2))))
    with pytest.raises(mertk.ProtocolError, match="at least 2 subjects"):
        list(splits.LeaveOneSubjectOut().split(np.zeros((4, 2)), groups=["a"] * 4))


def test_an_unknown_recipe_is_named():
    with pytest.raises(mertk.UnknownNameError, match="lbptop"):
        RecipeClassifier("lbptob").fit(np.zeros((4, 2)), [0, 1, 0, 1])


@pytest.mark.filterwarnings("ignore:.*least populated class")
def test_parameters_of_the_recipe_are_searched_on_groups_of_people(clips, tmp_path):
    scorer = mertk.metrics.get_scorer("uf1", labels=["negative", "positive", "surprise"])
    protocol = REGISTRY.build("protocol", mertk.Use("synthetic3"))
    labels = [protocol.label(clip) for clip in clips]
    people = [clip.person for clip in clips]
    grid = {"classifier": ["linear_svm", mertk.Use("svm")], "classifier__C": np.array([1, 100])}
    search = GridSearchCV(
        RecipeClassifier("lbptop", cache=tmp_path), grid, scoring=scorer, cv=GroupKFold(2),
        error_score="raise",
    ).fit(list(clips), labels, groups=people)  # fmt: skip
    assert len(search.cv_results_["params"]) == 4
    use = search.best_estimator_.recipe.classifier
    assert use.params["C"] in (1, 100)
    split = next(GroupKFold(2).split(people, groups=people))
    part = lambda rows, at: [rows[one] for one in at]  # noqa: E731
    alone = RecipeClassifier("lbptop", cache=tmp_path).set_params(**search.cv_results_["params"][0])
    alone.fit(part(clips, split[0]), part(labels, split[0]))
    expected = mertk.metrics.uf1(
        part(labels, split[1]), alone.predict(part(clips, split[1])), labels=scorer.labels
    )
    assert search.cv_results_["split0_test_score"][0] == pytest.approx(expected)


def test_deep_parameters_are_those_of_the_components():
    model = RecipeClassifier("cnn_lstm_se:quick")
    params = model.get_params()
    assert params["fusion__0"] == mertk.Use("patch_cnn_se", **params["fusion__0"].params)
    assert params["extractor__input"] == "frames"
    assert set(model.get_params(deep=False)) == {"recipe", "cache", "plugins", "random_state"}
    other = clone(model).set_params(fusion__0__epochs=np.int64(3), recipe="cnn_lstm_se:quick")
    assert other.recipe.fusion[0].params["epochs"] == 3
    assert model.recipe == "cnn_lstm_se:quick"
    for wrong in ({"classifier__c": 1}, {"classifier__C": "large"}, {"nothing__C": 1}, {"C": 1}):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"parameter {name}: "):
            RecipeClassifier("lbptop").set_params(**wrong)


def test_a_scorer_counts_absent_classes_and_is_known_by_name():
    model = RidgeClassifier().fit(np.eye(3), ["a", "b", "c"])
    rows = np.eye(3)[:2]
    assert mertk.metrics.get_scorer("uar")(model, rows, ["a", "b"]) == pytest.approx(2 / 3)
    scorer = mertk.metrics.get_scorer("uf1", labels=["a", "b", "c", "d"])
    assert scorer(model, rows, ["a", "b"]) == pytest.approx(0.5)
    assert copy.deepcopy(scorer) == scorer
    with pytest.raises(mertk.UnknownNameError, match="uf1"):
        mertk.metrics.get_scorer("uf2")
