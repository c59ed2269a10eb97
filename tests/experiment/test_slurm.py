"""SLURM jobs give the same bits; what is lost, refused or cancelled is told in one line."""

import contextlib
import functools
import os
import signal
import sys
from pathlib import Path

import pytest

import mertk
from mertk.core.interfaces import WorkerNeeds
from mertk.experiment.executors.packing import Packed

submitit = pytest.importorskip("submitit")

from mertk.experiment.executors import slurm  # noqa: E402
from mertk.experiment.executors.workers import WorkerCheck  # noqa: E402

HERE = str(Path(__file__).parent)
sys.path.insert(0, HERE)
from fake_slurm import COMMANDS, fail, install, squared, state_of, wait_long  # noqa: E402

TOYS = Path(__file__).parents[1] / "toys.py"
pack = functools.partial(Packed.of, files=())


@pytest.fixture(autouse=True)
def _units_of_tests(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", HERE)


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """The folder of a SLURM on this machine."""
    folder = install(tmp_path / "cluster")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(slurm, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(slurm, "_GRACE_SECONDS", 0.5)
    slurm.submitit.SlurmJob.watcher.clear()
    return folder


def needs(folder, jobs=None):
    (folder / "runs").mkdir(exist_ok=True)
    return WorkerNeeds(jobs=jobs, pack=pack, runs=folder / "runs", cache=folder, files=())


def squares(folder, count, lives=0):
    (folder / "done").mkdir(exist_ok=True)
    return [functools.partial(squared, folder / "done", number, lives) for number in range(count)]


def script(tmp_path, parameters="", jobs=None):
    """The lines of the script that two units are submitted with."""
    use = mertk.Use.parse(f"slurm:{parameters}")
    with slurm.open_slurm(needs(tmp_path, jobs), **use.params) as executor:
        assert sorted(executor.run(squares(tmp_path, 2))) == [0, 1]
    (written,) = (tmp_path / "runs" / "slurm").glob("*_submission.sh")
    return written.read_text().splitlines()


@pytest.mark.slow
def test_one_array_of_jobs_with_one_cpu_each_and_logs_in_the_folder_of_runs(cluster, tmp_path):
    lines = script(tmp_path)
    logs = tmp_path / "runs" / "slurm"
    assert {
        "#SBATCH --array=0-1%2", "#SBATCH --cpus-per-task=1", "#SBATCH --job-name=mertk",
        "#SBATCH --time=240", f"#SBATCH --output={logs}/%A_%a_0_log.out",
    } <= set(lines)  # fmt: skip
    assert not [line for line in lines if "partition" in line or "mem" in line or "gres" in line]
    kept = [path.name for path in logs.iterdir() if not path.name.startswith(".submission_file")]
    assert sorted(kept) == ["100_0_0_log.out", "100_1_0_log.out", "100_submission.sh"]
    assert not list(tmp_path.rglob(".mertk-*"))


@pytest.mark.slow
def test_what_is_given_goes_to_sbatch(cluster, tmp_path):
    given = "partition=gpu,time=30,gres=gpu:a100:1,mem=8GB,cpus_per_task=2,exclude=[n1,n2]"
    lines = script(tmp_path, given, jobs=1)
    assert {
        "#SBATCH --array=0-1%1", "#SBATCH --partition=gpu", "#SBATCH --time=30",
        "#SBATCH --gres=gpu:a100:1", "#SBATCH --mem=8GB", "#SBATCH --cpus-per-task=2",
    } <= set(lines)  # fmt: skip


def test_there_are_as_many_workers_as_jobs_at_once(cluster, tmp_path):
    for jobs, workers in ((None, 32), (7, 7)):
        with slurm.open_slurm(needs(tmp_path, jobs)) as executor:
            assert executor.workers == workers


@pytest.mark.slow
def test_more_units_than_jobs_of_an_array_share_jobs(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(slurm, "_MOST_JOBS", 2)
    with slurm.open_slurm(needs(tmp_path)) as executor:
        assert sorted(executor.run(squares(tmp_path, 5))) == [0, 1, 4, 9, 16]
    assert len(list((tmp_path / "runs" / "slurm").glob("*.out"))) == 2


@pytest.mark.slow
def test_a_run_in_slurm_jobs_has_the_same_bits_in_the_same_run_folder(
    cluster, tmp_path, monkeypatch
):
    monkeypatch.setattr(slurm, "_MOST_JOBS", 2)
    noisy = [("classifier", [mertk.Use("toy_nearest", noise=20.0)])]
    here, there = (
        mertk.bench(
            ["toy_model"], dataset="toy", floors=False, seeds=(0, 1), swaps=noisy, jobs=1,
            plugins=mertk.load_plugins([TOYS]), out=tmp_path / name, executor=name,
            cache=tmp_path / name / "cache",
        ).runs[0]
        for name in ("local", "slurm")
    )  # fmt: skip
    assert there.path.name == here.path.name
    assert there.predictions().equals(here.predictions())


@pytest.mark.slow
def test_the_work_of_a_lost_job_is_done_by_another(cluster, tmp_path, caplog):
    with slurm.open_slurm(needs(tmp_path, 2)) as executor:
        assert sorted(executor.run(squares(tmp_path, 4, lives=1))) == [0, 1, 4, 9]
    assert "a SLURM job was lost; its work is done again" in caplog.text
    assert len(list((tmp_path / "done").glob("*"))) == 5  # the others are not done again


@pytest.mark.slow
def test_a_unit_that_loses_every_job_ends_the_run(cluster, tmp_path):
    found = []
    with (
        slurm.open_slurm(needs(tmp_path, 2)) as executor,
        pytest.raises(
            mertk.WorkerError,
            match=r"lost 3 times.* \(1 units are left\); job 102 ended as FAILED: see .*102_0_log.out",
        ),
    ):
        found.extend(executor.run(squares(tmp_path, 4, lives=9)))
    assert sorted(found) == [0, 1, 4]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "message"),
    [("TIMEOUT", "not done in its time; give more minutes"), ("PREEMPTED", "ended as PREEMPTED")],
)
def test_a_job_that_slurm_ends_is_told_by_its_state(cluster, tmp_path, monkeypatch, state, message):
    monkeypatch.setattr("mertk.experiment.executors.workers._ATTEMPTS", 1)
    (tmp_path / "done").mkdir()

    def ended(job, has_ended=slurm._has_ended):
        if list((tmp_path / "done").iterdir()):
            state_of(cluster, job.job_id).write_text(state)
            with contextlib.suppress(ProcessLookupError):  # it was killed at an earlier look
                os.killpg(int((cluster / f"{job.job_id}.pid").read_text()), signal.SIGKILL)
        return has_ended(job)

    monkeypatch.setattr(slurm, "_has_ended", ended)
    with (
        slurm.open_slurm(needs(tmp_path)) as executor,
        pytest.raises(mertk.WorkerError, match=message),
    ):
        list(executor.run([functools.partial(wait_long, tmp_path / "done")]))


@pytest.mark.slow
def test_a_unit_that_fails_by_itself_ends_the_run_and_the_other_jobs(cluster, tmp_path):
    (tmp_path / "done").mkdir()
    units = [fail, functools.partial(wait_long, tmp_path / "done")]
    with (
        pytest.raises(mertk.DataError, match="no such clip"),
        slurm.open_slurm(needs(tmp_path)) as executor,
    ):
        list(executor.run(units))
    assert state_of(cluster, "100_1").read_text() == "CANCELLED"


@pytest.mark.slow
def test_a_job_that_does_not_see_the_run_folder_says_so(cluster, tmp_path):
    with slurm.open_slurm(needs(tmp_path)) as executor:
        executor.check = WorkerCheck({"/nowhere/token": "/nowhere"}, {})
        with pytest.raises(mertk.WorkerError, match="a worker on .* does not see /nowhere: run f"):
            list(executor.run(squares(tmp_path, 1)))


def test_what_sbatch_refuses_is_one_line(cluster, tmp_path, capfd):
    with (
        slurm.open_slurm(needs(tmp_path), partition="nowhere") as executor,
        pytest.raises(
            mertk.WorkerError, match="sbatch refused the jobs: sbatch: error: invalid partition"
        ),
    ):
        list(executor.run(squares(tmp_path, 2)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("missing", COMMANDS)
def test_a_machine_without_slurm_is_one_line(cluster, tmp_path, monkeypatch, missing):
    monkeypatch.setenv("PATH", str(cluster))
    (cluster / missing).unlink()
    with pytest.raises(mertk.WorkerError, match=f"SLURM's command {missing}, which is not found"):
        mertk.bench(
            ["toy_model"], plugins=mertk.load_plugins([TOYS]), out=tmp_path, executor="slurm"
        )


def test_a_slurm_that_keeps_no_accounts_is_refused(cluster, tmp_path):
    (cluster / "sacct").write_text("#!/bin/sh\necho accounting storage is disabled >&2; exit 1\n")
    with (
        pytest.raises(mertk.WorkerError, match="it fails: accounting storage is disabled; a dask"),
        slurm.open_slurm(needs(tmp_path)),
    ):
        pass


@pytest.mark.slow
def test_jobs_of_submitit_on_this_machine_do_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(slurm, "_LOOK_SECONDS", 0.2)
    jobs = submitit.LocalExecutor(tmp_path / "jobs")
    executor = slurm.Slurm(jobs, pack, WorkerCheck({}, slurm_releases()), 2)
    assert sorted(executor.run(squares(tmp_path, 3))) == [0, 1, 4]
    assert not executor.left


def slurm_releases():
    from mertk.storage import identity

    return identity.collect_provenance("cpu")["releases"]
