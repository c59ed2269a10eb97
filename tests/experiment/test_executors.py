"""Who does the work never changes a number, and workers that are lost lose nothing."""

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import mertk
from mertk.experiment.bench import plan_study
from mertk.experiment.execution import Execution
from mertk.experiment.executors import local, packing
from mertk.experiment.jobs import Job, do_folds, write_clip_list
from mertk.experiment.runner import Runner
from mertk.experiment.study import Study
from mertk.pipeline.fold import LabelledClips

TOYS = Path(__file__).parents[1] / "toys.py"


def bench(out, plugins, **options):
    options = {"dataset": "toy", "floors": False, "seeds": (0, 1)} | options
    noisy = [("classifier", [mertk.Use("toy_nearest", noise=20.0)])]
    return mertk.bench(["toy_model"], plugins=plugins, out=out, swaps=noisy, **options).runs[0]


@pytest.fixture
def plugins():
    return mertk.load_plugins([TOYS])


def test_a_unit_stays_small_however_many_clips_there_are(tmp_path):
    people = [f"set/s{at % 100}" for at in range(10_000)]
    sample = LabelledClips(
        [f"{person}/clip{at}" for at, person in enumerate(people)],
        np.asarray(people), np.arange(10_000) % 3, ("a", "b", "c"),
    )  # fmt: skip
    keys = [hashlib.sha256(uid.encode()).hexdigest() for uid in sample.uids]
    recipe = mertk.load_plugins().registry.recipe("flow_svm")
    job = Job(
        recipe,
        (),
        tmp_path,
        "cpu",
        tmp_path,
        write_clip_list(tmp_path, sample, keys),
    )
    assert job.keys == tuple(keys)
    assert (job.sample.people == sample.people).all()
    unit = functools.partial(do_folds, job, mertk.leave_one_subject_out(people)[:1], 0)
    assert len(packing.Packed.of(unit, ()).data) < 20_000


def test_a_memory_mapped_array_travels_as_the_name_of_its_file(tmp_path):
    np.save(tmp_path / "flow.npy", np.random.default_rng(0).random((200, 200, 3)))
    whole = np.load(tmp_path / "flow.npy", mmap_mode="r")
    for array, most in ((whole, 1000), (whole[3:5], 10_000)):
        packed = packing.Packed.of(functools.partial(np.asarray, array), ())
        assert len(packed.data) < most
        assert np.array_equal(packed(), array)


def test_what_cannot_be_sent_is_said_in_one_line(tmp_path):
    with (
        (tmp_path / "open").open("w") as file,
        pytest.raises(mertk.ComponentError, match="--jobs 1"),
    ):
        packing.Packed.of(functools.partial(print, file), ())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *(
            (name, f"executor '{name}': give dask, local, slurm or dask://HOST:PORT")
            for name in ("ray", "ray:jobs=3", "dask://", "dask://host", "tcp://host:8786")
        ),
        ("local:jobs=3", "executor 'local' takes no parameter 'jobs'"),
        ("slurm:time=04:00:00", "executor 'slurm': time='04:00:00' is not of type int"),
        ("slurm:gpu", "'slurm:gpu': 'gpu' is not key=value"),
    ],
)
def test_an_unknown_executor_is_refused_before_anything_is_read(plugins, tmp_path, name, message):
    if name.startswith("slurm:t"):
        pytest.importorskip("submitit")
    with pytest.raises(mertk.ParameterError, match=message):
        bench(tmp_path / "runs", plugins, executor=name, dataset="toy:subjects=1")


@pytest.mark.parametrize(("name", "package"), [("dask", "distributed"), ("slurm", "submitit")])
def test_a_package_that_is_not_installed_is_one_line(plugins, tmp_path, monkeypatch, name, package):
    monkeypatch.setattr("mertk.plugins.registry.find_spec", lambda _name: None)
    with pytest.raises(mertk.MissingPackageError, match=f"'{name}' needs the package '{package}'"):
        bench(tmp_path, plugins, executor=name)


