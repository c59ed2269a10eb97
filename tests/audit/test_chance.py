"""The chance band keeps its promise, and a leak does not fit into it."""

import numpy as np
import pytest

from mertk.audit.chance_band import ALPHA, DRAWS, compute_band
from mertk.audit.clip_features import predict_nearest_mean
from mertk.audit.null_labels import LAWS
from mertk.core import metrics
from mertk.pipeline.fold import LabelledClips

PEOPLE, CLIPS, CLASSES = 10, 9, 3


def sample(*, multilabel=False):
    labels = np.tile(np.arange(CLASSES), PEOPLE * CLIPS // CLASSES)
    if multilabel:
        labels = np.eye(CLASSES, dtype=int)[labels] | np.eye(CLASSES, dtype=int)[labels[::-1]]
    people = np.repeat([f"p{at}" for at in range(PEOPLE)], CLIPS)
    return LabelledClips([str(at) for at in range(len(labels))], people, labels, ("a", "b", "c"))


def drawn(given, probe, seed=0, draws=DRAWS):
    return LAWS[probe].draw(given, np.random.default_rng(seed), draws)


def held_out(rows, labels, people):
    """Leave one person out with the nearest class mean, which learns whatever there is."""
    found = np.zeros_like(labels)
    for person in np.unique(people):
        out = people == person
        found[out] = predict_nearest_mean(rows[~out], labels[~out], rows[out])
    return found


def features(kind, given, rng):
    """Rows `[clips, 20]` that have nothing to do with labels drawn afterwards."""
    noise = rng.normal(size=(len(given.labels), 20)).astype(np.float32)
    who = np.unique(given.people, return_inverse=True)[1]
    return (
        noise
        + {
            "noise": 0,
            "people": 3 * rng.normal(size=(PEOPLE, 20))[who],
            "classes": 4 * np.eye(20)[given.labels],
            "few clusters": 1000 * rng.normal(size=(4, 20))[rng.integers(0, 4, len(who))],
            "one direction": 6 * rng.choice([-1, 1], (len(who), 1)) * rng.normal(size=20),
        }[kind]
    )


@pytest.mark.parametrize(
    "kind", ["noise", "people", "classes", "few clusters", "one direction"]
)  # fmt: skip
@pytest.mark.parametrize("probe", ["noise", "permuted", "identity"])
def test_honest_learners_are_flagged_no_more_often_than_promised(probe, kind):
    given, chance = sample(), drawn(sample(), probe)
    flagged = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        rows = features(kind, given, rng)
        flagged += all(_outside(rows, given, probe, rng, chance) for _ in range(3))  # as the probe
    assert flagged <= 4  # of 100 at 1 %: more has a probability of 0.003


def _outside(rows, given, probe, rng, chance):
    truth = LAWS[probe].draw(given, rng, 1)[0]
    said = held_out(rows, truth, given.people)
    return compute_band(said, truth, chance, metrics.standard_scores, CLASSES).p < ALPHA


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("probe", ["noise", "permuted", "identity"])
def test_predictions_that_know_half_the_labels_lie_outside(probe, share):
    given = sample()
    truth = drawn(given, probe, seed=1, draws=1)[0]
    known = np.random.default_rng(0).random(len(truth)) < share
    said = np.where(known, truth, drawn(given, "noise", seed=2, draws=1)[0])
    found = compute_band(said, truth, drawn(given, probe), metrics.standard_scores, CLASSES)
    assert found.score > found.high
    assert found.p < ALPHA


@pytest.mark.parametrize("probe", ["noise", "permuted"])
def test_predictions_that_know_half_of_many_labels_lie_outside(probe):
    given = sample(multilabel=True)
    truth = drawn(given, probe, seed=1, draws=1)[0]
    said = truth.copy()
    said[::2] = drawn(given, "noise", seed=2, draws=1)[0][::2]
    chance = drawn(given, probe)
    assert compute_band(said, truth, chance, metrics.multilabel_scores, CLASSES).p < ALPHA
    blind = drawn(given, "noise", seed=3, draws=1)[0]
    assert compute_band(blind, truth, chance, metrics.multilabel_scores, CLASSES).p >= ALPHA


def test_a_constant_prediction_is_within_its_own_narrow_band():
    given = sample()
    truth = drawn(given, "noise", seed=1, draws=1)[0]
    found = compute_band(
        np.zeros_like(truth), truth, drawn(given, "noise"), metrics.standard_scores, CLASSES
    )
    assert found.low <= found.score <= found.high < 0.25


@pytest.mark.parametrize("multilabel", [False, True])
def test_the_laws_draw_what_they_say(multilabel):
    given = sample(multilabel=multilabel)
    shuffled, dealt = (drawn(given, probe, draws=5) for probe in ("permuted", "identity"))
    assert shuffled.shape == dealt.shape == (5, *given.labels.shape)
    assert not np.array_equal(shuffled[0], shuffled[1])
    for person in np.unique(given.people):
        own = given.people == person
        for draw in shuffled:
            assert sorted(draw[own].tolist()) == sorted(given.labels[own].tolist())
        assert all(len(np.unique(draw[own], axis=0)) == 1 for draw in dealt)
    shares = drawn(given, "noise").mean(axis=(0, 1)) if multilabel else given.labels.mean(axis=0)
    assert shares == pytest.approx(given.labels.mean(axis=0), abs=0.01)
