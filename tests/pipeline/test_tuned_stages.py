"""Parameters that are chosen inside the fold."""

import numpy as np
import pytest

import mertk
from mertk.core.metrics import confusion, uf1
from mertk.core.recipe import Recipe, Use
from mertk.core.splits import split_people
from mertk.core.tuning import Tuning
from mertk.pipeline.pipeline import build_pipeline
from mertk.pipeline.tuned_stages import check_space, set_values, unwrap_tuned

COSTS = [1e-6, 1e-2, 1.0]


@pytest.fixture(scope="module")
def registry():
    return mertk.load_plugins().registry


def recipe(space=None, **tuning):
    plain = Recipe(
        extractor=Use("hoof"), fusion=(Use("standardize"),), classifier=Use("linear_svm", C=1.0)
    )
    return plain.tuned(Tuning(space=space or {"classifier.C": COSTS}, **tuning))


def training_set(people=6, each=6, seed=0, multilabel=False):
    rng = np.random.default_rng(seed)
    labels = np.arange(people * each) % 3
    rows = rng.normal(size=(len(labels), 5)) + 1.2 * np.eye(3, 5)[labels]
    return mertk.TrainingSet(
        inputs=[{"features": row[None].astype(np.float32)} for row in rows],
        labels=np.eye(3, dtype=np.int64)[labels] if multilabel else labels,
        people=np.array([f"d/{at // each}" for at in range(len(labels))]),
        classes=("a", "b", "c"),
    )


def fitted(registry, given, train=None, seed=0):
    pipeline = build_pipeline(registry, given)
    found = pipeline.classifier.component
    found.fit(train or training_set(), np.random.default_rng(seed))
    return pipeline, found


def fit_by_hand(registry, given, train, rows):
    """The stages one after the other, without the harness, on some of the clips."""
    stages = build_pipeline(registry, given).inside
    states = [train.inputs[at] for at in rows]
    for stage in stages:
        part = mertk.TrainingSet(
            inputs=states, labels=train.labels[rows], people=train.people[rows],
            classes=train.classes,
        )  # fmt: skip
        stage.component.fit(part, np.random.default_rng(0))
        if stage.kind == "fusion":
            states = [stage.component.fuse(one) for one in states]
    return lambda one: stages[1].component.predict(stages[0].component.fuse(one))


def test_the_score_of_each_value_is_that_of_inner_folds_of_whole_people(registry):
    train = training_set()
    _, found = fitted(registry, recipe(folds=3), train)
    expected = []
    for cost in COSTS:
        predicted = np.zeros(len(train), int)
        for split in split_people(train.people.tolist(), train.labels, 3):
            assert not set(train.people[split.train]) & set(train.people[split.test])
            predict = fit_by_hand(
                registry, set_values(recipe(), {"classifier.C": cost}), train, split.train
            )
            predicted[split.test] = [predict(train.inputs[at]).argmax() for at in split.test]
        expected.append(float(uf1(confusion(train.labels, predicted, 3))))
    assert [trial["score"] for trial in found.list_trials()] == pytest.approx(expected, abs=1e-6)
    best = COSTS[int(np.argmax(expected))]
    assert len(set(expected)) == 3
    assert found.list_choices() == {"classifier.C": best}


def test_the_chosen_stages_are_fitted_on_all_training_clips(registry):
    train = training_set()
    pipeline, found = fitted(registry, recipe(), train)
    plain, values = unwrap_tuned(pipeline)
    by_hand = fit_by_hand(registry, set_values(recipe(), values), train, np.arange(len(train)))
    for one in train.inputs[:5]:
        assert found.predict(one) == pytest.approx(by_hand(one), abs=1e-6)
    assert [stage.place for stage in plain.inside] == ["fusion.0", "classifier"]


def test_of_equal_values_the_first_is_chosen(registry):
    _, found = fitted(registry, recipe({"classifier.C": [1.0, 1.0000001]}))
    one, other = found.list_trials()
    assert one["score"] == other["score"]
    assert found.values == {"classifier.C": 1.0}


def test_all_combinations_are_tried_in_their_order(registry):
    space = {"classifier.C": [0.1, 1.0], "classifier.balanced": [True, False]}
    _, found = fitted(registry, recipe(space, folds=2))
    assert [tuple(trial["values"].values()) for trial in found.list_trials()] == [
        (0.1, True), (0.1, False), (1.0, True), (1.0, False),
    ]  # fmt: skip


def test_one_person_alone_leaves_the_first_value(registry):
    _, found = fitted(registry, recipe(), training_set(people=1, each=9))
    assert (found.values, found.list_trials()) == ({"classifier.C": 1e-6}, [])


def test_labels_side_by_side_are_scored_by_their_f1(registry):
    _, found = fitted(registry, recipe(), training_set(multilabel=True))
    scores = [trial["score"] for trial in found.list_trials()]
    assert 0 < min(scores) < max(scores) < 1


def test_trials_of_optuna_are_drawn_by_the_generator_of_the_fold(registry):
    pytest.importorskip("optuna")
    given = recipe({"classifier.C": {"low": 0.01, "high": 10, "log": True}}, folds=2, trials=4)
    check_space(registry, given)
    found = [fitted(registry, given, seed=seed)[1].list_trials() for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert [0.01 <= trial["values"]["classifier.C"] <= 10 for trial in found[0]] == [True] * 4


@pytest.mark.parametrize(
    ("path", "values", "message"),
    [
        ("extractor.bins", [4, 8], "extractor learns nothing, and its features are computed"),
        ("classifier.c", [1], "takes no parameter 'c'. Did you mean 'C'"),
        ("classifier.C", [1, "much"], "C='much' is not of type"),
        ("fusion.3.x", [1], "this recipe has no 'fusion.3'"),
    ],
)
def test_what_a_fold_cannot_choose_is_refused_in_one_line(registry, path, values, message):
    with pytest.raises(mertk.ParameterError, match=message) as error:
        check_space(registry, recipe({path: values}))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("space", "more", "message"),
    [
        ({}, {}, "no parameter to choose"),
        ({"classifier.C": []}, {}, "give a list of values"),
        ({"classifier.C": [1]}, {"folds": 1}, "2 or more inner folds"),
        ({"classifier.C": {"low": 1, "high": 2, "log": False}}, {}, "give a number of trials"),
        ({"classifier.C": {"low": 2, "high": 1, "log": False}}, {"trials": 3}, "LOW below HIGH"),
        ({"classifier.C": {"low": 0, "high": 1, "log": True}}, {"trials": 3}, "above 0 for :log"),
    ],
)
def test_a_tuning_that_makes_no_sense_is_refused(space, more, message):
    with pytest.raises(mertk.ParameterError, match=message):
        Tuning(space=space, **more)


def test_a_recipe_keeps_its_tuning_as_plain_data():
    given = recipe(folds=3)
    assert Recipe.from_json(given.to_json()) == given
    assert "tuning" not in given.tuned(None).to_json()
    with pytest.raises(mertk.ParameterError, match="tuning is"):
        Recipe.from_json({**given.to_json(), "tuning": {"grid": {}}})