OF_A_PLUGIN = """
import contextlib
import numpy as np
import mertk

OPENED = []

class Here:
    \"\"\"Does packed units in this process, and notes how many it was given.\"\"\"
    def __init__(self, needs, workers):
        self.needs, self.workers, self.ran = needs, workers, []
    def run(self, units):
        self.ran.append(len(units))
        for unit in units:
            yield self.needs.pack(unit)()

@contextlib.contextmanager
def open_here(needs, /, *, workers: int = 3, broken: bool = False):
    \"\"\"This process, as if it were several.\"\"\"
    if broken:
        raise ValueError("no such machine")
    OPENED.append(Here(needs, workers))
    yield OPENED[-1]
    OPENED.append("closed")

class Together:
    \"\"\"Fits folds together.\"\"\"
    def fit(self, train, rng): self.classes = len(train.classes)
    def fit_folds(self, clips, folds, rngs):
        for fold, rng in zip(folds, rngs):
            one = Together()
            one.fit(clips, rng)
            yield one
    def predict(self, streams): return np.full(self.classes, 1 / self.classes)

@mertk.hookimpl
def mertk_register(register):
    register.executor("NAME", open_here)
    register.classifier("together", Together)
"""


@pytest.fixture
def offered(tmp_path):
    """A plug-in with an executor of this name, and what the executor noted."""

    def offered(name):
        (tmp_path / f"{name}.py").write_text(OF_A_PLUGIN.replace("NAME", name))
        plugins = mertk.load_plugins([TOYS, tmp_path / f"{name}.py"])
        opener = plugins.registry.get("executor", name).load()
        return plugins, opener.__wrapped__.__globals__["OPENED"]

    return offered


def test_a_plugin_offers_an_executor_that_cuts_folds_by_its_workers(offered, tmp_path):
    plugins, opened = offered("here")
    recipe = mertk.Recipe(
        aligner=mertk.Use("toy_plain"), roi=mertk.Use("toy_halves"),
        extractor=mertk.Use("toy_change"), classifier=mertk.Use("together"),
    )  # fmt: skip
    options = {"plugins": plugins, "dataset": "toy:subjects=5", "floors": False}
    there = mertk.bench([recipe], executor="here", jobs=1, out=tmp_path / "a", **options)
    clips, folds = opened[0].ran
    assert (clips, folds, opened[1:]) == (20, 3, ["closed"])  # five folds for three workers
    assert opened[0].needs.jobs == 1
    assert (opened[0].needs.runs, opened[0].needs.files) == (tmp_path / "a", plugins.files)
    here = mertk.bench([recipe], jobs=1, out=tmp_path / "b", **options)
    assert there.runs[0].predictions().equals(here.runs[0].predictions())
    mertk.bench([recipe], executor="here:workers=2", fresh=True, out=tmp_path / "a", **options)
    assert opened[2].ran[1] == 2


def test_a_plan_counts_the_workers_of_the_executor_and_leaves_its_fold_to_them(offered, tmp_path):
    plugins, opened = offered("here")
    execution = Execution(executor="here:workers=7", jobs=2, out=tmp_path / "runs")
    study = Study(models=["toy_model"], dataset="toy", floors=False)
    (planned,) = plan_study(study.open(execution, plugins=plugins))
    assert (planned.workers, opened[0].ran) == (7, [16, 1])


def test_key_frames_are_estimated_by_the_same_workers(offered, tmp_path):
    plugins, opened = offered("here")
    bench(tmp_path / "runs", plugins, executor="here", keyframes="estimated", seeds=[0])
    assert opened[0].ran == [16, 16, 4]  # apexes, features, folds
    assert opened[1:] == ["closed"]


def test_an_executor_is_no_component(offered):
    registry = offered("here")[0].registry
    assert "here" not in {entry.name for entry in registry}
    assert registry.names("executor") == ["here"]


