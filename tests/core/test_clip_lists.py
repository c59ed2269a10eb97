import hashlib
from types import SimpleNamespace

from mertk.core.clip_lists import Manifest, find_nearest_list, list_hash


def clip(dataset, subject, name):
    return SimpleNamespace(
        dataset=dataset, subject=subject, name=f"{name}/7", record={"clip": name}
    )


CLIPS = [clip("a", "s1", "x"), clip("a", "s2", "y"), clip("b", "s1", "x")]
LABELS = ["pos", "neg", "pos"]
AS_PUBLISHED = Manifest(
    counts={"a": {"pos": 1, "neg": 1}, "b": {"pos": 1}},
    subjects={"a": 2, "b": 1},
    sha256=list_hash(CLIPS, LABELS),
)


def test_the_published_clips_are_accepted_in_any_order():
    assert AS_PUBLISHED.differences(CLIPS, LABELS) == []
    assert AS_PUBLISHED.differences(CLIPS[::-1], LABELS[::-1]) == []
    assert AS_PUBLISHED.total == 3


def test_the_hash_is_that_of_sorted_lines_without_the_onset():
    lines = "a/s1/x,pos\na/s2/y,neg\nb/s1/x,pos\n"
    assert list_hash(CLIPS, LABELS) == hashlib.sha256(lines.encode()).hexdigest()


def test_several_labels_of_a_clip_are_joined_sorted():
    lines = "a/s1/x,1+12\na/s2/y,\n"
    found = list_hash(CLIPS[:2], [frozenset({"12", "1"}), frozenset()])
    assert found == hashlib.sha256(lines.encode()).hexdigest()


def test_a_lost_clip_is_named_by_data_set_class_and_number():
    assert AS_PUBLISHED.differences(CLIPS[1:], LABELS[1:]) == [
        "a: 1 clips, published 2",
        "a: 0 pos, published 1",
        "a: 1 people, published 2",
    ]


def test_a_changed_label_is_named():
    assert AS_PUBLISHED.differences(CLIPS, ["neg", "neg", "pos"]) == [
        "a: 0 pos, published 1",
        "a: 2 neg, published 1",
    ]


def test_other_clips_in_the_same_number_are_told_by_the_hash():
    other = [CLIPS[0], clip("a", "s2", "z"), CLIPS[2]]
    (line,) = AS_PUBLISHED.differences(other, LABELS)
    assert "not the same" in line


def test_a_data_set_that_is_not_of_the_protocol_is_named():
    clips, labels = [*CLIPS, clip("c", "s1", "x")], [*LABELS, "pos"]
    assert "c: 1 clips, published 0" in AS_PUBLISHED.differences(clips, labels)


def test_clips_with_several_labels_are_counted_once_and_their_labels_each():
    published = Manifest(counts={"a": {"1": 2, "2": 1}}, clips={"a": 2})
    labels = [frozenset({"1", "2"}), frozenset({"1"})]
    assert published.differences(CLIPS[:2], labels) == []
    assert published.total == 2


def test_only_the_classes_are_compared_that_were_published_where_the_total_is_known():
    published = Manifest(counts={"a": {"pos": 1}}, clips={"a": 2})
    assert published.differences(CLIPS[:2], ["pos", "any"]) == []
    assert published.differences(CLIPS[:2], ["any", "any"]) == ["a: 0 pos, published 1"]
    assert published.differences(CLIPS[:1], ["pos"]) == ["a: 1 clips, published 2"]


def test_of_several_published_lists_the_nearest_in_numbers_is_taken_not_the_one_least_compared():
    close = Manifest(counts={"a": {"pos": 2}, "b": {"pos": 1}}, edition="close")  # two lines
    rough = Manifest(counts={"a": {}, "b": {}}, clips={"a": 2, "b": 9}, edition="rough")  # one
    best, differences = find_nearest_list([rough, close], CLIPS, LABELS)
    assert (best, len(differences)) == (close, 2)


def test_of_several_published_lists_the_nearest_is_taken():
    other = Manifest(counts={"a": {"pos": 9}}, edition="other")
    best, differences = find_nearest_list([other, AS_PUBLISHED], CLIPS, LABELS)
    assert best is AS_PUBLISHED
    assert differences == []
