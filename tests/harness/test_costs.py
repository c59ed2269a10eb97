"""From what was measured to what is left: arithmetic with known answers."""

import pytest

from mertk.harness.costs import FoldCost, FoldTime, Growth, Training, makespan, spread
from mertk.harness.forecast import Estimate, Planned, Stage


def test_a_clip_costs_what_its_frames_say():
    line = Growth.through([10, 20, 40], [3.0, 5.0, 9.0])
    assert line.at(30) == pytest.approx(7.0)


@pytest.mark.parametrize("costs", [[2.0, 2.0, 2.0], [3.0, 2.0, 1.0]])
def test_a_cost_that_does_not_grow_with_frames_is_its_mean(costs):
    assert Growth.through([10, 20, 30], costs).at(500) == pytest.approx(2.0)
    assert Growth.through([10, 10, 10], costs).at(500) == pytest.approx(2.0)


def test_short_clips_never_cost_less_than_nothing():
    assert Growth.through([10, 20], [1.0, 9.0]).at(1) > 0


def test_the_rest_of_a_training_takes_as_long_as_its_timed_steps():
    assert Training(done=30, planned=100, timed=20, seconds=4.0).left == pytest.approx(14.0)
    assert Training(done=100, planned=100, timed=0, seconds=0.0).left == 0


def test_each_part_of_a_fold_grows_with_what_it_works_on():
    seconds = {"extractor.fit": 1.0, "extractor": 3.0, "classifier.fit": 2.0, "classifier": 0.5,
               "load": 9.0, "total": 15.8}  # fmt: skip
    network = Training(done=10, planned=110, timed=10, seconds=1.0)
    large = FoldTime(20, 5, seconds, {"extractor.fit": [network, network]})
    small = FoldTime(10, 5, {"extractor.fit": 9.0, "classifier.fit": 0.5})
    found = FoldCost(small, large).by_place(40, 10)
    assert found == {
        "extractor.fit": pytest.approx((1 + 20) * 2),  # networks: with the training clips
        "extractor": pytest.approx(3 * 2),
        "classifier.fit": pytest.approx(2 * 4),  # 4 times as long on twice as many clips
        "classifier": pytest.approx(0.5 * 2),
        "other": pytest.approx(0.3 * 2),
    }


def test_the_measured_fold_costs_what_it_took():
    time = FoldTime(20, 5, {"classifier.fit": 2.0, "classifier": 0.5, "total": 2.6})
    assert sum(FoldCost(time, time).by_place(20, 5).values()) == pytest.approx(2.6)


@pytest.mark.parametrize(
    ("workers", "seconds"), [(1, 9.0), (2, 5.0), (3, 4.0), (4, 4.0), (99, 4.0)]
)
def test_workers_take_the_next_unit_as_they_are_free(workers, seconds):
    assert makespan([4, 2, 2, 1], workers) == seconds


def test_a_pass_begins_when_the_one_before_is_done():
    stage = Stage(name="folds", left=4, total=4, batches=[[3.0], [1.0, 1.0, 1.0]], startup=2.0)
    assert [stage.seconds(n) for n in (1, 3)] == [8.0, 6.0]
    assert Stage(name="folds", left=0, total=4, startup=2.0).seconds(1) == 0


def test_clips_of_all_lengths_come_first():
    lengths = [5, 1, 9, 3, 7]
    order = spread(lengths)
    assert [lengths[at] for at in order][:3] == [5, 1, 9]
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert spread([4]) == [0]
    assert sorted(spread([2, 1])) == [0, 1]


def test_a_run_needs_the_memory_of_its_widest_stage_and_the_disk_of_all():
    stages = [
        Stage(name="features", left=9, total=9, batches=[[1.0] * 9], memory=10, disk=7),
        Stage(name="folds", left=2, total=2, batches=[[1.0] * 2], memory=15, disk=1),
    ]
    model = Planned(model="m", device="cpu", seeds=[0], stages=stages)
    plan = Estimate(jobs=4, models=[model, model])
    assert (plan.memory, plan.disk) == (40, 16)
    assert plan.seconds(2) == 2 * (5 + 1)
