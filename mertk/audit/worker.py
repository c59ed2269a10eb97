"""One job in a fresh process: `python -m mertk.audit.worker`, JSON in, JSON out.

A process of its own for each is what makes state that outlives a fold visible, and keeps it from
one probe to the next.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from threadpoolctl import threadpool_limits

from mertk.audit.case import Case, Opened
from mertk.audit.dataset_checks import inspect_dataset
from mertk.audit.perturbation import trace_fold
from mertk.audit.scored_folds import score_draw
from mertk.audit.spotter_case import SpotterCase, spot_disturbed
from mertk.audit.watched_files import weights_folders
from mertk.core.errors import ComponentError, MertkError
from mertk.nn import training

JOBS: Mapping[str, Callable[..., Any]] = {
    "inspected": inspect_dataset,
    "scored": score_draw,
    "traced": trace_fold,
    "spotted": spot_disturbed,
}


_PRIVATE = (
    *("TMPDIR", "TEMP", "TMP", "MERTK_CACHE", "JOBLIB_TEMP_FOLDER"),
    *("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"),
    *("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "NUMBA_CACHE_DIR"),
    *("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"),  # torch sets the first one by itself
)
"""Variables that name a folder in which a component may leave something for the next fold."""


def run_in_fresh_process(case: Case | SpotterCase, job: str, **options: Any) -> dict[str, Any]:
    """Do a job in a fresh process and an empty folder; raises `ComponentError` where it fails.

    What a component leaves in the working folder, at home, among temporary files or in a cache is
    gone with the process, as is what earlier runs have left there. Downloaded weights are still
    found.
    """
    request = json.dumps({"job": job, "case": asdict(case), "options": options})
    weights = {name: str(path) for name, path in weights_folders().items()}
    with tempfile.TemporaryDirectory() as empty:
        private = {**dict.fromkeys(_PRIVATE, empty), **weights, "PYTHONDONTWRITEBYTECODE": "1"}
        private["PYTHONIOENCODING"] = "utf-8"
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mertk.audit.worker"],
            input=request,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            cwd=empty,
            env={**os.environ, **private, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    if done.returncode or not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ComponentError(f"audit of {case.name}, {job}: {last}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_job() -> None:
    """Read a job from standard input and write its result to standard output."""
    request = json.load(sys.stdin)
    spotter = "spotter" in request["case"]
    kind: type[Case | SpotterCase] = SpotterCase if spotter else Case
    case = kind.from_json(request["case"])
    training.use_device(case.device)
    try:
        with threadpool_limits(limits=1):
            given = case if isinstance(case, SpotterCase) else Opened(case)
            found = JOBS[request["job"]](given, **request["options"])
    except MertkError as error:
        sys.exit(str(error))
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    run_job()
