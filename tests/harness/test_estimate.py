"""A plan: measured by a clock that only the toy components move, so that its numbers are known."""

import json
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import mertk
from mertk.cache import Cache
from mertk.cli import app, main
from mertk.harness.bench import gather, run
from mertk.harness.estimate import estimate
from mertk.harness.probe import Pace

TOYS = Path(__file__).parents[1] / "toys.py"
COSTLY = '''
import time
import numpy as np, mertk
class Slow:
    """Costs a second a clip, and 5 when it is first called."""
    calls = 0
    def extract(self, faces, regions):
        time.perf_counter.now += 1 if Slow.calls else 6
        Slow.calls += 1
        return np.array([[float(faces.frames[faces.peak].mean() - faces.frames[0].mean())]])
class Costly:
    """Costs 2 seconds to fit per training clip, and 3 to ask; draws chance if told to."""
    def __init__(self, *, chance: bool = False): self.chance = chance
    def fit(self, train, rng):
        time.perf_counter.now += 2 * len(train)
        self.k = len(train.classes)
        if self.chance: rng.random()
    def predict(self, streams):
        time.perf_counter.now += 3
        return np.full(self.k, 1 / self.k)
class Shared(Costly):
    """Fits folds together: 20 seconds, and 4 a fold."""
    def fit_folds(self, clips, folds, rngs):
        time.perf_counter.now += 20
        for _ in folds:
            time.perf_counter.now += 4
            one = Shared()
            one.k = len(clips.classes)
            yield one
class Block:
    """Costs 10 seconds to fit per training clip."""
    def fit(self, train, rng): time.perf_counter.now += 10 * len(train)
    def fuse(self, streams): return streams
@mertk.hookimpl
def mertk_register(register):
    register.extractor("slow", Slow)
    register.classifier("costly", Costly)
    register.classifier("shared", Shared)
    register.fusion("costly_block", Block)
    register.model("replayed", mertk.Recipe(
        aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"), extractor=mertk.Use("slow"),
        fusion=(mertk.Use("costly_block"),), classifier=mertk.Use("costly"),
    ), summary="Costly.", replays={"authors": mertk.Replay(once=("fusion.0",))})
'''
RECIPE = mertk.Recipe(
    aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"), extractor=mertk.Use("slow"),
    classifier=mertk.Use("costly"),
)  # fmt: skip
CHANCE = RECIPE.set("classifier.chance", True)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def plugins(tmp_path):
    (tmp_path / "costly.py").write_text(COSTLY)
    return mertk.load_plugins([TOYS, tmp_path / "costly.py"])


@pytest.fixture
def asked(plugins, tmp_path, monkeypatch):
    """Gathers a request: 4 people with 4 clips each, unless told otherwise."""
    monkeypatch.setattr(time, "perf_counter", Clock())
    monkeypatch.setattr("mertk.harness.measure.CLIPS_BUDGET", 2.5)

    def ask(*recipes, **options):
        options = {"dataset": "toy", "jobs": 1, "floors": False, "out": tmp_path / "runs"} | options
        return gather(recipes, plugins=plugins, **options)

    return ask


def stages(plan, model=0):
    return {stage.name: stage for stage in plan.models[model].stages}


def test_what_is_left_costs_what_the_measured_part_did(asked):
    found = stages(estimate(asked(RECIPE)))
    features, folds = found["features"], found["folds"]
    assert (features.left, features.total) == (12, 16)  # a cold clip and three within the budget
    assert sorted(features.batches[0]) == pytest.approx([0.0] * 4 + [1.0] * 12)
    assert features.startup == pytest.approx(5, abs=0.5)
    assert (folds.left, folds.total) == (4, 4)
    assert folds.batches[0] == pytest.approx([12 * 2 + 4 * 3] * 4)
    assert folds.parts["classifier.fit"] == pytest.approx(24)


@pytest.mark.parametrize("recipe", [RECIPE, RECIPE.swap("classifier", mertk.Use("shared"))])
def test_the_run_then_takes_what_was_planned(asked, recipe):
    request = asked(recipe)
    planned = estimate(request).seconds(1)
    before = time.perf_counter()
    run(request)
    assert time.perf_counter() - before == pytest.approx(planned, rel=0.15)


def test_folds_that_are_fitted_together_cost_what_a_group_of_them_does(asked):
    shared = RECIPE.swap("classifier", mertk.Use("shared"))
    plan = estimate(asked(shared, seeds=[0, 1], jobs=1))
    folds = stages(plan)["folds"]
    assert folds.batches[0] == pytest.approx([20 + 4 * 4 + 4 * 4 * 3] * 2)  # two seeds
    assert folds.parts["classifier.fit"] == pytest.approx((20 + 4 * 4) / 4)
    alone = stages(estimate(asked(shared, together=False)))["folds"]
    assert alone.batches[0] == pytest.approx([12 * 2 + 4 * 3] * 4)


def test_nothing_goes_into_the_ledger_and_measured_clips_into_the_cache(asked, tmp_path):
    estimate(asked(RECIPE))
    assert not (tmp_path / "runs").exists()
    assert sum(1 for _ in Cache().entries()) > 0


