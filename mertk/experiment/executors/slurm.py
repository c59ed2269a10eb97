"""Units of work as SLURM jobs: one array of jobs for each stage, through submitit.

Jobs and the command share a file system: units, results and logs are files in the folder of runs.
"""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import pickle
import shutil
import signal
import subprocess
import time as clock
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError

from mertk.core.errors import WorkerError
from mertk.core.interfaces import WorkerNeeds
from mertk.core.recipe import Json
from mertk.experiment.executors.workers import (
    KEPT,
    WorkerCheck,
    WorkersLost,
    finish_units,
    hold_interrupts,
    prepare_check,
)

T = TypeVar("T")

FOLDER = "slurm"  # where scripts and logs of jobs are, in the folder of runs

_WORKERS = 32  # jobs at once, where the user does not say how many
_MOST_JOBS = 1000  # of an array, as SLURM is usually set up
_LOOK_SECONDS = 2.0
_GRACE_SECONDS = 15.0  # a result may reach this machine later than the news that its job ended


@contextlib.contextmanager
def open_slurm(needs: WorkerNeeds, /, *, time: int = 240, **sbatch: Json) -> Iterator[Slurm]:
    """Jobs of one unit of work and one CPU each, at most `--jobs` (or 32) of them at once.

    Args:
        needs: the requirements of the workers.
        time: how long a job may take, in minutes.
        sbatch: any other option of `sbatch`, with `_` for `-`: `partition`, `account`, `mem`,
            `gres`, `cpus_per_task`, …

    Raises:
        WorkerError: where SLURM is missing, or does not report the state of jobs.
    """
    _check_slurm()
    logging.getLogger("submitit").setLevel(logging.CRITICAL)  # it would write to stdout
    workers = needs.jobs or _WORKERS
    submitter = submitit.SlurmExecutor(needs.runs / FOLDER)
    submitter.update_parameters(
        job_name="mertk",
        time=time,
        cpus_per_task=1,
        array_parallelism=workers,
        stderr_to_stdout=True,
        additional_parameters=sbatch,
    )
    with prepare_check(needs) as check:
        slurm = Slurm(submitter, needs.pack, check, workers)
        try:
            yield slurm
        finally:
            slurm.cancel_jobs()


@dataclass(slots=True)
class Slurm:
    """SLURM behind an executor of submitit, which submits jobs and knows their state."""

    submitter: Any
    pack: Callable[[Callable[[], Any]], Callable[[], Any]]
    check: WorkerCheck
    workers: int
    left: dict[int, Any] = field(default_factory=dict)
    """The jobs that have not ended, by the number of their units."""

    def run(self, units: Sequence[Callable[[], T]]) -> Iterator[T]:
        """The results as their jobs end; a job that was lost is submitted again."""
        count = min(len(units), _MOST_JOBS)
        packed = {}
        for at in range(count):
            packed[at] = self.pack(functools.partial(_perform, self.check, units[at::count]))
        for results in finish_units(packed, self._do_round):
            yield from results

    def cancel_jobs(self) -> None:
        """Cancel the jobs that have not ended."""
        if self.left:
            subprocess.run(  # noqa: S603  ids that SLURM gave
                ["scancel", *(job.job_id for job in self.left.values())],  # noqa: S607
                check=False,
                capture_output=True,
            )

    def _do_round(
        self, units: Mapping[int, Callable[[], list[T]]]
    ) -> Iterator[tuple[int, list[T]]]:
        """One array of jobs; raises `WorkersLost` when all ended, and some without a result."""
        self._submit(units)
        lost = []
        while self.left:
            clock.sleep(_LOOK_SECONDS)
            ended = [at for at, job in self.left.items() if _has_ended(job)]
            if not all(self.left[at].paths.result_pickle.exists() for at in ended):
                clock.sleep(_GRACE_SECONDS)
            for at in ended:
                job = self.left.pop(at)
                if job.paths.result_pickle.exists():
                    yield at, _read_results(job)
                else:
                    lost.append(job)
        _report_lost(lost)

    def _submit(self, units: Mapping[int, Callable[[], Any]]) -> None:
        with hold_interrupts(), contextlib.redirect_stderr(io.StringIO()):
            try:
                jobs = self.submitter.submit_array(list(units.values()))
            except (FailedJobError, FailedSubmissionError) as error:
                reason = " ".join(str(error).split())
                raise WorkerError(f"sbatch refused the jobs: {reason}") from error
            self.left = dict(zip(units, jobs, strict=True))


def _has_ended(job: Any) -> bool:
    """Whether there is a result, or there will be none."""
    return bool(job.done()) or job.state.startswith("PREEMPTED")  # for submitit that is a pause


def _report_lost(jobs: Sequence[Any]) -> None:
    """Raise `WorkersLost` where jobs were lost, or `WorkerError` where they had too little time."""
    for job in jobs:
        if job.state.startswith("TIMEOUT"):
            raise WorkerError(
                f"SLURM job {job.job_id} was not done in its time; give more minutes, as in "
                f"--executor slurm:time=480. {KEPT}"
            )
    if jobs:
        advice = f"job {jobs[-1].job_id} ended as {jobs[-1].state}: see {jobs[-1].paths.stdout}"
        raise WorkersLost("a SLURM job was lost", advice)


def _read_results(job: Any) -> list[Any]:
    """The results of a job's units; raises the error of one of them."""
    with job.paths.result_pickle.open("rb") as file:
        outcome, value = pickle.load(file)  # noqa: S301  written by a job of this run
    for path in (job.paths.result_pickle, job.paths.submitted_pickle):
        path.unlink()
    if outcome == "error":
        last = value.strip().splitlines()[-1]
        raise WorkerError(f"SLURM job {job.job_id} failed: {last}; see {job.paths.stdout}")
    if isinstance(value, Exception):
        raise value
    found: list[Any] = value
    return found


def _perform(check: WorkerCheck, units: Sequence[Callable[[], T]]) -> list[T] | Exception:
    """In a job: the results of its units, or what went wrong."""
    # SLURM announces the end of a job's time by a signal, which would look like an error of a unit.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    try:
        check()
        return [unit() for unit in units]
    except Exception as error:  # noqa: BLE001  whatever it is, it is raised again by the command
        traceback.print_exc()
        return error


def _check_slurm() -> None:
    """Raise `WorkerError` where commands of SLURM are missing, or jobs are not accounted for."""
    for command in ("sbatch", "srun", "scancel", "sacct"):
        if shutil.which(command) is None:
            raise WorkerError(
                f"executor 'slurm' needs SLURM's command {command}, which is not found here; run "
                "mertk on a login node of the cluster, or choose another --executor"
            )
    found = subprocess.run(
        ["sacct", "--noheader", "--jobs", "1"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        reason = " ".join(found.stderr.split())
        raise WorkerError(
            f"executor 'slurm' learns from sacct which jobs are lost, and it fails: {reason}; a "
            "dask cluster in SLURM jobs does without (--executor dask://HOST:PORT)"
        )
