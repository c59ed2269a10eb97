"""Folds of whole people, with the labels of any protocol, and the ten folds of DFME."""

from __future__ import annotations

import numpy as np
import published as of
import pytest
from sklearn.model_selection import KFold as Reference

import mertk
from mertk.core.splits import check_splits, split_people

REGISTRY = mertk.load_plugins().registry


def build(text):
    return REGISTRY.build("protocol", mertk.Use.parse(text))


def clips_of(people, emotions, dataset="dfme"):
    return [
        of.clip(of.row(dataset, person, f"{person}_{at}", emotion=emotion), at)
        for at, (person, emotion) in enumerate(zip(people, emotions, strict=True))
    ]


def composite(seed=0):
    """The people and classes of the composite database: 442 clips, 68 people."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(3), (250, 109, 83)))
    extra = rng.choice(68, 442 - 68, p=rng.dirichlet(np.full(68, 2.0)))
    people = np.array([f"p{at:02}" for at in rng.permutation([*range(68), *extra])])
    return people, labels


def test_every_fold_has_its_share_of_every_class_and_nobody_is_in_two():
    people, labels = composite()
    splits = check_splits(split_people(people, labels, 10), people)
    assert [split.name for split in splits] == [f"fold{at}" for at in range(1, 11)]
    counts = np.array([np.bincount(labels[split.test], minlength=3) for split in splits])
    np.testing.assert_allclose(counts, np.broadcast_to([25, 10.9, 8.3], (10, 3)), atol=4)


def test_the_order_of_clips_does_not_matter_and_a_draw_gives_other_folds():
    people, labels = composite()
    order = np.random.default_rng(1).permutation(len(people))
    plain, moved = split_people(people, labels, 5), split_people(people[order], labels[order], 5)
    for one, other in zip(plain, moved, strict=True):
        assert set(people[one.test]) == set(people[order][other.test])
    drawn = split_people(people, labels, 5, rng=np.random.default_rng(0))
    assert any(set(a.test) != set(b.test) for a, b in zip(plain, drawn, strict=True))


def test_no_fold_is_empty_where_there_are_as_many_people_as_folds():
    people = np.array(["a"] * 9 + ["b"] * 9 + ["c", "d"])
    splits = split_people(people, np.zeros(20, int), 4)
    assert sorted(len(split.test) for split in splits) == [1, 1, 9, 9]


@pytest.mark.parametrize("folds", [1, 5])
def test_too_few_people_or_folds_are_refused(folds):
    with pytest.raises(mertk.ProtocolError, match="at most the number of people, which is 4"):
        split_people(["a", "b", "c", "d"], np.zeros(4, int), folds)


def test_two_spellings_of_a_person_are_refused():
    with pytest.raises(mertk.ProtocolError):
        split_people(["s1", "s01", "s2"], np.zeros(3, int), 2)


def test_labels_and_clip_lists_are_those_of_the_named_protocol():
    rules, named = build("kfold:labels=megc2019,folds=2"), build("megc2019")
    assert (rules.classes, rules.datasets) == (named.classes, named.datasets)
    assert rules.manifests == named.manifests
    clips = clips_of(["p1", "p2", "p3"], ["disgust", "others", "surprise"], "samm")
    assert [rules.label(clip) for clip in clips] == ["negative", None, "surprise"]
    kept = [clips[0], clips[2]]
    assert len(check_splits(rules.splits(kept), [clip.person for clip in kept])) == 2


def test_a_protocol_of_many_labels_keeps_its_matrices():
    rules = build("kfold:labels=fourdme_5,folds=2")
    assert rules.multilabel
    assert list(rules.score(np.ones((5, 2, 2)))) == ["binary F1", "macro F1"]


@pytest.mark.parametrize(
    ("text", "told"), [("kfold:folds=1", "2 or more"), ("kfold:labels=kfold", "name the protocol")]
)
def test_what_makes_no_folds_is_refused_by_name(text, told):
    with pytest.raises(mertk.ParameterError, match=told):
        build(text)


def test_dfme_in_ten_folds_is_the_published_recipe():
    names = [f"sub{at:04}" for at in range(1, 36)]
    people = [name for name in names for _ in range(3)]
    rules = build("dfme_10fold")
    clips = clips_of(people, ["anger", "fear", "surprise"] * 35)
    splits = check_splits(rules.splits(clips), [clip.person for clip in clips])
    expected = [
        {names[at] for at in test}
        for _, test in Reference(10, shuffle=True, random_state=1).split(names)
    ]
    assert [{clips[at].subject for at in split.test} for split in splits] == expected
    assert len(rules.classes) == 7
