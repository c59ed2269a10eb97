"""How long `--plan` says that a run will take, against what it then takes.

python -m benchmarks.plan [wall] [MODEL …]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODELS = ("flow_svm", "lbptop", "ststnet", "cnn_lstm")
CLIPS = {"cnn_lstm": "synthetic:subjects=4,clips=6", "": "synthetic:subjects=8,clips=9"}


def main(wall: bool, models: list[str]) -> None:
    """Print a line a model: seconds planned, seconds taken, their ratio, seconds of the plan."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{'wall' if wall else 'CPU'} seconds, one worker; {os.cpu_count()} cores, load {load}")
    print(f"{'model':<14}{'planned':>10}{'taken':>10}{'ratio':>8}{'the plan took':>16}")
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            planned, asking = _child("plan", model, folder, wall)
            taken, _ = _child("bench", model, folder, wall)
        print(f"{model:<14}{planned:10.2f}{taken:10.2f}{planned / taken:8.2f}{asking:16.2f}")


def _child(what: str, model: str, folder: str, wall: bool) -> list[float]:
    """Plan or run in a new process, as a user would: what it prints, as numbers."""
    clock = "wall" if wall else "cpu"
    out = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.plan", what, model, folder, clock],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[float] = json.loads(out.stdout)
    return found


def _in_child(what: str, model: str, folder: str, clock: str) -> None:
    """Seconds planned and spent, or spent twice."""
    if clock == "cpu":  # other programs do not count, and one thread works at a time
        time.perf_counter = time.process_time
    start = time.perf_counter()
    from mertk.experiment.bench import plan_study, run_study
    from mertk.experiment.execution import Execution
    from mertk.experiment.study import Study

    root = Path(folder)
    dataset = CLIPS.get(model, CLIPS[""])
    execution = Execution(jobs=1, out=root / "runs", cache=root / "cache")
    study = Study(models=[model], dataset=dataset).open(execution)
    if what == "plan":
        planned = plan_study(study)
        took = time.perf_counter() - start
        left = sum(one.seconds_left(1) for one in planned)
        print(json.dumps([took + left, took]))
        return
    run_study(study)
    print(json.dumps([time.perf_counter() - start] * 2))


if __name__ == "__main__":
    if sys.argv[1:2] in (["plan"], ["bench"]):
        _in_child(*sys.argv[1:5])
    else:
        given = sys.argv[1:]
        main("wall" in given, [name for name in given if name != "wall"] or list(MODELS))
