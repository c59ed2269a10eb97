"""The strength of regularisation is the best one on people held out inside the training part."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from parts import asked, fitted, folds_of, of_fold, part_of, rows_of
from sklearn.linear_model import Ridge as Reference

from mertk.core.splits import split_people
from mertk_plugins.classifiers import lda, linear_svm, ridge, svm
from mertk_plugins.classifiers._inner import compute_mean_length
from mertk_plugins.classifiers.lda import LDA
from mertk_plugins.classifiers.linear_svm import LinearSVM
from mertk_plugins.classifiers.ridge import Ridge
from mertk_plugins.classifiers.svm import SVM

SKEWED = np.repeat([0, 1, 2], [48, 24, 12])


def noisy(labels=SKEWED, features=60, people=7, seed=0):
    """Clips of some people, each of whom has an offset of their own: a weak signal."""
    part = part_of(labels, features=features, seed=seed, spread=0.2)
    who = np.random.default_rng(seed + 1).integers(0, people, len(labels))
    offsets = np.random.default_rng(seed + 2).normal(size=(people, features))
    rows = rows_of(part) + 0.5 * offsets[who]
    return replace(
        part,
        inputs=[{"features": row[None].astype(np.float32)} for row in rows],
        people=np.array([f"p/{at}" for at in who]),
    )


def lengths(part):
    rows = rows_of(part)
    return compute_mean_length(rows @ rows.T)


def weights_of(labels):
    counts = np.bincount(labels)
    return len(labels) / np.count_nonzero(counts) / counts[labels]


@pytest.mark.parametrize("features", [10, 300])
@pytest.mark.parametrize("seed", range(4))
def test_ridge_takes_the_penalty_with_the_least_error_on_people_left_out(features, seed):
    part, unseen = noisy(features=features, seed=seed), noisy(features=features, seed=seed + 50)
    rows, weights = rows_of(part), weights_of(part.labels)
    targets = 2.0 * np.eye(3)[part.labels] - 1
    errors = []
    penalties = ridge.PENALTIES * lengths(part)
    for penalty in penalties:
        error = 0.0
        for name in np.unique(part.people):
            out = part.people == name
            model = Reference(alpha=penalty).fit(
                rows[~out], targets[~out], sample_weight=weights[~out]
            )
            found = model.predict(rows[out])
            error += weights[out] @ np.square(found - targets[out]).sum(axis=1)
        errors.append(error)
    best = penalties[int(np.argmin(errors))]
    assert np.ptp(errors) > 1
    expected = asked(fitted(Ridge(alpha=best), part), unseen)
    np.testing.assert_allclose(asked(fitted(Ridge(), part), unseen), expected, rtol=0, atol=1e-7)


def inner_losses(part, made, loss):
    """The summed loss of each classifier on whole people in 5 inner folds."""
    weights = weights_of(part.labels)
    splits = split_people(part.people.tolist(), part.labels, 5)
    found = []
    for new in made:
        total = 0.0
        for split in splits:
            learnt = fitted(new(), of_fold(part, split.train))
            asked_for = asked(learnt, of_fold(part, split.test))
            total += weights[split.test] @ loss(asked_for, part.labels[split.test])
        found.append(total)
    return found


def log_loss(odds, labels):
    return -np.log(odds[np.arange(len(labels)), labels])


def share_wrong(odds, labels):
    return (odds.argmax(axis=1) != labels).astype(float)


@pytest.mark.parametrize("seed", range(3))
def test_lda_takes_the_shrinkage_with_the_least_log_loss(seed):
    part, unseen = noisy(seed=seed), noisy(seed=seed + 50)
    losses = inner_losses(part, [lambda s=s: LDA(shrinkage=s) for s in lda.SHARES], log_loss)
    best = LDA(shrinkage=lda.SHARES[int(np.argmin(losses))])
    expected = asked(fitted(best, part), unseen)
    np.testing.assert_allclose(asked(fitted(LDA(), part), unseen), expected, rtol=0, atol=1e-8)
    assert np.ptp(losses) > 1


@pytest.mark.parametrize("seed", range(3))
def test_the_kernel_machine_takes_the_cost_with_the_best_balanced_accuracy(seed):
    part, unseen = noisy(seed=seed), noisy(seed=seed + 50)
    costs = svm.COSTS / lengths(part)
    made = [lambda cost=cost: SVM(kernel="linear", C=cost) for cost in costs]
    losses = inner_losses(part, made, share_wrong)
    expected = asked(fitted(made[int(np.argmin(losses))](), part), unseen)
    found = asked(fitted(SVM(kernel="linear"), part), unseen)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
    assert np.ptp(losses) > 1


@pytest.mark.parametrize("seed", range(3))
def test_the_linear_machine_takes_the_cost_with_the_least_squared_hinge(seed):
    part, unseen = noisy(seed=seed), noisy(seed=seed + 50)
    costs = linear_svm.COSTS / lengths(part)

    def hinge(cost):
        total, weights = 0.0, weights_of(part.labels)
        for split in split_people(part.people.tolist(), part.labels, 5):
            learnt = fitted(LinearSVM(C=cost), of_fold(part, split.train))
            margins = np.stack([learnt.fitted.linear[0](row) for row in rows_of(part)[split.test]])
            signs = 2 * np.eye(3)[part.labels[split.test]] - 1
            total += weights[split.test] @ np.square(np.maximum(0, 1 - signs * margins)).sum(axis=1)
        return total

    best = LinearSVM(C=costs[int(np.argmin(list(map(hinge, costs))))])
    expected = asked(fitted(best, part), unseen)
    found = asked(fitted(LinearSVM(), part), unseen)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("new", [Ridge, LDA, SVM, LinearSVM])
def test_clips_of_one_person_alone_are_learnt_from(new):
    part = replace(part_of(np.arange(30) % 3, spread=3), people=np.full(30, "p/0"))
    found = asked(fitted(new(), part), part).argmax(axis=1)
    assert (found == part.labels).mean() > 0.8


@pytest.mark.parametrize("seed", range(3))
def test_ridge_chooses_nearly_the_same_penalty_in_every_fold(seed):
    """Clips, people, classes and features of MEGC 2019's flow, a third as many, with high noise."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 1, 2], [84, 36, 28]))
    who = rng.permutation([*range(22), *rng.integers(0, 22, 148 - 22)])
    flow = 0.12 * rng.normal(size=(3, 512))[labels] + 0.5 * rng.normal(size=(22, 512))[who]
    flow += rng.normal(size=flow.shape)
    clips = replace(
        part_of(labels),
        inputs=[{"flow": row[None].astype(np.float32)} for row in flow],
        people=np.array([f"p/{at:02}" for at in who]),
    )
    folds = folds_of(clips)
    learnt = list(Ridge().fit_folds(clips, folds, [rng] * len(folds)))
    chosen = [one.list_choices()["alpha / mean squared length"] for one in learnt]
    steps = np.log10(chosen) * 2  # a step is half a power of ten
    assert len(chosen) == 22
    assert np.ptp(np.round(steps)) <= 1
    assert -6 < steps.min() <= steps.max() < 4  # neither end of the range


