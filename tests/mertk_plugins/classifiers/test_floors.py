"""The two floors."""

from __future__ import annotations

import numpy as np

from mertk import TrainingSet
from mertk_plugins.classifiers.majority import Majority
from mertk_plugins.classifiers.prior import Prior


def train(*labels: int) -> TrainingSet:
    return TrainingSet(
        inputs=[{}] * len(labels),
        labels=np.array(labels),
        people=np.array([f"p/{i}" for i in range(len(labels))]),
        classes=("a", "b", "c"),
    )


def test_majority_says_the_most_frequent_class():
    floor = Majority()
    floor.fit(train(2, 2, 0, 2), np.random.default_rng(0))
    assert floor.predict({}).tolist() == [0.25, 0, 0.75]


def test_majority_takes_the_first_of_equals():
    floor = Majority()
    floor.fit(train(2, 1), np.random.default_rng(0))
    assert floor.predict({}).argmax() == 1


def test_prior_guesses_one_class_for_all_clips_of_a_fold():
    floor = Prior()
    floor.fit(train(0, 1, 2, 2), np.random.default_rng(3))
    guesses = {tuple(floor.predict({})) for _ in range(20)}
    assert len(guesses) == 1
    assert sorted(guesses.pop()) == [0, 0, 1]


def test_prior_draws_by_the_training_frequencies():
    floor, counts = Prior(), np.zeros(3)
    for seed in range(600):
        floor.fit(train(0, 2, 2, 2), np.random.default_rng(seed))
        counts += floor.predict({})
    assert counts[1] == 0
    assert abs(counts[2] / 600 - 0.75) < 0.06


def test_a_single_class_is_certain():
    for floor in (Majority(), Prior()):
        floor.fit(train(1, 1), np.random.default_rng(0))
        assert floor.predict({}).tolist() == [0, 1, 0]


def many(labels) -> TrainingSet:
    return TrainingSet(
        inputs=[{}] * len(labels),
        labels=np.array(labels),
        people=np.array([f"p/{i}" for i in range(len(labels))]),
        classes=("a", "b", "c"),
    )


def test_majority_says_every_label_that_half_of_the_clips_have():
    floor = Majority()
    floor.fit(many([[1, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 1]]), np.random.default_rng(0))
    assert floor.predict({}).tolist() == [1, 0, 0.5]


def test_prior_draws_each_label_by_its_own_frequency():
    floor, found = Prior(), []
    for seed in range(600):
        floor.fit(many([[1, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]]), np.random.default_rng(seed))
        found.append(floor.predict({}))
    drawn = np.array(found)
    assert set(drawn.ravel()) == {0, 1}
    assert drawn[:, 0].all()
    assert not drawn[:, 1].any()
    assert abs(drawn[:, 2].mean() - 0.25) < 0.06