def test_an_executor_that_fails_to_open_is_named(offered, tmp_path):
    plugins, _ = offered("here")
    with pytest.raises(mertk.ComponentError, match="executor 'here:broken=true' failed: ValueErr"):
        bench(tmp_path / "runs", plugins, executor="here:broken=true")


def test_an_executor_with_the_name_of_one_of_mertks_own_is_refused(offered, tmp_path):
    plugins, _ = offered("slurm")
    with pytest.raises(mertk.PluginError, match="'slurm' of slurm.py has the name of one of mertk"):
        bench(tmp_path / "runs", plugins)


READER = """
class Reader:
    def __init__(self, frames): self.frames = frames
    def __call__(self, at): return self.frames[at]
"""


@pytest.mark.slow
def test_a_reader_of_a_plugin_file_works_in_other_processes(tmp_path):
    text = TOYS.read_text().replace("mertk.Frames.of(frames)", "mertk.Frames(Reader(frames), 5)")
    (tmp_path / "reading.py").write_text(text + READER)
    plugins = mertk.load_plugins([tmp_path / "reading.py"])
    one, two = (bench(tmp_path / str(jobs), plugins, jobs=jobs) for jobs in (1, 2))
    assert one.predictions().equals(two.predictions())


def squared(folder, number, lives):
    """Kill the process that does it, the first `lives` times."""
    (folder / f"{number}-{os.getpid()}").touch()
    if number == 3 and len(list(folder.glob("3-*"))) <= lives:
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


@pytest.mark.slow
def test_the_work_of_a_killed_worker_is_done_by_a_fresh_one(tmp_path, caplog):
    units = [functools.partial(squared, tmp_path, number, 1) for number in range(6)]
    assert sorted(local.Local(2).run(units)) == [0, 1, 4, 9, 16, 25]
    assert "a worker process died" in caplog.text


def deadly(folder, others):
    """Kill the process that does it, once the others' results are on their way."""
    while len({path.name.partition("-")[0] for path in folder.iterdir()}) < others:
        time.sleep(0.01)
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_unit_that_kills_every_worker_ends_the_run_but_not_this_process(tmp_path):
    units = [functools.partial(squared, tmp_path, number, 0) for number in range(5)]
    units.insert(3, functools.partial(deadly, tmp_path, 5))
    found = []
    with pytest.raises(mertk.WorkerError, match=r"died 3 times, .* \(1 units are left\)"):
        found.extend(local.Local(2).run(units))
    assert sorted(found) == [0, 1, 4, 9, 16]


def failing(folder):
    (folder / f"{os.getpid()}-{len(list(folder.iterdir()))}").touch()
    raise mertk.DataError("no such clip")


@pytest.mark.slow
def test_a_unit_that_fails_by_itself_is_not_tried_again(tmp_path):
    (tmp_path / "tries").mkdir()
    units = [
        functools.partial(failing, tmp_path / "tries"),
        functools.partial(squared, tmp_path, 1, 0),
    ]
    with pytest.raises(mertk.DataError, match="no such clip"):
        list(local.Local(2).run(units))
    assert len(list((tmp_path / "tries").iterdir())) == 1


@pytest.fixture(scope="module")
def cluster():
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("dask.distributed is not installed")
    import distributed

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=60
    ) as cluster:
        yield cluster


def at(cluster):
    return cluster.scheduler_address.replace("tcp", "dask")


@pytest.mark.slow
def test_a_cluster_gives_the_same_bits_in_the_same_run_folder(plugins, tmp_path, cluster):
    here = bench(tmp_path / "here", plugins, jobs=1)
    there = bench(tmp_path / "there", plugins, executor=at(cluster))
    assert there.path.name == here.path.name
    assert there.predictions().equals(here.predictions())
    next(iter((there.path / "folds").iterdir())).unlink()
    again = bench(tmp_path / "there", plugins, executor="dask", jobs=2)
    assert again.predictions().equals(here.predictions())
    assert not list(tmp_path.rglob(".mertk-*"))