@pytest.mark.parametrize(
    ("new", "parameter", "name", "power"),
    [
        (Ridge, "alpha", "alpha / mean squared length", 1),
        (LDA, "shrinkage", "shrinkage", 0),
        (LinearSVM, "C", "C x mean squared length", -1),
        (partial(SVM, kernel="linear"), "C", "C x mean squared length", -1),
    ],
)
def test_the_chosen_strength_is_reported(new, parameter, name, power):
    """A classifier that is given the reported strength predicts the same."""
    part, unseen = noisy(), noisy(seed=50)
    learnt = fitted(new(), part)
    reported = learnt.list_choices()
    given = fitted(new(**{parameter: reported[name] * lengths(part) ** power}), part)
    assert given.list_choices() == {}
    np.testing.assert_allclose(asked(given, unseen), asked(learnt, unseen), rtol=0, atol=1e-3)
    other = fitted(new(**{parameter: reported[name] * lengths(part) ** power / 1000}), part)
    assert np.abs(asked(other, unseen) - asked(learnt, unseen)).max() > 1e-2


def test_the_chosen_strength_is_reported_for_each_class_of_several_labels():
    part = noisy()
    several = replace(part, labels=np.eye(3, dtype=np.int64)[part.labels])
    (chosen,) = fitted(Ridge(), several).list_choices().values()
    assert len(chosen) == 3
    for at, value in enumerate(chosen):
        alone = replace(part, labels=several.labels[:, at], classes=("no", "yes"))
        assert fitted(Ridge(), alone).list_choices() == {"alpha / mean squared length": value}
