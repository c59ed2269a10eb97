"""SLURM's commands on one machine, as far as mertk uses them: each job is a process group.

`install(folder)` writes them; whoever has the folder first on PATH submits to it. States are files
in it, `JOB_TASK.state`; a job whose state is CANCELLED is killed, or is not begun.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mertk.core.errors import DataError

COMMANDS = ("sbatch", "srun", "sacct", "scancel")


def install(folder):
    folder.mkdir(exist_ok=True)
    for name in COMMANDS:
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" {name} "$@"\n')
        command.chmod(0o755)
    return folder


def state_of(folder, job):
    return folder / f"{job}.state"


def sbatch(folder, script):
    """Start the jobs of a script in the background."""
    text = Path(script).read_text()
    if "--partition=nowhere" in text:
        sys.exit("sbatch: error: invalid partition specified: nowhere")
    number = 100 + len(list(folder.glob("*.sh")))
    kept = folder / f"{number}.sh"
    kept.write_text(text)
    array = re.search(r"--array=0-(\d+)%(\d+)", text)
    last, at_once = map(int, array.groups()) if array else (0, 1)
    jobs = [f"{number}_{at}" for at in range(last + 1)] if array else [str(number)]
    for job in jobs:
        state_of(folder, job).write_text("PENDING")
    subprocess.Popen(
        [sys.executable, __file__, "control", str(kept), str(at_once), *jobs],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0,
    )  # fmt: skip
    sys.stdout.write(f"Submitted batch job {number}\n")


def control(folder, script, at_once, *jobs):
    """Do the jobs of an array, so many at once."""
    with ThreadPoolExecutor(int(at_once)) as pool:
        list(pool.map(lambda job: _do(folder, script, job), jobs))


def _do(folder, script, job):
    state = state_of(folder, job)
    if state.read_text() == "CANCELLED":
        return
    number, _, task = job.partition("_")
    about = {"SLURM_JOB_ID": number, "SLURM_NTASKS": "1"}
    if task:
        about |= {"SLURM_ARRAY_JOB_ID": number, "SLURM_ARRAY_TASK_ID": task}
    running = subprocess.Popen(["bash", script], env={**os.environ, **about}, process_group=0)
    state.write_text("RUNNING")
    (folder / f"{job}.pid").write_text(str(running.pid))
    code = running.wait()
    if state.read_text() == "RUNNING":
        state.write_text("FAILED" if code else "COMPLETED")


def srun(folder, *arguments):
    """Be the command, with its output where `--output` says."""
    output, *command = arguments[arguments.index("--output") + 1 :]
    array, task = (os.environ.get(f"SLURM_ARRAY_{part}_ID", "") for part in ("JOB", "TASK"))
    for sign, text in (
        ("%A", array),
        ("%a", task),
        ("%j", os.environ["SLURM_JOB_ID"]),
        ("%t", "0"),
    ):
        output = output.replace(sign, text)
    with Path(output).open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.execvp(command[0], command)  # noqa: S606


def sacct(folder, *_arguments):
    lines = [f"{state.stem}|{state.read_text()}|here\n" for state in folder.glob("*.state")]
    sys.stdout.writelines(["JobID|State|NodeList\n", *lines])


def scancel(folder, *jobs):
    for job in jobs:
        state = state_of(folder, job)
        if state.read_text() in ("PENDING", "RUNNING"):
            state.write_text("CANCELLED")
        pid = folder / f"{job}.pid"
        if pid.exists():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(pid.read_text()), signal.SIGKILL)


def squared(folder, number, lives=0):
    """A unit of work: kill the process that does number 3, the first `lives` times."""
    (folder / f"{number}-{os.getpid()}").touch()
    if number == 3 and len(list(folder.glob("3-*"))) <= lives:
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def wait_long(folder):
    """A unit of work that somebody has to end."""
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def fail():
    """A unit of work that fails by itself."""
    raise DataError("no such clip")


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    at = Path(arguments[0]).parent if name == "control" else None
    home = at or Path(os.environ["PATH"].partition(os.pathsep)[0])
    globals()[name](home, *arguments)
