"""The oracle gap: epochs are looked at without changing anything, and the inner choice is honest."""

from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.core.splits import Split
from mertk.evaluation import epoch_choice
from mertk.experiment import epoch_oracle
from mertk.nn import training
from mertk.pipeline.fold import LabelledClips
from mertk.report import page, sentences, terminal

TOYS = Path(__file__).parents[1] / "toys.py"
NETWORK = mertk.Recipe(
    aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"), extractor=mertk.Use("toy_change"),
    classifier=mertk.Use("mlp", hidden=[4], epochs=6, lr=0.05, batch=4),
)  # fmt: skip
SCALED = '''
import numpy as np, mertk
from mertk_plugins.classifiers.mlp import MLP
class Hidden:
    """Trains its network on other numbers than it is given."""
    def fit(self, train, rng):
        self.net = MLP(hidden=[2], epochs=3, lr=0.1)
        other = [self.turned(streams) for streams in train.inputs]
        self.net.fit(mertk.TrainingSet(inputs=other, labels=train.labels, people=train.people,
                                 classes=train.classes), rng)
    def turned(self, streams):
        return {"features": -np.asarray(streams["features"]) / 20}
    def predict(self, streams):
        return self.net.predict(self.turned(streams))
@mertk.hookimpl
def mertk_register(register):
    register.classifier("hidden", Hidden)
'''


@pytest.fixture
def plugins():
    return mertk.load_plugins([TOYS])


def bench(plugins, out, recipe=NETWORK, **options):
    options = {"dataset": "toy", "jobs": 1, "floors": False, "seeds": [0]} | options
    return mertk.bench([recipe], plugins=plugins, out=out, **options)


def test_looking_changes_no_number(plugins, tmp_path):
    plain = bench(plugins, tmp_path / "a").runs[0].predictions()
    watched = bench(plugins, tmp_path / "b", oracle_gap=True).runs[0].predictions()
    assert watched.equals(plain)


def test_the_last_epoch_is_the_run_itself(plugins, tmp_path):
    results = bench(plugins, tmp_path, oracle_gap=True)
    found = epoch_choice.compute_gaps(results.runs[0], results.outcomes[0].folds)
    assert [gap.rule for gap in found] == list(epoch_choice.RULES)
    assert np.array_equal(found[0].confusions, results.outcomes[0].confusions)
    assert found[0].epoch == 6


def test_choosing_on_the_test_subject_never_scores_below_any_other_choice(plugins, tmp_path):
    recipe = NETWORK.set("classifier.lr", 0.01)
    results = bench(plugins, tmp_path, recipe, oracle_gap=True, dataset="toy:subjects=5,clips=6")
    right = [
        np.trace(gap.confusions.sum(axis=(0, 1)))
        for gap in epoch_choice.compute_gaps(results.runs[0], results.outcomes[0].folds)
    ]
    assert right[2] >= max(right)


def test_the_first_of_the_best_epochs_is_chosen():
    right, wrong = [0.1, 0.9], [0.9, 0.1]
    found = epoch_choice.Epochs(
        fold="f", seed=0, people=["a"], truth=[1], inner_truth=[1, 1],
        test=[[wrong], [wrong], [right], [right], [wrong]],
        inner=[[wrong, right], [right, right], [right, right], [wrong, wrong], [wrong, right]],
    )  # fmt: skip
    assert list(found.chosen().values()) == [4, 1, 2]
    assert found.predicted(2).tolist() == [1]


def test_inner_subjects_are_whole_training_people():
    people = np.repeat([f"p{at}" for at in range(11)], 3)
    sample = LabelledClips(
        [str(at) for at in range(33)], people, np.zeros(33, np.int64), ("a", "b")
    )
    split = Split("p0", np.flatnonzero(people != "p0"), np.flatnonzero(people == "p0"))
    inside = epoch_oracle.inner_split(split, sample, 0)
    out, kept = set(people[inside.test]), set(people[inside.train])
    assert len(out) == 2
    assert not out & kept
    assert out | kept == {f"p{at}" for at in range(1, 11)}
    alone = Split("p0", np.array([3, 4]), np.array([0]))
    with pytest.raises(mertk.ComponentError, match="trains on one person"):
        epoch_oracle.inner_split(alone, sample, 0)


def test_a_look_resumes_and_stands_in_reports_but_not_in_the_table(plugins, tmp_path, capsys):
    results = bench(plugins, tmp_path, oracle_gap=True)
    files = sorted((results.runs[0].path / "oracle").iterdir())
    kept = files[1].stat().st_mtime_ns
    files[0].write_text("{cut")
    hurt = mertk.Results.load(results.runs[0].path, plugins=plugins)
    assert [row["rule"] for row in hurt.epochs_table().to_dict("records")] == ["not finished"]
    assert [line for line in hurt.notices if str(files[0]) in line] == hurt.notices
    again = bench(plugins, tmp_path, oracle_gap=True)
    assert files[1].stat().st_mtime_ns == kept
    assert files[0].read_text() != "{cut"
    assert again.notices == []
    terminal.print_results(mertk.Results.load(results.runs[0].path, plugins=plugins))
    said = capsys.readouterr().out
    assert "chosen on the test subject (LEAKED)" in said
    assert len(again.table()) == 1
    assert "<h3>Epoch selection</h3>" in page.render_page(again, plugins)
    assert [row["rule"] for row in sentences.to_json(again)["epochs"]] == list(epoch_choice.RULES)


def test_what_has_no_epochs_says_so_after_one_fold(plugins, tmp_path, capsys):
    recipe = NETWORK.swap("classifier", mertk.Use("toy_nearest"))
    results = bench(plugins, tmp_path, recipe, oracle_gap=True)
    assert len(list((results.runs[0].path / "oracle").iterdir())) == 1
    terminal.print_results(results)
    assert "no epochs to choose from" in capsys.readouterr().out
    assert "no epochs to choose from" in page.render_page(results, plugins)


def test_a_network_behind_other_numbers_is_refused(tmp_path):
    (tmp_path / "scaled.py").write_text(SCALED)
    plugins = mertk.load_plugins([TOYS, tmp_path / "scaled.py"])
    recipe = NETWORK.swap("classifier", mertk.Use("hidden"))
    with pytest.raises(mertk.MertkError, match="not those of the network that it trains"):
        bench(plugins, tmp_path / "runs", recipe, oracle_gap=True)


def test_who_watches_sees_every_epoch_of_the_networks_in_the_block_alone():
    seen = []
    X, labels = {"x": np.eye(4, dtype=np.float32)}, np.array([0, 1, 0, 1])

    def train():
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(4, 2)

            def forward(self, streams):
                return self.layer(streams["x"])

        schedule = training.Schedule(epochs=3, lr=0.1)
        return training.fit(
            lambda _: Net(), X, labels, np.random.default_rng(0), classes=2, schedule=schedule
        )

    with training.call_on_epoch(lambda net, epoch: seen.append((epoch, net.probabilities(X)))):
        last = train()
    train()
    assert [epoch for epoch, _ in seen] == [0, 1, 2]
    assert np.allclose(seen[-1][1], last.probabilities(X))
    assert not np.allclose(seen[0][1], seen[-1][1])
