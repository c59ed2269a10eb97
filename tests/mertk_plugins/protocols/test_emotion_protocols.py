from collections import Counter

import numpy as np
import pytest

import mertk
from mertk.core import splits

EMOTIONS = {"others": 99, "disgust": 63, "happiness": 32, "surprise": 25, "repression": 27,
            "sadness": 4, "fear": 2}  # fmt: skip
CHANGED = ("EP07_01", "EP07_04f", "EP10_03")


def clip(subject, name, emotion, dataset="casme2", **record):
    frames = mertk.Frames.of(np.zeros((1, 4, 4, 3), np.uint8))
    return mertk.Clip(
        dataset=dataset,
        subject=subject,
        name=f"{name}/1",
        footage=mertk.Footage(frames=frames, onset=0, offset=0),
        fingerprint="",
        record={"emotion": emotion, "label": emotion, "subject": subject, "clip": name, **record},
    )


def casme2(sheet):
    """Clips with the emotions of a whole edition of CASME II."""
    emotions = [emotion for emotion, count in EMOTIONS.items() for _ in range(count)]
    clips = [
        clip(f"sub{n % 23 + 1:02d}", f"EP50_{n}", emotion) for n, emotion in enumerate(emotions)
    ]
    changed = "sadness" if sheet == "2014" else "surprise"
    return clips + [clip("sub24", name, changed) for name in CHANGED]


def build(name, **params):
    return mertk.load_plugins().registry.build("protocol", mertk.Use(name, **params))


def counts(protocol, clips):
    found = Counter(label for c in clips if (label := protocol.label(c)) is not None)
    return tuple(found[name] for name in protocol.classes)


@pytest.mark.parametrize("sheet", ["2014", "2019"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("casme2_3", (90, 32, 25)),
        ("casme2_4", (90, 32, 25, 99)),
        ("casme2_5", (99, 63, 32, 27, 25)),
        ("casme2_7", (99, 63, 32, 25, 27, 7, 2)),
    ],
)
def test_published_counts_come_out_of_both_editions(name, expected, sheet):
    assert counts(build(name), casme2(sheet)) == expected


@pytest.mark.parametrize(
    ("name", "total"), [("casme2_3", 150), ("casme2_4", 249), ("casme2_5", 249), ("casme2_7", 255)]
)
def test_labels_can_be_taken_as_in_the_2019_file(name, total):
    assert sum(counts(build(name, labels="file"), casme2("2019"))) == total


def test_only_surprise_of_the_three_clips_is_taken_back():
    protocol = build("casme2_3")
    assert protocol.label(clip("sub24", "EP07_01", "surprise")) is None
    assert protocol.label(clip("sub24", "EP07_01", "disgust")) == "negative"
    assert protocol.label(clip("sub25", "EP07_01", "surprise")) == "surprise"


def test_another_edition_of_labels_is_refused():
    with pytest.raises(mertk.ParameterError, match="labels='2019'"):
        build("casme2_5", labels="2019")


@pytest.mark.parametrize("name", ["casme2_3", "casme2_4", "casme2_5", "casme2_7", "loso"])
def test_each_person_is_left_out_once(name):
    protocol = build(name)
    kept = [c for c in casme2("2019") if protocol.label(c) is not None]
    folds = splits.check_splits(protocol.splits(kept), [c.person for c in kept])
    assert len(folds) == len({c.person for c in kept})


@pytest.mark.parametrize("name", ["casme2_3", "loso"])
def test_scores_are_those_of_the_field(name):
    scores = build(name).score(np.eye(3) * 4)
    assert {key: float(value) for key, value in scores.items()} == {
        "UF1": 1.0, "UAR": 1.0, "accuracy": 1.0,
    }  # fmt: skip


def test_loso_takes_the_usual_label_of_any_data_set():
    protocol = build("loso")
    assert protocol.classes == ()
    assert protocol.label(clip("s1", "c", "joy", dataset="mine")) == "joy"


def test_loso_takes_the_labels_of_any_column():
    protocol = build("loso", column="objective_class")
    assert protocol.label(clip("s1", "c", "joy", objective_class=3)) == "3"
    assert protocol.label(clip("s1", "c", "joy", objective_class=None)) is None


def test_loso_leaves_out_what_is_excluded_or_empty():
    protocol = build("loso", exclude=["others"])
    assert protocol.label(clip("s1", "c", "others")) is None
    assert protocol.label(clip("s1", "c", "")) is None


def test_a_column_that_does_not_exist_names_those_that_do():
    with pytest.raises(mertk.ProtocolError, match=r"no column 'mood'\. Known: emotion, label"):
        build("loso", column="mood").label(clip("s1", "c", "joy"))


def test_fixed_classes_keep_their_order_and_refuse_others():
    protocol = build("loso", classes=["joy", "anger"], exclude=["others"])
    assert protocol.classes == ("joy", "anger")
    with pytest.raises(mertk.ProtocolError, match="'fear', which is not in classes joy, anger"):
        protocol.label(clip("s1", "c", "fear"))


@pytest.mark.parametrize(
    "params",
    [
        {"classes": ["joy", "joy"]},
        {"classes": ["joy"]},
        {"classes": ["joy", "fear"], "exclude": ["fear"]},
    ],
)
def test_class_lists_that_make_no_sense_are_refused(params):
    with pytest.raises(mertk.ParameterError, match="class"):
        build("loso", **params)
