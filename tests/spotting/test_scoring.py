"""Spotting scores: small cases by hand, properties, and where the challenges' script differs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mertk.core.errors import DataError
from mertk.spotting import scoring
from mertk.spotting.scoring import Counts, Interval


def at(onset, offset, video="v1", **more):
    return Interval(video, onset, offset, **more)


intervals = st.lists(
    st.builds(
        lambda video, onset, length, emotion, subject: Interval(
            video, onset, onset + length, emotion=emotion, subject=subject
        ),
        st.sampled_from(["v1", "v2", "v3"]),
        st.integers(1, 25),
        st.integers(0, 12),
        st.sampled_from(["negative", "positive", "surprise"]),
        st.sampled_from(["s1", "s2"]),
    ),
    max_size=12,
)
apart = st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=8).map(
    lambda starts: [at(20 * start, 20 * start + 9, emotion="ab"[start % 2]) for start in starts]
)


# the rules, by hand


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((1, 10), (1, 10), 1.0),
        ((1, 10), (6, 15), 1 / 3),  # 5 of 15 frames
        ((1, 10), (1, 20), 0.5),
        ((1, 10), (10, 10), 0.1),  # both ends count
        ((1, 10), (11, 20), 0.0),
    ],
)
def test_iou_counts_frames_with_both_ends(one, other, expected):
    assert scoring.iou([at(*one)], [at(*other)])[0, 0] == pytest.approx(expected)


def test_an_iou_of_exactly_one_half_matches_and_less_does_not():
    assert scoring.spot([at(1, 10)], [at(1, 20)]).overall.matches == 1
    assert scoring.spot([at(1, 10)], [at(1, 21)]).overall.matches == 0


def test_all_videos_are_pooled_also_those_with_one_side_alone():
    truths = [at(1, 10), at(50, 60), at(1, 10, "truth alone")]
    predictions = [at(2, 10), at(1, 5, "prediction alone"), at(9, 15, "prediction alone")]
    counts = scoring.spot(truths, predictions).overall
    assert counts == Counts(matches=1, truths=3, predictions=3)
    assert (counts.precision, counts.recall) == (1 / 3, 1 / 3)
    assert counts.f1 == pytest.approx(2 * 1 / (3 + 3))


def test_a_truth_is_matched_once_and_so_is_a_prediction():
    assert scoring.spot([at(1, 10)], [at(1, 10), at(2, 10)]).overall == Counts(1, 1, 2)
    assert scoring.spot([at(1, 10), at(11, 20)], [at(1, 20)]).overall == Counts(1, 2, 1)


def test_as_many_pairs_are_made_as_can_be():
    truths = [at(1, 10), at(4, 13)]
    predictions = [at(3, 11), at(1, 8)]  # the first fits both, the second the first truth alone
    assert scoring.iou(truths, predictions).round(2).tolist() == [[0.73, 0.8], [0.73, 0.38]]
    pairs = scoring.match_intervals(truths, predictions)
    assert pairs == [(truths[0], predictions[1]), (truths[1], predictions[0])]


def test_of_equally_many_pairs_the_best_overlaps_are_taken():
    near, far = at(1, 10, emotion="a"), at(3, 12, emotion="b")
    assert scoring.match_intervals([at(1, 10)], [far, near]) == [(at(1, 10), near)]


def test_videos_of_two_subjects_may_have_one_name():
    truths = [at(1, 10, subject="s15"), at(30, 40, subject="s16")]
    predictions = [at(1, 10, subject="s16"), at(30, 40, subject="s16")]
    assert scoring.spot(truths, predictions).overall.matches == 1


def test_a_video_that_is_spelt_twice_on_one_side_is_refused():
    both = [Interval("v1", 1, 10), Interval("V01.avi", 20, 30)]
    with pytest.raises(DataError, match="videos that differ in spelling alone: 'V01.avi' and 'v1'"):
        scoring.spot(both, [])


def test_videos_of_two_subjects_may_differ_in_spelling_alone():
    truths = [Interval("0101", 1, 10, subject="s1"), Interval("101", 1, 10, subject="s2")]
    assert scoring.spot(truths, truths).overall.matches == 2


def test_kinds_are_scored_apart_and_added_up():
    truths = [at(1, 10, kind="micro"), at(30, 60, kind="macro"), at(70, 99, kind="macro")]
    predictions = [at(1, 10, kind="macro"), at(30, 60, kind="macro")]
    found = scoring.spot(truths, predictions)
    assert found.by_kind == {"micro": Counts(0, 1, 0), "macro": Counts(1, 2, 2)}
    assert found.overall == Counts(1, 3, 2)


def test_without_kinds_on_one_side_all_are_compared_with_all():
    found = scoring.spot([at(1, 10, kind="micro"), at(30, 60, kind="macro")], [at(30, 60)])
    assert found.by_kind == {}
    assert found.overall == Counts(1, 2, 1)


def test_predictions_without_subjects_are_found_by_their_video():
    found = scoring.spot([at(1, 10, subject="s1")], [at(1, 10), at(1, 10, "v2")])
    assert found.overall == Counts(1, 1, 2)


def test_a_video_of_two_subjects_needs_to_be_told_apart():
    with pytest.raises(DataError, match="video 'v1' is of s1 and of s2.*give them one"):
        scoring.spot([at(1, 10, subject="s1"), at(1, 10, subject="s2")], [at(1, 10)])


@pytest.mark.parametrize("what", ["kind", "subject"])
def test_what_only_some_intervals_know_is_refused(what):
    some = [at(1, 10, **{what: "a"}), at(20, 30)]
    with pytest.raises(DataError, match=f"some intervals have a {what} and some have none"):
        scoring.spot(some, [at(1, 10, **{what: "a"})])


def test_an_offset_before_the_onset_is_refused():
    with pytest.raises(DataError, match="offset 0 lies before onset 557.*takes the apex"):
        at(557, 0)


def test_nothing_at_all_scores_zero():
    counts = scoring.spot([], []).overall
    assert (counts.f1, counts.precision, counts.recall) == (0, 0, 0)


# properties


@given(intervals, intervals, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(truths, predictions, random):
    before = scoring.spot(truths, predictions)
    mixed, also = random.sample(truths, len(truths)), random.sample(predictions, len(predictions))
    assert scoring.spot(mixed, also).overall == before.overall
    if truths:
        assert scoring.strs(mixed, also) == scoring.strs(truths, predictions)


@given(intervals)
def test_spotting_the_truth_itself_scores_one(truths):
    counts = scoring.spot(truths, truths).overall
    assert counts.f1 == (1 if truths else 0)
    if truths:
        assert scoring.strs(truths, truths).spotting.f1 == 1


@given(apart)
def test_spotting_and_recognising_the_truth_scores_one(truths):
    assert scoring.strs(truths, truths).value == 1


@given(intervals, intervals)
def test_a_match_is_one_whichever_side_is_the_truth(one, other):
    there, back = scoring.spot(one, other).overall, scoring.spot(other, one).overall
    assert there.matches == back.matches
    assert (there.precision, there.f1) == (back.recall, back.f1)


@given(intervals, intervals, st.sampled_from(["v1", "elsewhere"]))
def test_a_false_positive_never_raises_f1(truths, predictions, video):
    wrong = Interval(video, 900, 910, emotion="negative", subject="s1")
    before, after = (
        scoring.spot(truths, spotted).overall.f1 for spotted in (predictions, [*predictions, wrong])
    )
    assert after <= before
    assert after < before or before == 0


@given(intervals, intervals)
def test_no_interval_is_matched_twice(truths, predictions):
    pairs = scoring.spot(truths, predictions).pairs
    for side, given_intervals in zip(zip(*pairs, strict=True), (truths, predictions), strict=False):
        assert all(side.count(one) <= given_intervals.count(one) for one in side)
    assert all(scoring.iou([t], [p])[0, 0] >= 0.5 for t, p in pairs)


@given(st.lists(st.booleans(), min_size=6, max_size=6), intervals)
@settings(max_examples=50)
def test_no_matching_has_more_pairs_than_the_one_found(mask, some):
    """Against all matchings, of up to six predictions."""
    truths = [one for one, keep in zip(some, mask, strict=False) if keep][:4]
    predictions = some[:6]
    good = [
        [t.subject == p.subject and t.video == p.video and scoring.iou([t], [p])[0, 0] >= 0.5
         for p in predictions] for t in truths
    ]  # fmt: skip

    def most(row, taken):
        if row == len(truths):
            return 0
        free = [p for p in range(len(predictions)) if good[row][p] and p not in taken]
        return max([most(row + 1, taken), *(1 + most(row + 1, taken | {p}) for p in free)])

    assert scoring.spot(truths, predictions).overall.matches == most(0, frozenset())


# spotting, then recognising


def test_strs_is_f1_of_spotting_times_uf1_of_what_was_spotted():
    truths = [
        at(1, 10, emotion="negative"),
        at(50, 60, emotion="positive"),
        at(90, 99, emotion="negative"),
        at(200, 220, emotion="negative"),
    ]
    predictions = [
        at(1, 10, emotion="negative"),
        at(50, 60, emotion="negative"),
        at(90, 99, emotion="negative"),
        at(300, 310, emotion="positive"),
    ]
    found = scoring.strs(truths, predictions)
    assert found.spotting == Counts(3, 4, 4)
    assert found.recognition == pytest.approx({"UF1": (4 / 5 + 0) / 2, "UAR": (1 + 0) / 2})
    assert found.value == pytest.approx(0.75 * 0.4)


def test_strs_scores_over_the_fixed_class_list():
    truths = [at(1, 10, emotion="negative"), at(30, 40, emotion="others")]
    found = scoring.strs(truths, truths, classes=["negative", "positive", "surprise"])
    assert found.spotted == 1  # others is spotted, and not recognised
    assert found.recognition["UF1"] == pytest.approx(1 / 3)


def test_an_emotion_that_is_no_class_is_a_miss_and_no_crash():
    truths, predictions = [at(1, 10, emotion="negative")], [at(1, 10, emotion="bored")]
    found = scoring.strs(truths, predictions, classes=["negative", "positive"])
    assert (found.spotted, found.value) == (1, 0)


def test_strs_needs_emotions():
    with pytest.raises(DataError, match="the prediction .* has none"):
        scoring.strs([at(1, 10, emotion="negative")], [at(1, 10)])


# where the script of the challenges differs


def spot_both(truths, predictions):
    by_rules = scoring.spot(truths, predictions).overall
    return by_rules, scoring.spot(truths, predictions, rule="strs2023").overall


def test_the_script_forgets_what_was_missed_in_subjects_without_predictions():
    truths = [at(1, 10, subject="s1"), at(1, 10, "v2", subject="s2")]
    rules, script = spot_both(truths, [at(1, 10, subject="s1")])
    assert (rules.recall, script.recall) == (0.5, 1.0)


def test_the_script_counts_what_was_missed_in_other_videos_of_a_subject():
    truths = [at(1, 10, subject="s1"), at(1, 10, "v2", subject="s1")]
    rules, script = spot_both(truths, [at(1, 10, subject="s1")])
    assert rules == script == Counts(1, 2, 1)


def test_the_script_forgives_predictions_in_videos_without_truth():
    rules, script = spot_both([at(1, 10)], [at(1, 10), at(1, 10, "v2"), at(50, 90, "v2")])
    assert (rules.precision, script.precision) == (1 / 3, 1.0)


def test_the_scripts_prediction_takes_several_truths():
    rules, script = spot_both([at(1, 10), at(11, 20)], [at(1, 20)])
    assert rules == Counts(1, 2, 1)
    assert (script.matches, script.f1) == (2, 1.0)


def test_the_scripts_matching_depends_on_the_order_of_rows():
    truths, fits_both, fits_one = [at(1, 10), at(11, 20)], at(1, 20), at(1, 10)
    assert spot_both(truths, [fits_both, fits_one]) == (Counts(2, 2, 2), Counts(2, 2, 3))
    assert spot_both(truths, [fits_one, fits_both]) == (Counts(2, 2, 2), Counts(2, 2, 2))


def recognised(*emotions):
    """Perfect spotting, with these (true, predicted) emotions."""
    truths = [at(20 * n, 20 * n + 9, emotion=true) for n, (true, _) in enumerate(emotions)]
    predictions = [at(20 * n, 20 * n + 9, emotion=said) for n, (_, said) in enumerate(emotions)]
    both = [scoring.strs(truths, predictions, rule=rule) for rule in ("one_to_one", "strs2023")]
    return both[0].recognition, both[1].recognition


def test_the_scripts_f1_is_of_macro_precision_and_macro_recall_and_its_uar_is_precision():
    rules, script = recognised(("a", "a"), ("a", "a"), ("b", "b"), ("b", "a"))
    assert rules["UAR"] == pytest.approx((1 + 1 / 2) / 2)
    assert rules["UF1"] == script["UF1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    precision = (2 / 3 + 1) / 2
    assert script["macro precision, called UAR"] == pytest.approx(precision)
    assert script["macro recall"] == pytest.approx(0.75)
    f1 = script["F1 of macro precision and macro recall"]
    assert f1 == pytest.approx(2 * precision * 0.75 / (precision + 0.75))
    assert f1 != pytest.approx(rules["UF1"], abs=0.01)


def test_the_script_gives_zero_where_all_that_was_spotted_is_one_emotion_and_right():
    rules, script = recognised(("a", "a"), ("a", "a"))
    assert (rules["UF1"], script["UF1"]) == (1, 0)


def test_the_script_scores_strs_by_its_own_f1():
    truths = [at(1, 10, emotion="a"), at(50, 60, emotion="b")]
    found = scoring.strs(truths, [at(1, 10, emotion="b"), at(50, 60, emotion="b")], rule="strs2023")
    assert found.spotting.f1 == 1
    assert found.value == pytest.approx(2 * 0.25 * 0.5 / 0.75)


def test_the_script_ends_in_zero_where_nothing_matches():
    truths, predictions = [at(1, 10, emotion="a")], [at(90, 99, emotion="a")]
    assert scoring.strs(truths, predictions, rule="strs2023").value == 0


@given(apart)
def test_rules_and_script_agree_on_f1_where_all_is_simple(truths):
    rules, script = spot_both(truths, truths[::2])
    assert rules == script


# rules of published tables


def f1_by(rule, truths, predictions):
    return scoring.spot(truths, predictions, rule=rule).overall


def test_the_rule_of_the_megc_2020_baseline_counts_a_truth_that_any_prediction_finds():
    truths = [at(1, 10), at(11, 20), at(50, 60)]
    counts = f1_by("megc2020", truths, [at(1, 20), at(50, 60), at(51, 60), at(90, 99, "v2")])
    assert counts == Counts(3, 3, 4)
    assert counts.f1 == pytest.approx(6 / 7)
    assert f1_by("one_to_one", truths, [at(1, 20)]) == Counts(1, 3, 1)


def test_the_published_f1_of_the_megc_2020_baseline_is_of_that_rule():
    assert round(Counts(130, 357, 6558).f1, 4) == 0.0376  # truths found by any prediction
    assert round(Counts(125, 357, 6558).f1, 4) == 0.0362  # one to one


def test_softnets_rule_lets_a_prediction_look_at_the_truth_it_overlaps_most_alone():
    truths = [at(1, 10), at(4, 13)]
    predictions = [at(3, 11), at(2, 12)]  # both overlap the second truth most
    assert f1_by("softnet", truths, predictions) == Counts(1, 2, 2)
    assert f1_by("one_to_one", truths, predictions) == Counts(2, 2, 2)


def test_softnets_rule_needs_an_iou_above_one_half():
    assert f1_by("softnet", [at(1, 10)], [at(1, 20)]) == Counts(0, 1, 1)
    assert f1_by("softnet", [at(1, 10)], [at(1, 19)]) == Counts(1, 1, 1)


def test_softnets_rule_counts_a_wrong_prediction_in_each_video_without_one():
    truths = [at(1, 10), at(1, 10, "v2")]
    assert f1_by("softnet", truths, [at(1, 10)]) == Counts(1, 2, 2)


def test_counts_of_subjects_add_up_to_the_whole():
    truths = [at(1, 10, subject="s1"), at(1, 10, "v2", subject="s2")]
    found = scoring.spot(truths, [at(1, 10, subject="s1")])
    assert found.by_subject == {"s1": Counts(1, 1, 1), "s2": Counts(0, 1, 0)}


@given(intervals, intervals)
def test_no_rule_finds_more_truths_than_there_are(truths, predictions):
    for rule in scoring.RULES:
        counts = f1_by(rule, truths, predictions)
        assert 0 <= counts.matches <= counts.truths <= len(truths)
