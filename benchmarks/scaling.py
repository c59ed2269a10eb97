"""How time and memory grow: with clips and folds, and a ledger of 10,000 clips.

Run: OMP_NUM_THREADS=1 python -m benchmarks.scaling [--quick]    (quick: smaller steps)

Exponents are slopes of log time over log size, by least squares: 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import mertk
from mertk.report import sentences
from mertk.report.page import write_page
from mertk.storage.ledger import Fold, Run

_CLIPS = (100, 400, 1600, 6400, 10_000)
_FOLDS = (4, 16, 64, 256)


def main() -> None:
    """Print every curve."""
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true")
    given.add_argument("--child", nargs=2, metavar=("WHAT", "SIZE"), help=argparse.SUPPRESS)
    options = given.parse_args()
    if options.child:
        what, size = options.child
        print(json.dumps({"prefix": _prefix, "report": _report}[what](int(size))))
        return
    clips = _CLIPS[:3] if options.quick else _CLIPS
    _curve("clips through the prefix of lbptop", clips, "prefix", each="clip")
    _folds()
    size = 1000 if options.quick else 10_000
    found = _child("report", size)
    print(
        f"\nreport of {size} clips x 5 seeds: tables {found['seconds']:.1f} s, report.html of "
        f"{found['page_mb']:.1f} MB {found['page']:.1f} s; {found['mb']:.0f} MB of memory"
    )


def _curve(title: str, sizes: tuple[int, ...], what: str, *, each: str) -> None:
    print(f"\n{title}")
    seconds = []
    for size in sizes:
        found = _child(what, size)
        seconds.append(found["seconds"])
        spent, peak = found["seconds"], found["mb"]
        print(f"  {size:>7} {spent:9.2f} s {1000 * spent / size:8.2f} ms a {each} {peak:7.0f} MB")
    print(f"  exponent {_exponent(sizes, seconds):.2f}")


def _child(what: str, size: int) -> dict[str, float]:
    """Seconds and peak memory of a fresh process."""
    command = [sys.executable, "-m", "benchmarks.scaling", "--child", what, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _exponent(sizes: tuple[int, ...], seconds: list[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _prefix(clips: int) -> dict[str, float]:
    """Small clips: 8 frames of 64 x 64, so that 10,000 end in minutes."""
    from mertk.experiment.jobs import prepare_clip

    registry = mertk.load_plugins().registry
    use = mertk.Use("synthetic", subjects=max(1, clips // 10), clips=10, frames=8, size=64)
    found = registry.build("dataset", use).index(None)[:clips]
    recipe = registry.recipe("lbptop")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for clip in found:
            prepare_clip(recipe, (), Path(folder), clip)
        return {"seconds": time.perf_counter() - start, "mb": _peak()}


def _folds() -> None:
    """The same 256 clips in ever more folds: floors and a cheap model, sequentially."""
    print("\nfolds of flow_svm on 256 clips")
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for people in _FOLDS:
            use = mertk.Use("synthetic", subjects=people, clips=256 // people, frames=5, size=64)
            kept = {"jobs": 1, "floors": False, "cache": Path(folder) / "cache"}
            mertk.bench(["flow_svm"], dataset=use, out=Path(folder) / f"warm{people}", **kept)
            start = time.perf_counter()
            mertk.bench(["flow_svm"], dataset=use, out=Path(folder) / f"{people}", **kept)
            seconds.append(time.perf_counter() - start)
            each = 1000 * seconds[-1] / people
            print(f"  {people:>7} {seconds[-1]:9.2f} s {each:8.1f} ms a fold")
    print(f"  exponent {_exponent(_FOLDS, seconds):.2f}")


def _report(clips: int) -> dict[str, float]:
    """A ledger made up of guesses: 100 people, 5 seeds; its tables and tests, and then the page."""
    plugins = mertk.load_plugins()
    registry = plugins.registry
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        runs = [_made(Path(folder), name, registry.recipe(name), clips, rng)
                for name in ("lbptop", "flow_svm")]  # fmt: skip
        start = time.perf_counter()
        sentences.to_json(mertk.Results(runs))
        told = time.perf_counter()
        page = write_page(mertk.Results(runs), Path(folder) / "report.html", plugins)
        return {
            "seconds": told - start, "page": time.perf_counter() - told, "mb": _peak(),
            "page_mb": page.stat().st_size / 1e6,
        }  # fmt: skip


def _made(
    folder: Path, name: str, recipe: mertk.Recipe, clips: int, rng: np.random.Generator
) -> Run:
    identity = {
        "recipe": recipe.to_json(),
        "components": {},
        "protocol": {"name": "synthetic3", "params": {}},
        "classes": ["negative", "positive", "surprise"],
        "clip_list": "made",
        "data": "made",
        "datasets": [{"name": "synthetic"}],
    }
    people = {f"s{at}": f"synthetic/s{at}" for at in range(100)}
    facts = {
        f"{person}/{number}": {"fold": fold, "person": person, "truth": number % 3}
        for fold, person in people.items()
        for number in range(clips // 100)
    }
    run = Run.open(folder, name, identity, {}, facts)
    for fold, person in people.items():
        uids = [f"{person}/{number}" for number in range(clips // 100)]
        for seed in range(5):
            rows = rng.dirichlet([1, 1, 1], len(uids)).round(5)
            run.save(Fold(
                name=fold, seed=seed, uids=uids, people=[person] * len(uids),
                truth=[n % 3 for n in range(len(uids))], probabilities=rows.tolist(),
                seconds={"total": 1.0},
            ))  # fmt: skip
    return run


if __name__ == "__main__":
    os.environ.setdefault("MERTK_CACHE", tempfile.gettempdir())
    main()
