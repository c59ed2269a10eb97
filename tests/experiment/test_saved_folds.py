"""A fold is on disk when it is done: an interrupt loses what is running, and progress shows it."""

import time
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.nn import training
from mertk.storage.ledger import Run

TOYS = Path(__file__).parents[1] / "toys.py"

STEPS = '''
import time
from pathlib import Path
import numpy as np, mertk
class Steps:
    """Predicts nothing; what becomes of fold number `stop` is told by `how`.

    `seen` is a folder: a fold that is not the first of its unit waits for a file in it, which
    whoever counts the fold before must make.
    """
    def __init__(self, *, stop: int = -1, how: str = "", seen: str = ""):
        self.stop, self.how, self.seen = stop, how, seen
    def _fit(self, number, classes):
        if number == self.stop:
            raise KeyboardInterrupt if self.how == "interrupt" else ValueError("no such luck")
        self.classes = classes
    def predict(self, streams): return np.full(self.classes, 1 / self.classes)
class Together(Steps):
    """Fits folds together, one after the other."""
    def fit(self, train, rng): self._fit(-2, len(train.classes))
    def fit_folds(self, clips, folds, rngs):
        for number, fold in enumerate(folds):
            if self.seen and number:
                until = time.monotonic() + 60
                while len(list(Path(self.seen).iterdir())) < number and time.monotonic() < until:
                    time.sleep(0.01)
            made = Together(stop=self.stop, how=self.how)
            made._fit(number, len(clips.classes))
            yield made
class Apart(Steps):
    """Fits a fold; which one it is, its people tell."""
    def fit(self, train, rng):
        out, = {"toy/s0", "toy/s1", "toy/s2", "toy/s3"} - set(train.people.tolist())
        self._fit(int(out[-1]), len(train.classes))
@mertk.hookimpl
def mertk_register(register):
    register.classifier("together", Together)
    register.classifier("apart", Apart)
'''


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "steps.py").write_text(STEPS)
    return mertk.load_plugins([TOYS, tmp_path / "steps.py"])


def bench(plugins, out, classifier, **options):
    recipe = mertk.Recipe(
        aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("toy_change"), classifier=classifier,
    )  # fmt: skip
    given = {"dataset": "toy", "jobs": 1, "floors": False, "seeds": [0], "cache": out / "cache"}
    return mertk.bench([recipe], plugins=plugins, out=out / "runs", **given | options).runs[0]


def saved(out):
    """The names of the folds that are in the ledger."""
    (path,) = (file.parent for file in (out / "runs").glob("*/run.json"))
    return sorted(fold.name for fold in Run(path).folds())


@pytest.mark.parametrize("name", ["together", "apart"])
def test_an_interrupt_loses_the_running_fold_alone(plugins, tmp_path, name):
    with pytest.raises(KeyboardInterrupt):
        bench(plugins, tmp_path, mertk.Use(name, stop=2, how="interrupt"))
    assert saved(tmp_path) == ["toy/s0", "toy/s1"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("together", {"toy/s0", "toy/s1"}), ("apart", {"toy/s0", "toy/s1", "toy/s3"})],
)
def test_on_workers_too_what_was_done_before_a_mistake_is_kept(plugins, tmp_path, name, kept):
    stop = 1 if name == "together" else 2  # two units of two folds: s0, s2 and s1, s3
    with pytest.raises(mertk.ComponentError, match="no such luck"):
        bench(plugins, tmp_path, mertk.Use(name, stop=stop), jobs=2)
    until = time.monotonic() + 30
    while not (found := set(saved(tmp_path))) and time.monotonic() < until:
        time.sleep(0.1)  # the other worker ends its unit
    assert found
    assert found <= kept


