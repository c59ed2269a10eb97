"""Protocols over several databases: who is trained on, who is tested, what is asked of records."""

from collections import Counter

import numpy as np
import published as of
import pytest

import mertk
from mertk.cli import main
from mertk.core import splits
from mertk.experiment.task import make_task

REGISTRY = mertk.load_plugins().registry


def build(name, **params):
    return REGISTRY.build("protocol", mertk.Use(name, **params))


def clip(dataset, subject="p1", name="c1", **record):
    return of.clip(of.row(dataset, subject, name, **record), 0)


def folds(rules, clips):
    """Fold name → (databases trained on, databases tested)."""
    people = [one.person for one in clips]
    found = splits.check_splits(
        rules.splits(clips), people, every=getattr(rules, "tests_all", True)
    )
    of_set = np.array([one.dataset for one in clips])
    return {f.name: (set(of_set[f.train]), set(of_set[f.test])) for f in found}


# MEGC 2019


def test_megc_leaves_out_the_clips_that_the_official_list_lacks_whatever_their_label():
    rules = build("megc2019")
    for subject, name in [*of.CASME2_CHANGED, *of.CASME2_DISGUST, ("sub24", "EP02_07")]:
        for emotion in ("sadness", "surprise", "disgust"):
            assert rules.label(clip("casme2", subject, name, emotion=emotion)) is None
    assert rules.label(clip("casme2", "sub24", "EP01_08", emotion="disgust")) == "negative"
    assert rules.label(clip("casme2", "sub05", "EP12_03f", emotion="surprise")) == "surprise"


@pytest.mark.parametrize(
    ("dataset", "emotion", "label"),
    [
        ("samm", "sadness", "negative"),
        ("casme2", "sadness", None),
        ("casme2", "repression", "negative"),
        ("samm", "contempt", "negative"),
        ("samm", "others", None),
        ("smic", "positive", "positive"),
        ("mmew", "disgust", None),
    ],
)
def test_in_megc_an_emotion_means_what_it_means_in_its_database(dataset, emotion, label):
    assert build("megc2019").label(clip(dataset, emotion=emotion)) == label


def test_megc_leaves_out_one_of_68_people_at_a_time_and_not_two_of_the_same_name():
    rules = build("megc2019")
    clips = [
        clip(dataset, f"sub{n:02d}", f"c{m}", emotion="surprise")
        for dataset, people in (("casme2", 24), ("samm", 28), ("smic", 16))
        for n in range(people)
        for m in range(2)
    ]
    assert len(folds(rules, clips)) == 68


def test_all_unknown_folders_of_a_composite_are_asked_for_at_once(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--model", "majority", "--protocol", "megc2019", "--data", "casme2=here"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert ended.value.code == 2
    assert "needed are the data sets casme2, samm, smic; where samm, smic lie is not known" in said
    assert "--data samm=FOLDER --data smic=FOLDER" in said


# Objective classes


def test_megc_2018_asks_for_its_own_file_where_the_records_lack_it():
    for name in ("megc2018_cde", "megc2018_hde"):
        with pytest.raises(mertk.ProtocolError, match=r"CASME2-ObjectiveClasses\.xlsx"):
            build(name).label(clip("casme2", objective_class=3))
    given = clip("casme2", objective_class=3, objective_class_megc2018="1")
    assert build("megc2018_cde").label(given) == "I"
    assert build("objective5").label(given) == "III"


def test_objective_classes_that_a_rule_has_made_are_no_published_ones():
    by_rule = clip("casme2", objective_class=3, objective_class_source="rule")
    with pytest.raises(mertk.ProtocolError, match="no published objective class"):
        build("objective5").label(by_rule)


def test_the_sixth_and_seventh_class_and_none_are_left_out():
    found = [build("objective5").label(clip("samm", objective_class=n)) for n in (5, 6, 7, None)]
    assert found == ["V", None, None, None]


def test_the_holdout_evaluation_trains_on_one_database_and_tests_the_other():
    rules = build("megc2018_hde")
    clips = [clip("casme2", "p1"), clip("samm", "p1"), clip("samm", "p2")]
    assert folds(rules, clips) == {
        "casme2": ({"samm"}, {"casme2"}),
        "samm": ({"casme2"}, {"samm"}),
    }


def test_challenge_scores_are_those_that_the_challenge_names():
    matrix = np.array([[8, 2, 0, 0, 0], [0, 1, 1, 0, 0], *np.eye(5)[2:]])
    composite, holdout = (build(f"megc2018_{name}").score(matrix) for name in ("cde", "hde"))
    assert holdout["WAR"] == pytest.approx(12 / 15)
    assert holdout["UAR"] == composite["UAR"] == pytest.approx((0.8 + 0.5 + 3) / 5)
    f1 = np.array([16 / 18, 2 / 5, 2 / 3, 1, 1])
    assert composite["weighted F1"] == pytest.approx((f1 * [10, 2, 1, 1, 1]).sum() / 15)
    assert next(iter(composite)) == "UF1"


# Action units


def test_action_units_of_the_set_alone_are_labels_and_unknown_ones_are_no_absence():
    rules = build("au_casme2")
    assert rules.label(clip("casme2", au_known=True, au_set=[4, 9, 12])) == {"AU4", "AU12"}
    assert rules.label(clip("casme2", au_known=True, au_set=[43])) == frozenset()
    assert rules.label(clip("casme2", au_known=False)) is None
    assert rules.label(clip("samm", au_known=True, au_set=[4])) is None


@pytest.mark.parametrize(
    ("name", "coded", "expected"),
    [
        ("007_6_1", [6, 12, 15], {"AU12", "AU15"}),
        ("011_4_2", [12, 14], {"AU14"}),
        ("014_5_2", [12, 14], {"AU14"}),
        ("035_7_2", [14, 17, 24], {"AU14"}),
        ("035_7_1", [12, 17], {"AU12", "AU17"}),
    ],
)
def test_where_samm_leaves_the_au_open_the_published_counts_decide(name, coded, expected):
    one = clip("samm", name[:3], name, au_known=True, au_set=coded)
    assert build("cd6me").label(one) == expected
    assert build("au_samm").label(one) == expected & {"AU2", "AU4", "AU7", "AU12"}


def test_cd6me_leaves_one_of_six_databases_out():
    rules = build("cd6me")
    clips = [clip(name) for name in rules.datasets]
    found = folds(rules, clips)
    assert list(found) == list(rules.datasets)
    assert all(test == {name} and len(train) == 5 for name, (train, test) in found.items())


# Cross-database


CLIPS = [clip(name, emotion="surprise") for name in ("casme2", "samm", "mmew")]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"train": ["casme2"], "test": ["samm"]}, {"samm": ({"casme2"}, {"samm"})}),
        ({"test": ["samm"]}, {"samm": ({"casme2", "mmew"}, {"samm"})}),
        (
            {"train": ["mmew"]},
            {"casme2": ({"mmew"}, {"casme2"}), "samm": ({"mmew"}, {"samm"})},
        ),
        (
            {},
            {
                "casme2": ({"samm", "mmew"}, {"casme2"}),
                "samm": ({"casme2", "mmew"}, {"samm"}),
                "mmew": ({"casme2", "samm"}, {"mmew"}),
            },
        ),
    ],
)
def test_any_databases_can_be_trained_on_and_tested(params, expected):
    rules = build("cross", **params)
    counting = [one for one in CLIPS if rules.label(one) is not None]
    assert folds(rules, counting) == expected


