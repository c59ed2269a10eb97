import numpy as np

import mertk
from mertk.core import splits
from mertk_plugins.datasets.synthetic import Synthetic
from mertk_plugins.protocols.synthetic3 import Synthetic3


def test_every_clip_gets_its_class_and_every_person_a_fold():
    clips, rules = Synthetic(subjects=3, clips=6).index(), Synthetic3()
    labels = [rules.label(clip) for clip in clips]
    assert sorted(set(labels)) == sorted(rules.classes)
    folds = list(rules.splits(clips))
    assert [fold.name for fold in folds] == [f"synthetic/s0{n}" for n in (1, 2, 3)]
    assert splits.check_splits(folds, [clip.person for clip in clips])


def test_a_clip_without_such_a_label_is_left_out():
    clip = Synthetic(subjects=1, clips=1).index()[0]
    bare = mertk.Clip(
        dataset="synthetic", subject="s01", name="c01", footage=clip.footage, fingerprint=""
    )
    assert Synthetic3().label(bare) is None


def test_it_is_registered_and_scores_as_the_field_does():
    rules = mertk.load_plugins().registry.build("protocol", mertk.Use("synthetic3"))
    scores = rules.score(np.eye(3) * 4)
    assert scores["UF1"] == scores["UAR"] == scores["accuracy"] == 1
    use = mertk.load_plugins().registry.get("dataset", "synthetic").load()
    assert use.default_protocol == "synthetic3"
