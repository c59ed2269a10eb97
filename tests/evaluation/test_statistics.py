"""Statistics against scipy, enumeration and hand-made cases."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import permutation_test

from mertk.core import metrics
from mertk.evaluation import statistics


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
    found = statistics.paired_permutation(a, b, metrics.standard_scores, "UF1")
    assert found.exact
    assert found.p == pytest.approx(extreme / 64)


def test_permutation_of_accuracies_equals_scipy():
    rng = np.random.default_rng(2)
    hits_a, hits_b = rng.integers(0, 9, 8), rng.integers(0, 9, 8)

    def matrices(hits):
        return np.array([[[h, 8 - h], [0, 0]] for h in hits])[None]

    ours = statistics.paired_permutation(
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
    exact = statistics.paired_permutation(a, b, metrics.standard_scores, "UF1")
    drawn = statistics.paired_permutation(a, b, metrics.standard_scores, "UF1", permutations=1000)
    assert exact.exact
    assert not drawn.exact
    assert drawn.p == pytest.approx(exact.p, abs=0.06)


def test_a_model_against_itself_is_no_difference():
    a = some(np.random.default_rng(4))
    found = statistics.paired_permutation(a, a, metrics.standard_scores, "UF1")
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def mixed(rng, draws, subjects, models=1):
    """Confusion matrices of subjects with recalls of their own `[models, draws, subjects, 3, 3]`."""
    clips = rng.multinomial(rng.integers(3, 13, (draws, subjects)), [0.57, 0.25, 0.18])
    recalls = np.full((3, 3), 0.7) + 2 * np.eye(3)
    drawn = rng.standard_gamma(recalls, (models, draws, subjects, 3, 3))
    return rng.multinomial(clips, drawn / drawn.sum(axis=-1, keepdims=True))


def test_an_interval_is_the_jackknifes_on_the_logit_scale():
    rng = np.random.default_rng(5)
    confusions = some(rng, seeds=2)
    found = statistics.score_intervals(confusions, metrics.standard_scores)["UF1"]
    value = np.mean([metrics.uf1(m.sum(axis=0)) for m in confusions])
    without = [
        np.mean([metrics.uf1(np.delete(m, at, axis=0).sum(axis=0)) for m in confusions])
        for at in range(6)
    ]
    bias = 5 * (np.mean(without) - value)
    error = np.sqrt(5 / 6 * np.sum((np.array(without) - value) ** 2))
    reach = 2.570582 * error / (value * (1 - value))  # t of 5 degrees of freedom
    middle = np.log(value / (1 - value)) - bias / (value * (1 - value))
    assert found == pytest.approx([1 / (1 + np.exp(-middle + side * reach)) for side in (1, -1)])


@pytest.mark.parametrize("subjects", [8, 26])
def test_intervals_hold_the_true_score_as_often_as_they_say(subjects):
    rng = np.random.default_rng(6)
    true = metrics.standard_scores(mixed(rng, 1, 200_000)[0, 0].sum(axis=0))
    inside = dict.fromkeys(true, 0)
    for draw in mixed(rng, 1000, subjects)[0]:
        for name, (low, high) in statistics.score_intervals(
            draw[None], metrics.standard_scores
        ).items():
            inside[name] += low <= true[name] <= high
    assert min(inside.values()) >= 930
    assert max(inside.values()) <= 970


def test_intervals_of_multi_label_scores_hold_them_too():
    rng = np.random.default_rng(7)

    def drawn(draws):
        presence = rng.multinomial(6, [0.6, 0.4], (draws, 8, 3))
        found = rng.binomial(presence, rng.beta(3, 1.5, (draws, 8, 3, 2)))
        hits, misses = found, presence - found
        rows = [hits[..., 0], misses[..., 0]], [misses[..., 1], hits[..., 1]]
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    true = metrics.multilabel_scores(drawn(50_000).sum(axis=(0, 1)))
    inside = dict.fromkeys(true, 0)
    for draw in drawn(600):
        ends = statistics.score_intervals(draw[None], metrics.multilabel_scores)
        for name, (low, high) in ends.items():
            inside[name] += low <= true[name] <= high
    assert min(inside.values()) >= 0.93 * 600
    assert max(inside.values()) <= 0.975 * 600


def test_a_score_without_a_failure_is_not_known_exactly():
    right = np.array([[[9, 0], [0, 9]]] * 8)[None]
    wrong = right[..., ::-1]
    found = statistics.score_intervals(right, metrics.standard_scores)
    assert found["UF1"] == pytest.approx((0.025 ** (1 / 8), 1))
    assert statistics.score_intervals(wrong, metrics.standard_scores)["accuracy"] == pytest.approx(
        (0, 1 - 0.025 ** (1 / 8))
    )


def test_one_subject_tells_nothing_about_others():
    one = some(np.random.default_rng(8), subjects=1)
    assert statistics.score_intervals(one, metrics.standard_scores)["UF1"] == (0, 1)
    assert statistics.paired_permutation(one, 2 * one, metrics.standard_scores, "UF1").low == -1


def test_a_score_that_may_be_negative_has_an_interval_on_its_own_scale():
    confusions = some(np.random.default_rng(9))

    def shifted(matrix):
        return {"below chance": metrics.uf1(matrix) - 0.5}

    low, high = statistics.score_intervals(confusions, shifted)["below chance"]
    value = statistics.compute_pooled_scores(confusions, shifted)["below chance"]
    whole = confusions.sum(axis=1, keepdims=True)
    gaps = metrics.uf1(whole - confusions)[0] - 0.5 - value
    error = np.sqrt(5 * (gaps**2).mean())
    assert low < 0
    assert (low + high) / 2 == pytest.approx(value - 5 * gaps.mean())
    assert high - low == pytest.approx(2 * 2.570582 * error)


def test_the_interval_of_a_difference_excludes_0_as_seldom_as_the_test():
    rng = np.random.default_rng(10)
    one, other = mixed(rng, 400, 8, models=2)
    tests = [
        statistics.paired_permutation(a[None], b[None], metrics.standard_scores, "UF1")
        for a, b in zip(one, other, strict=True)
    ]
    excluded = np.array([not test.low <= 0 <= test.high for test in tests])
    assert excluded.mean() <= 0.07
    assert (excluded == [test.p < 0.05 for test in tests]).mean() >= 0.95


@pytest.mark.parametrize(("subjects", "shown"), [(5, False), (6, True)])
def test_a_model_that_is_always_right_is_above_one_that_never_is_from_6_subjects_on(
    subjects, shown
):
    right = np.array([[[9, 0], [0, 0]]] * subjects)[None]
    wrong = np.array([[[0, 9], [0, 0]]] * subjects)[None]
    test = statistics.paired_permutation(right, wrong, metrics.standard_scores, "accuracy")
    assert (test.p < 0.05, test.low > 0, test.high) == (shown, shown, 1)


def test_what_is_said_of_few_subjects_is_what_was_measured():
    text = (Path(__file__).parents[2] / "benchmarks" / "results" / "coverage.txt").read_text()
    lines = text.partition("below 8 subjects")[2].splitlines()[1:]
    measured = {int(n): (int(mean), int(least)) for n, mean, least in map(str.split, lines)}
    assert measured == statistics.COVERED
    assert max(measured) == statistics.ENOUGH_SUBJECTS - 1


def test_chance_is_where_guessing_falls():
    rng = np.random.default_rng(6)
    people = np.repeat([f"p{i}" for i in range(12)], 9)
    truth = rng.integers(0, 3, len(people))
    low, high = statistics.compute_chance_level(truth, people, 3, metrics.standard_scores)["UF1"]
    guesses = [
        float(metrics.uf1(metrics.confusion(truth, rng.integers(0, 3, len(truth)), 3)))
        for _ in range(500)
    ]
    share = np.mean([(low <= g <= high) for g in guesses])
    assert 0.9 <= share <= 0.985


def test_a_model_without_chance_is_compared_with_all_seeds_of_another():
    rng = np.random.default_rng(7)
    a, b = some(rng, seeds=3), some(rng, seeds=1)
    found = statistics.paired_permutation(a, b, metrics.standard_scores, "UF1")
    mean = np.mean([metrics.uf1(m.sum(0)) for m in a]) - metrics.uf1(b[0].sum(0))
    assert found.difference == pytest.approx(mean)


def many(rng, seeds=1, subjects=6, labels=4):
    return rng.integers(0, 5, (seeds, subjects, labels, 2, 2))


def test_matrices_of_several_labels_are_tested_and_left_out_together():
    rng = np.random.default_rng(8)
    a, b = many(rng, seeds=2), many(rng)
    found = statistics.paired_permutation(a, b, metrics.multilabel_scores, "macro F1")
    mean = np.mean([metrics.macro_f1(m.sum(0)) for m in a]) - metrics.macro_f1(b[0].sum(0)).mean()
    assert found.exact
    assert found.difference == pytest.approx(mean)
    low, high = statistics.score_intervals(a, metrics.multilabel_scores)["binary F1"]
    assert low < statistics.compute_pooled_scores(a, metrics.multilabel_scores)["binary F1"] < high


def test_a_single_label_of_two_classes_is_tested_as_ever():
    rng = np.random.default_rng(9)
    a, b = many(rng, labels=1), many(rng, labels=1)
    found = statistics.paired_permutation(a, b, metrics.multilabel_scores, "macro F1")
    plain = statistics.paired_permutation(a[:, :, 0], b[:, :, 0], metrics.standard_scores, "UF1")
    assert (found.difference, found.low, found.high, found.p) == (
        plain.difference, plain.low, plain.high, plain.p,
    )  # fmt: skip


def test_a_subjects_matrices_count_each_label_by_itself():
    truth, predicted = np.array([[1, 0], [1, 1], [0, 0]]), np.array([[1, 0], [0, 1], [0, 1]])
    found = statistics.subject_confusions(truth, predicted, np.array(["b", "a", "a"]), 2)
    assert found.shape == (2, 2, 2, 2)
    assert found[0].tolist() == [[[1, 0], [1, 0]], [[0, 1], [0, 1]]]
    assert found[1].tolist() == [[[0, 0], [0, 1]], [[1, 0], [0, 0]]]


def test_chance_draws_each_label_by_the_other_subjects_frequency():
    rng = np.random.default_rng(10)
    people = np.repeat([f"p{i}" for i in range(12)], 9)
    truth = (rng.random((len(people), 3)) < [0.5, 0.2, 0.05]).astype(np.int64)
    low, high = statistics.compute_chance_level(truth, people, 3, metrics.multilabel_scores)[
        "binary F1"
    ]
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
        assert statistics.holm(p.tolist()) == pytest.approx(closed)
    assert statistics.holm([]) == []


def test_a_family_of_comparisons_is_corrected_together():
    a = np.array([[[9, 0], [0, 0]]] * 6)[None]
    worse = np.array([[[0, 9], [0, 0]]] * 6)[None]
    family = {
        name: statistics.paired_permutation(a, b, metrics.standard_scores, "accuracy")
        for name, b in (("worse", worse), ("same", a), ("as bad", worse))
    }
    found = statistics.correct_comparisons(family)
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
    assert statistics.rank_biserial(a, b) == pytest.approx((above - (total - above)) / total)
    assert statistics.rank_biserial(b, a) == -statistics.rank_biserial(a, b)
    assert statistics.rank_biserial(a, a) == 0
    assert statistics.rank_biserial(a + 1, b) == 1