@pytest.mark.slow
def test_folds_are_cut_by_the_workers_of_the_cluster_not_by_this_machine(
    plugins, tmp_path, cluster
):
    study = Study(models=["toy_model"], dataset="toy", floors=False)
    execution = Execution(executor=at(cluster), jobs=5, out=tmp_path / "runs")
    opened = study.open(execution, plugins=plugins)
    with opened.executor() as executor:
        assert executor.workers == 1
        runner = Runner(opened, opened.variants[0], executor)
        job = Job(opened.variants[0].recipe, (), tmp_path, "cpu", tmp_path, tmp_path, together=True)
        assert [len(group) for group in runner._group_splits(opened.task.splits, job)] == [4]


@pytest.mark.slow
def test_a_worker_that_does_not_see_the_run_folder_is_refused(
    plugins, tmp_path, cluster, monkeypatch
):
    from mertk.experiment.executors import workers

    unseen = lambda folder: contextlib.nullcontext(folder / "token")  # noqa: E731
    monkeypatch.setattr(workers, "_token", unseen)
    with pytest.raises(
        mertk.WorkerError, match=f"does not see {tmp_path / 'runs'}, .*cache: run folder"
    ):
        bench(tmp_path / "runs", plugins, executor=at(cluster))


@pytest.mark.slow
def test_a_worker_with_other_releases_is_refused(plugins, tmp_path, cluster, monkeypatch):
    from mertk.experiment.executors import workers

    monkeypatch.setattr(workers, "_releases", lambda: {"numpy": "1.0"})
    with pytest.raises(mertk.WorkerError, match=r"numbers could differ"):
        bench(tmp_path, plugins, executor=at(cluster))


@pytest.mark.slow
def test_nobody_at_the_address_is_one_line(plugins, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    with pytest.raises(mertk.WorkerError, match="no dask scheduler answers at tcp://127.0.0.1:9"):
        bench(tmp_path, plugins, executor="dask://127.0.0.1:9")


class Killer:
    """Kills a process when the first fold is done."""

    def __init__(self, victim):
        self.victim = victim

    def stage(self, name, total):
        self.folds = name.endswith("folds")

    def step(self, what=""):
        if self.folds:
            self.victim.kill()
            self.victim.wait()


@pytest.mark.slow
def test_a_run_whose_scheduler_is_killed_can_be_finished(plugins, tmp_path):
    pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as scheduler:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", *options]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as worker:
            try:
                while not file.exists():
                    time.sleep(0.05)
                address = json.loads(file.read_text())["address"].replace("tcp", "dask")
                with pytest.raises(
                    mertk.WorkerError, match="scheduler is gone. Finished work is kept"
                ):
                    bench(tmp_path / "runs", plugins, executor=address, progress=Killer(scheduler))
            finally:
                scheduler.kill()
                worker.terminate()
    whole = bench(tmp_path / "whole", plugins, jobs=1).predictions()
    assert bench(tmp_path / "runs", plugins, jobs=1).predictions().equals(whole)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone can be asked")
def test_the_cores_are_those_that_the_process_may_use():
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from mertk.experiment.executors.local import count_cores; print(count_cores())"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "1"


STUCK = """
import functools, operator, os, signal
from mertk.experiment.executors.local import Local

workers = set(Local(2).run([functools.partial(os.getpid) for _ in range(8)]))
for worker in workers:  # as one that waits for a lock which a killed worker held
    os.kill(worker, signal.SIGSTOP)
print(*workers)
"""


def test_workers_that_hear_nothing_do_not_keep_the_process_from_ending():
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=True
    )
    for worker in done.stdout.split():
        assert not Path(f"/proc/{worker}").exists() or _ended(worker)


def _ended(worker):
    return "\nState:\tZ" in Path(f"/proc/{worker}/status").read_text()
