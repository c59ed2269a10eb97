"""The time left is elapsed time ÷ folds done × folds left, over all models and seeds."""

import pytest

import mertk
from mertk.core import metrics
from mertk.core.recipe import Use
from mertk.experiment.outlook import Outlook
from mertk.experiment.variants import Variant
from mertk.storage.ledger import Fold


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outlook(clock):
    return Outlook(metrics.standard_scores, clock)


def variant(name):
    return Variant(model=name, recipe=mertk.load_plugins().registry.recipe(name))


def fold(name, truth, predicted, *, seed=0, drew=()):
    return Fold(
        name=name, seed=seed, uids=list(map(str, truth)), people=["a"] * len(truth), truth=truth,
        probabilities=[[float(one == at) for at in range(2)] for one in predicted],
        seconds={}, drew=list(drew),
    )  # fmt: skip


def test_model_fold_score_and_time_of_the_whole_study_are_shown(outlook, clock):
    for name in ("flow_svm", "lbptop", "majority"):
        outlook.expect_folds(variant(name), 4)
    clock.seconds = 30
    # a fold of lbptop may take a hundredth or a hundred times as long; the floor's take no time
    found = outlook.describe_fold("flow_svm", fold("s1", [0, 1], [0, 1]), 2)
    assert found == "s1 · seed 0 · UF1 1.000 so far · then 1 model"
    outlook.describe_fold("lbptop", fold("s1", [0, 1], [0, 1]), 2)
    clock.seconds = 80
    found = outlook.describe_fold("flow_svm", fold("s2", [0, 1], [0, 0]), 2)
    # 40 s a fold, and two are left; those of lbptop took no time
    # two of 0 and one of 1 are right: F1 is 4/5 and 2/3
    assert found == "s2 · seed 0 · UF1 0.733 so far · 80 s left in all"
    found = outlook.describe_fold("flow_svm", fold("s1", [0, 1], [1, 0], seed=1), 2)
    assert "UF1 0.000 so far" in found


def test_a_stochastic_model_has_the_folds_of_five_seeds_left(outlook, clock):
    outlook.expect_folds(variant("ststnet"), 3, if_stochastic=12)
    clock.seconds = 10
    found = outlook.describe_fold("ststnet", fold("s1", [0, 1], [0, 1], drew=["classifier"]), 2)
    assert found.endswith("2.33 min left in all")  # 14 folds of 10 s
    clock.seconds = 20
    found = outlook.describe_fold("ststnet", fold("s2", [0, 1], [0, 1], drew=["classifier"]), 2)
    assert found.endswith("2.17 min left in all")


class Kept:
    def __init__(self):
        self.stages, self.steps = [], []

    def stage(self, name, total):
        self.stages.append((name, total))

    def step(self, what=""):
        self.steps.append((self.stages[-1][0], what))


def test_a_run_shows_them(tmp_path):
    kept = Kept()
    mertk.bench(
        "flow_svm", dataset=Use("synthetic", subjects=3, clips=3, frames=6, size=64), jobs=1,
        out=tmp_path, cache=tmp_path / "cache", progress=kept,
    )  # fmt: skip
    texts = [what for stage, what in kept.steps if stage == "flow_svm: folds"]
    assert [text.partition(" · ")[0] for text in texts] == [
        "synthetic/s01", "synthetic/s02", "synthetic/s03",
    ]  # fmt: skip
    assert all("UF1 " in text for text in texts)
    assert texts[-1].endswith("0 s left in all")
