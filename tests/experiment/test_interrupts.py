"""Ctrl-C with workers: one line, no traceback, no process left, finished folds kept."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fake_slurm import install

SLOW = '''
import time, numpy as np, mertk
class Slow:
    """Takes its time."""
    def fit(self, train, rng): time.sleep(0.4); self.k = len(train.classes)
    def predict(self, streams): return np.full(self.k, 1 / self.k)
@mertk.hookimpl
def mertk_register(register):
    register.classifier("slow", Slow)
'''
# A suite that is run in the background hands on that Ctrl-C is ignored.
MAIN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import mertk.cli; mertk.cli.main()"
FEW_JOBS = "import mertk.experiment.executors.slurm as slurm; slurm._MOST_JOBS = 2; "
PROC = Path("/proc")

pytestmark = pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")


def alive(session):
    """The processes of a session that have not ended."""
    found = []
    for status in PROC.glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = status.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # ended meanwhile
            continue
        if int(its_session) == session and state != "Z":
            found.append(status.parent.name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "executor",
    [
        "local",
        pytest.param("dask", marks=pytest.mark.skipif(not find_spec("distributed"), reason="dask")),
        pytest.param("slurm", marks=pytest.mark.skipif(not find_spec("submitit"), reason="slurm")),
    ],
)
@pytest.mark.parametrize("folds", [0, 2])
def test_an_interrupt_ends_all_workers(tmp_path, executor, folds):
    (tmp_path / "slow.py").write_text(SLOW)
    runs = tmp_path / "runs"
    command = [
        sys.executable, "-c", MAIN, "--plugin", str(tmp_path / "slow.py"), "bench", "--model",
        "flow_svm", "--swap", "classifier=slow", "--dataset",
        "synthetic:subjects=12,clips=3,frames=6,size=64", "--jobs", "2", "--executor", executor,
        "--out", str(runs),
    ]  # fmt: skip
    cluster = install(tmp_path / "cluster")
    path = f"{cluster}{os.pathsep}{os.environ['PATH']}"
    if executor == "slurm":
        command[2] = FEW_JOBS + command[2]
    running = subprocess.Popen(
        command, cwd=tmp_path,
        env={**os.environ, "MERTK_CACHE": str(tmp_path / "cache"), "PATH": path},
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while len(list(runs.glob("flow_svm*/folds/*.json"))) < folds and time.monotonic() < deadline:
        time.sleep(0.05)
    if not folds:  # while workers start
        while "features" not in running.stderr.readline():
            assert running.poll() is None
        time.sleep(0.3)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to every process
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert err.strip().splitlines()[-1].startswith("Error: interrupted. Finished folds are kept")
    deadline = time.monotonic() + 10
    while alive(running.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive(running.pid) == []
    assert folds <= len(list(runs.glob("flow_svm*/folds/*.json"))) < 12
