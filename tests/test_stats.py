"""Statistics against scipy, enumeration and hand-made cases."""

import itertools

import numpy as np
import pytest
from scipy.stats import permutation_test

from mertk import metrics, stats


def some(rng, seeds=1, subjects=6, classes=3):
    return rng.integers(0, 5, (seeds, subjects, classes, classes))


def test_exact_permutation_equals_enumeration_by_hand():
    rng = np.random.default_rng(1)
    a, b = some(rng), some(rng)
    observed = abs(metrics.uf1(a[0].sum(0)) - metrics.uf1(b[0].sum(0)))
    extreme = 0
    for swap in itertools.product([0, 1], repeat=6):
        s = np.array(swap)[:, None, None]
        one = (a[0] * (1 - s) + b[0] * s).sum(0)
        two = (a[0] * s + b[0] * (1 - s)).sum(0)
        extreme += abs(metrics.uf1(one) - metrics.uf1(two)) >= observed - 1e-12
    found = stats.paired_permutation(a, b, metrics.standard_scores, "UF1")
    assert found.exact
    assert found.p == pytest.approx(extreme / 64)


def test_permutation_of_accuracies_equals_scipy():
    rng = np.random.default_rng(2)
    hits_a, hits_b = rng.integers(0, 9, 8), rng.integers(0, 9, 8)

    def matrices(hits):
        return np.array([[[h, 8 - h], [0, 0]] for h in hits])[None]

    ours = stats.paired_permutation(
        matrices(hits_a), matrices(hits_b), metrics.standard_scores, "accuracy"
    )
    theirs = permutation_test(
        (hits_a, hits_b), lambda x, y: x.mean() - y.mean(), permutation_type="samples",
        n_resamples=np.inf,
    )  # fmt: skip
    assert ours.p == pytest.approx(theirs.pvalue)


def test_drawn_permutations_agree_with_exact_ones():
    rng = np.random.default_rng(3)
    a, b = some(rng, subjects=10), some(rng, subjects=10)
    exact = stats.paired_permutation(a, b, metrics.standard_scores, "UF1")
    drawn = stats.paired_permutation(a, b, metrics.standard_scores, "UF1", permutations=1000)
    assert exact.exact
    assert not drawn.exact
    assert drawn.p == pytest.approx(exact.p, abs=0.06)


def test_a_model_against_itself_is_no_difference():
    a = some(np.random.default_rng(4))
    found = stats.paired_permutation(a, a, metrics.standard_scores, "UF1")
    assert (found.difference, found.p) == (0, 1)


def test_the_bootstrap_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(200):
        hits = rng.binomial(10, rng.beta(6, 4, 40))
        matrices = np.array([[[h, 10 - h], [0, 0]] for h in hits])[None]
        low, high = stats.bootstrap(matrices, metrics.standard_scores, resamples=400)["accuracy"]
        inside += low <= 0.6 <= high
    assert 0.88 <= inside / 200 <= 0.99


def test_chance_is_where_guessing_falls():
    rng = np.random.default_rng(6)
    people = np.repeat([f"p{i}" for i in range(12)], 9)
    truth = rng.integers(0, 3, len(people))
    low, high = stats.chance(truth, people, 3, metrics.standard_scores)["UF1"]
    guesses = [
        float(metrics.uf1(metrics.confusion(truth, rng.integers(0, 3, len(truth)), 3)))
        for _ in range(500)
    ]
    share = np.mean([(low <= g <= high) for g in guesses])
    assert 0.9 <= share <= 0.985


def test_a_model_without_chance_is_compared_with_all_seeds_of_another():
    rng = np.random.default_rng(7)
    a, b = some(rng, seeds=3), some(rng, seeds=1)
    found = stats.paired_permutation(a, b, metrics.standard_scores, "UF1")
    mean = np.mean([metrics.uf1(m.sum(0)) for m in a]) - metrics.uf1(b[0].sum(0))
    assert found.difference == pytest.approx(mean)


def many(rng, seeds=1, subjects=6, labels=4):
    return rng.integers(0, 5, (seeds, subjects, labels, 2, 2))