def test_cross_names_its_data_sets_and_parses_from_the_command_line():
    use = mertk.Use.parse('cross:train=["casme2"],test=["samm","smic"]')
    assert REGISTRY.build("protocol", use).datasets == ("casme2", "samm", "smic")


def test_clips_of_one_database_cannot_be_crossed():
    with pytest.raises(mertk.ProtocolError, match="at least 2 of them; the clips are of casme2"):
        build("cross").splits(CLIPS[:1])


def test_a_database_that_nobody_gave_is_named():
    with pytest.raises(mertk.ProtocolError, match="'smic' is left; the clips are of casme2, samm"):
        build("cross", test=["smic"]).splits(CLIPS)


def test_other_columns_and_classes_can_be_crossed():
    rules = build("cross", column="objective_class", class_of={"1": "smile", "3": "frown"})
    assert rules.classes == ("smile", "frown")
    found = [rules.label(clip("samm", objective_class=n)) for n in (1, 3, 5, None)]
    assert found == ["smile", "frown", None, None]
    with pytest.raises(mertk.ProtocolError, match="no column 'mood'"):
        build("cross", column="mood").label(CLIPS[0])
    with pytest.raises(mertk.ParameterError, match="two classes"):
        build("cross", class_of={"1": "smile"})


def test_emotions_of_all_databases_meet_in_three_classes():
    words = ["repression", "contempt", "happiness", "positive", "surprise", "tense", "others"]
    found = [build("cross").label(clip("casme", emotion=word)) for word in words]
    assert found == ["negative"] * 2 + ["positive"] * 2 + ["surprise", None, None]


# Official parts, several labels, macro-expressions


def test_dfme_is_trained_on_its_training_part_alone():
    clips = [
        clip("dfme", f"{part}{n}", emotion="fear", official_split=part)
        for part in ("testB", "train", "testA")
        for n in range(2)
    ]
    found = {fold.name: (fold.train.tolist(), fold.test.tolist())
             for fold in build("dfme_7").splits(clips)}  # fmt: skip
    assert found == {"testA": ([2, 3], [4, 5]), "testB": ([2, 3], [0, 1])}
    lost = clip("dfme", emotion="fear", official_split="")
    with pytest.raises(mertk.ProtocolError, match="of the part '', which is none of train"):
        build("dfme_7").splits([*clips, lost])


def test_a_clip_of_4dme_keeps_all_its_emotions():
    rules = build("fourdme_5")
    assert rules.label(clip("fourdme", emotions=["positive", "surprise"])) == {
        "positive", "surprise",
    }  # fmt: skip
    assert rules.label(clip("fourdme", emotions=[])) is None


@pytest.mark.parametrize("name", ["casme_sq_4", "casme3_4", "cross"])
def test_macro_expressions_are_left_out(name):
    dataset = name.rpartition("_")[0] or "casme3"
    known = {"emotion": "surprise", "valence": "surprise"}
    kinds = [clip(dataset, expression_type=kind, **known) for kind in ("micro", "macro", "blink")]
    assert [build(name).label(one) for one in kinds] == ["surprise", None, None]


def test_made_up_clips_in_a_real_layout_are_not_held_against_published_lists():
    made = [
        of.clip(of.row("casme2", f"s{n % 3}", emotion=word, synthetic=True), n)
        for n, word in enumerate(["disgust", "happiness", "surprise"] * 3)
    ]
    task = make_task(REGISTRY, mertk.Use("casme2_3"), [mertk.Use("casme2")], made)
    assert (task.synthetic, task.published) == (True, None)
    assert Counter(task.sample.labels.tolist()) == {0: 3, 1: 3, 2: 3}