def test_cached_clips_are_not_counted(asked, tmp_path):
    run(asked(RECIPE))
    shutil.rmtree(tmp_path / "runs")
    found = stages(estimate(asked(RECIPE)))
    assert (found["features"].left, found["features"].disk) == (0, 0)
    assert found["features"].seconds(1) == 0
    assert found["folds"].left == 4


def test_fresh_counts_what_is_cached_and_finished(asked):
    run(asked(RECIPE))
    found = stages(estimate(asked(RECIPE, fresh=True)))
    assert (found["features"].left, found["folds"].left) == (16, 4)
    assert found["features"].seconds(1) > 0


def test_clips_that_two_models_share_are_counted_once(asked):
    plan = estimate(asked(RECIPE, CHANCE))
    assert [stages(plan, at)["features"].left for at in (0, 1)] == [12, 0]


def test_finished_folds_are_not_counted(asked, tmp_path):
    run(asked(RECIPE))
    for file in list((tmp_path / "runs").glob("*/folds/*.json"))[:2]:
        file.unlink()
    folds = stages(estimate(asked(RECIPE)))["folds"]
    assert (folds.left, folds.total) == (2, 4)


def test_a_finished_run_costs_nothing_and_is_not_measured(asked):
    run(asked(RECIPE))
    before = time.perf_counter()
    plan = estimate(asked(RECIPE))
    assert plan.seconds(1) == 0
    assert stages(plan)["folds"].total == 4
    assert time.perf_counter() == before


def test_a_fit_that_takes_chances_is_planned_with_five_seeds(asked):
    plan = estimate(asked(CHANCE))
    assert list(plan.models[0].seeds) == [0, 1, 2, 3, 4]
    assert [len(batch) for batch in stages(plan)["folds"].batches] == [4, 16]
    given = estimate(asked(CHANCE, seeds=[0, 7]))
    assert [len(batch) for batch in stages(given)["folds"].batches] == [8]


def test_a_replay_fits_once_a_seed_and_its_folds_cost_the_rest(asked):
    plan = estimate(asked("replayed", replay="authors", seeds=[0, 1]))
    strict, replay = stages(plan, 0), stages(plan, 1)
    assert strict["folds"].batches[0] == pytest.approx([12 * 10 + 12 * 2 + 4 * 3] * 8)
    assert replay["fitted once"].batches[0] == pytest.approx([16 * 10] * 2)
    assert replay["folds"].batches[0] == pytest.approx([12 * 2 + 4 * 3] * 8)


def test_networks_are_cut_short_and_extrapolated(asked):
    network = mertk.Use("mlp", hidden=[4], epochs=400, lr=0.05, batch=4)
    plan = estimate(asked(RECIPE.swap("classifier", network)))
    folds = stages(plan)["folds"]
    assert "1 network(s) for" in folds.how
    assert "for 100 % of their steps" not in folds.how


def test_a_pace_ends_a_network_after_its_time_and_counts_from_the_second_step(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", Clock())
    pace = Pace(3.0)
    said = []
    for done in (4, 8, 12, 16):
        time.perf_counter.now += 10 if done == 4 else 1
        said.append(pace(done, 400))
    assert said == [True, True, True, False]
    assert pace(4, 8)  # the next network
    first, second = pace.take()
    assert (first.done, first.timed, first.seconds) == (16, 12, 3.0)
    assert (second.done, second.planned, second.left) == (4, 8, 0)
    assert pace.take() == []


def test_a_model_that_looks_at_nothing_has_folds_alone(asked):
    plan = estimate(asked(mertk.Recipe(classifier=mertk.Use("costly"))))
    assert list(stages(plan)) == ["folds"]


def test_an_unknown_model_is_named_before_anything_is_measured(asked):
    with pytest.raises(mertk.UnknownNameError, match="Did you mean 'toy_model'"):
        asked("toy_modle")


def arguments(tmp_path, *more):
    given = ["--plugin", str(TOYS), "bench", "--model", "toy_model", "--dataset", "toy"]
    return [*given, "--jobs", "1", "--out", str(tmp_path / "runs"), "--plan", *more]


def plan_command(tmp_path, *more):
    return CliRunner().invoke(app, arguments(tmp_path, *more))


def test_the_command_prints_what_is_left_and_runs_nothing(tmp_path):
    said = plan_command(tmp_path)
    assert said.exit_code == 0, said.output
    for text in ("what is left to run", "on N workers", "4 of 4", "Nothing has been run"):
        assert text in said.output
    assert not (tmp_path / "runs").exists()


def test_the_command_gives_the_same_as_json(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(arguments(tmp_path, "--json"))
    found = json.loads(capsys.readouterr().out)
    assert [model["model"] for model in found["models"]] == ["toy_model", "majority", "prior"]
    assert set(found["seconds_by_workers"]) == {"1", "2", "8", "32"}
    first = found["models"][0]
    assert [stage["name"] for stage in first["stages"]] == ["features", "folds"]
    assert {"left", "total", "seconds", "startup", "memory", "disk", "how", "parts"} <= set(
        first["stages"][0]
    )
    assert found["seconds"] > found["start_seconds"] > 0


def test_a_plan_refuses_what_it_cannot_measure(tmp_path):
    said = plan_command(tmp_path, "--oracle-gap")
    assert said.exit_code == 2
    assert "leave it out" in said.output