def test_matrices_of_several_labels_are_tested_and_resampled_together():
    rng = np.random.default_rng(8)
    a, b = many(rng, seeds=2), many(rng)
    found = stats.paired_permutation(a, b, metrics.multilabel_scores, "macro F1")
    mean = np.mean([metrics.macro_f1(m.sum(0)) for m in a]) - metrics.macro_f1(b[0].sum(0)).mean()
    assert found.exact
    assert found.difference == pytest.approx(mean)
    low, high = stats.bootstrap(a, metrics.multilabel_scores)["binary F1"]
    assert low < stats.pooled(a, metrics.multilabel_scores)["binary F1"] < high


def test_a_single_label_of_two_classes_is_tested_as_ever():
    rng = np.random.default_rng(9)
    a, b = many(rng, labels=1), many(rng, labels=1)
    found = stats.paired_permutation(a, b, metrics.multilabel_scores, "macro F1")
    plain = stats.paired_permutation(a[:, :, 0], b[:, :, 0], metrics.standard_scores, "UF1")
    assert (found.difference, found.low, found.high, found.p) == (
        plain.difference, plain.low, plain.high, plain.p,
    )  # fmt: skip


def test_a_subjects_matrices_count_each_label_by_itself():
    truth, predicted = np.array([[1, 0], [1, 1], [0, 0]]), np.array([[1, 0], [0, 1], [0, 1]])
    found = stats.subject_confusions(truth, predicted, np.array(["b", "a", "a"]), 2)
    assert found.shape == (2, 2, 2, 2)
    assert found[0].tolist() == [[[1, 0], [1, 0]], [[0, 1], [0, 1]]]
    assert found[1].tolist() == [[[0, 0], [0, 1]], [[1, 0], [0, 0]]]


def test_chance_draws_each_label_by_the_other_subjects_frequency():
    rng = np.random.default_rng(10)
    people = np.repeat([f"p{i}" for i in range(12)], 9)
    truth = (rng.random((len(people), 3)) < [0.5, 0.2, 0.05]).astype(np.int64)
    low, high = stats.chance(truth, people, 3, metrics.multilabel_scores)["binary F1"]
    shares = truth.mean(axis=0)
    assert low < shares.mean() < high  # guessing at rate p finds an F1 of about p
    guesses = [
        metrics.multilabel_scores(
            np.stack([metrics.confusion(t, g, 2) for t, g in zip(truth.T, drawn.T, strict=True)])
        )["binary F1"]
        for drawn in (rng.random((500, *truth.shape)) < shares).astype(np.int64)
    ]
    assert 0.9 <= np.mean([(low <= g <= high) for g in guesses]) <= 0.985


def test_holm_is_closed_testing_with_bonferroni():
    rng = np.random.default_rng(11)
    for count in (1, 2, 5):
        p = rng.random(count) ** 3
        subsets = [s for n in range(1, count + 1) for s in itertools.combinations(range(count), n)]
        closed = [
            max(min(1, len(s) * min(p[j] for j in s)) for s in subsets if at in s)
            for at in range(count)
        ]
        assert stats.holm(p.tolist()) == pytest.approx(closed)
    assert stats.holm([]) == []


def test_a_family_of_comparisons_is_corrected_together():
    a = np.array([[[9, 0], [0, 0]]] * 6)[None]
    worse = np.array([[[0, 9], [0, 0]]] * 6)[None]
    family = {
        name: stats.paired_permutation(a, b, metrics.standard_scores, "accuracy")
        for name, b in (("worse", worse), ("same", a), ("as bad", worse))
    }
    found = stats.corrected(family)
    assert [test.family for test in found.values()] == [3, 3, 3]
    assert found["worse"].p == pytest.approx(2 / 64)
    assert found["worse"].corrected == found["as bad"].corrected == pytest.approx(6 / 64)
    assert found["same"].corrected == 1


def test_rank_biserial_is_wilcoxons_sums_of_ranks():
    from scipy.stats import wilcoxon

    rng = np.random.default_rng(12)
    a, b = rng.integers(0, 6, 15) / 6, rng.integers(0, 6, 15) / 6
    differences = np.round(a - b, 12)
    differences = differences[differences != 0]
    above = wilcoxon(differences, alternative="greater", method="approx").statistic
    total = len(differences) * (len(differences) + 1) / 2
    assert stats.rank_biserial(a, b) == pytest.approx((above - (total - above)) / total)
    assert stats.rank_biserial(b, a) == -stats.rank_biserial(a, b)
    assert stats.rank_biserial(a, a) == 0
    assert stats.rank_biserial(a + 1, b) == 1