class Counter:
    """Keeps the steps of the folds, and how many folds were in the ledger at each."""

    def __init__(self, out, seen):
        self.out, self.seen, self.steps, self.total, self.folds = out, seen, [], 0, False

    def stage(self, name, total):
        self.folds = name.endswith(": folds")
        self.total += total * self.folds

    def step(self, what=""):
        if self.folds:
            name = what.partition(" · ")[0]
            self.steps.append((name, len(saved(self.out))))
            (self.seen / name.replace("/", "-")).touch()


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_moves_while_the_unit_of_a_fold_is_still_at_work(plugins, tmp_path, jobs):
    seen = tmp_path / "seen"
    seen.mkdir()
    counter = Counter(tmp_path, seen)
    bench(plugins, tmp_path, mertk.Use("together", seen=str(seen)), jobs=jobs, progress=counter)
    assert sorted(name for name, _ in counter.steps) == ["toy/s0", "toy/s1", "toy/s2", "toy/s3"]
    assert counter.total == 4
    assert counter.steps[0][1] < 4
    assert [done for _, done in counter.steps] == sorted(done for _, done in counter.steps)
    if jobs == 1:
        assert counter.steps == [("toy/s0", 1), ("toy/s1", 2), ("toy/s2", 3), ("toy/s3", 4)]


def test_folds_that_are_there_already_are_not_counted_again(plugins, tmp_path):
    run = bench(plugins, tmp_path, mertk.Use("together"))
    first = min((run.path / "folds").iterdir())
    first.write_text("{")
    seen = tmp_path / "seen"
    seen.mkdir()
    counter = Counter(tmp_path, seen)
    bench(plugins, tmp_path, mertk.Use("together"), progress=counter)
    assert counter.steps == [("toy/s0", 4)]


def test_what_goes_wrong_with_progress_is_not_lost(plugins, tmp_path):
    class Broken(Counter):
        def step(self, what=""):
            if self.folds:
                raise RuntimeError("no screen")

    with pytest.raises(RuntimeError, match="no screen"):
        bench(plugins, tmp_path, mertk.Use("together"), progress=Broken(tmp_path, tmp_path))


NETWORKS = {
    "mlp": mertk.Use("mlp", hidden=[4], epochs=1),
    "plain": mertk.Use("plain_network"),
}
PLAIN = '''
import mertk
from mertk.nn import classifier, training
class Plain(classifier.NetworkClassifier):
    """A network of one layer."""
    schedule = training.Schedule(epochs=1, lr=0.01, batch=8)
    def network(self, shapes, classes, /):
        from torch import nn
        name, = shapes
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.head = nn.LazyLinear(classes)
                self.head(__import__("torch").zeros(1, *shapes[name]).flatten(1))
            def forward(self, streams): return self.head(streams[name].flatten(1))
        return Net()
@mertk.hookimpl
def mertk_register(register): register.classifier("plain_network", Plain)
'''


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_is_interrupted_in_its_third_fold_has_saved_two(tmp_path, monkeypatch, name):
    (tmp_path / "plain.py").write_text(PLAIN)
    plugins = mertk.load_plugins([TOYS, tmp_path / "plain.py"])
    calls, real = [], training.fit

    def interrupted(*given, **named):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*given, **named)

    monkeypatch.setattr(training, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bench(plugins, tmp_path, NETWORKS[name])
    assert saved(tmp_path) == ["toy/s0", "toy/s1"]
    monkeypatch.setattr(training, "fit", real)
    resumed = bench(plugins, tmp_path, NETWORKS[name]).predictions()
    new = bench(plugins, tmp_path / "new", NETWORKS[name]).predictions()
    for column in [one for one in resumed if one.startswith("p_")]:
        assert np.array_equal(resumed[column], new[column])


def test_only_closed_forms_fit_several_folds_together():
    from mertk.pipeline.fold import can_fit_folds_together
    from mertk.pipeline.pipeline import build_pipeline

    registry = mertk.load_plugins().registry
    base = mertk.Recipe(
        aligner=mertk.Use("none"),
        roi=mertk.Use("whole"),
        extractor=mertk.Use("flow"),
        classifier=mertk.Use("ridge"),
    )
    found = set()
    for name in registry.names("classifier"):
        line = build_pipeline(registry, base.swap("classifier", mertk.Use(name)))
        if can_fit_folds_together(line):
            found.add(name)
    assert found == {"ridge", "lda", "svm", "linear_svm"}
