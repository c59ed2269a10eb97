"""Random command lines, hostile model folders, damaged runs, damaged cache entries: what holds.

python -m benchmarks.fuzz [--lines N] [--models N] [--runs N] [--entries N] [--seed N] [--jobs N]

Each is tried in a fresh process in a fresh folder with strangers' files in it. Ends with exit code
1 and names the seed and the command lines where anything raised, hung, changed an answer without a
word, or lost a stranger's file. The same seed gives the same tries. POSIX alone.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._bed import SET, call, make_bed, strangers_of
from benchmarks._forked import Ended, forked
from benchmarks._lines import command_line

_LIMIT = 120.0  # seconds; the slowest line that is in order takes 40 on a busy core
_ENTRIES = 250  # of the cache, damaged in one process
_HEAVY = ("cv2", "joblib", "matplotlib.pyplot", "pandas", "rich.table", "safetensors.numpy",
          "scipy.stats", "sklearn.svm", "skimage.feature", "mertk.experiment.bench", "openpyxl",
          "mertk.report.page", "mertk.experiment.trained_model",
          "mertk.report.video_predictions", "mertk.audit",
          "mertk.spotting.search", "mertk.export.prepare", "jinja2", "torch")  # fmt: skip


@dataclass(slots=True)
class Part:
    """What came of one kind of tries: a line for each that went wrong."""

    name: str
    tries: int = 0
    tracebacks: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    seconds: float = 0.0
    codes: dict[int, int] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """All that went wrong."""
        kinds = ("tracebacks", "hangs", "silent", "lost")
        return [f"{kind}: {text}" for kind in kinds for text in getattr(self, kind)]

    def note(self, ended: Ended, what: str, strangers: Mapping[str, str]) -> None:
        """Count one try, and whether it raised, hung or lost a stranger's file."""
        self.tries += 1
        self.codes[ended.code] = self.codes.get(ended.code, 0) + 1
        told = f"{what}\n      exit {ended.code}; {_last(ended.err)}"
        if ended.hung:
            self.hangs.append(told)
        elif ended.traceback:
            self.tracebacks.append(told)
        elif ended.code not in (0, 1, 2) or (ended.code and not ended.err and not ended.out):
            self.silent.append(told)
        if strangers_of(ended.folder) != strangers:
            self.lost.append(told)


def _last(text: str) -> str:
    """The end of what was printed, on one line."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return " | ".join(lines[-6:])[-600:]


def try_lines(bed: Path, count: int, seed: int, jobs: int) -> Part:
    """Random command lines: each must end in time, with one line where it is refused."""
    part = Part("command lines")
    lines = [command_line(seed, number) for number in range(count)]
    strangers = strangers_of(bed)
    calls = [functools.partial(call, *line) for line in lines]
    for ended in _timed(part, bed, calls, jobs):
        what = f"seed {seed}, line {ended.number}: mertk {_shown(lines[ended.number])}"
        part.note(ended, what, strangers)
    return part


def _shown(line: Sequence[str]) -> str:
    short = [word if len(word) < 400 else f"{word[:20]}…({len(word)})" for word in line]
    return shlex.join(short).encode("unicode_escape").decode()


def try_models(bed: Path, count: int, seed: int, jobs: int) -> Part:
    """Hostile model folders: `predict` must refuse each with one line."""
    from hostile_models import HOSTILE

    part = Part("model folders")
    strangers = strangers_of(bed)
    chosen = [HOSTILE[(seed + at) % len(HOSTILE)] for at in range(count)]
    calls = [functools.partial(_predict, make) for _, make in chosen]
    for ended in _timed(part, bed, calls, jobs):
        what = f"model folder '{chosen[ended.number][0]}'"
        part.note(ended, what, strangers)
        if ended.code == 0:
            part.silent.append(f"{what} was believed, or ran code: {_last(ended.out)}")
    return part


def _predict(make: Callable[[Path], None]) -> int:
    """0 where the folder was believed, or ran code: a file tells, or the module `this`."""
    from hostile_models import canary

    folder = Path("model").absolute()
    make(folder)
    code = call("predict", "model", "video.avi", "--whole")
    return 0 if canary(folder).exists() or "this" in sys.modules else code


def try_runs(bed: Path, count: int, seed: int, jobs: int) -> Part:
    """Damaged run folders: `report` says so or gives the same scores; `bench` mends them."""
    from damaged_runs import DAMAGES

    part = Part("run folders")
    strangers = strangers_of(bed)
    chosen = [DAMAGES[at % len(DAMAGES)] for at in range(count)]
    calls = [functools.partial(_report, damage, seed + at) for at, (_, damage) in enumerate(chosen)]
    for ended in _timed(part, bed, calls, jobs):
        what = f"run folder '{chosen[ended.number][0]}', seed {seed + ended.number}"
        part.note(ended, what, strangers)
        if ended.code == 1:
            part.silent.append(f"{what}: {_last(ended.err)}")
    return part


_REPORT = ("report", "runs", "--json", "--no-frames")
_BENCH = ("bench", "--model", "flow_svm", "--dataset", SET, "--jobs", "1", "--json", "--no-frames")


def _report(damage: Callable[[Path, Any], None], seed: int) -> int:
    """1 where a changed score was printed without a word, or `bench` does not mend the run."""
    due, mended = _printed(*_REPORT), _printed(*_BENCH)
    damage(Path("run").resolve(), random.Random(seed))  # noqa: S311  no secret
    found = _printed(*_REPORT)
    said = found[2].strip() or any(word in found[1] for word in ("unfinished", "damaged"))
    if found[0] == 0 and _scores(found) != _scores(due) and not said:
        sys.stderr.write("report printed other scores and said nothing\n")
        return 1
    again = _printed(*_BENCH)
    if again[0] == 0 and _scores(again) != _scores(mended):
        sys.stderr.write(f"bench printed other scores: {again[2]}\n")
        return 1
    sys.stderr.write(found[2] + again[2])
    return 0 if again[0] == 0 else 2


def _printed(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        before = [os.dup(number) for number in (1, 2)]
        for number, file in ((1, out), (2, err)):
            os.dup2(file.fileno(), number)
        try:
            code = call(*arguments)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, old in zip((1, 2), before, strict=True):
                os.dup2(old, number)
                os.close(old)
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _scores(printed: tuple[int, str, str]) -> list[Any]:
    """The scores of each model as `--json` gives them."""
    models = json.loads(printed[1])["models"] if printed[0] == 0 else []
    return [[one["model"], one.get("UF1"), one.get("UAR"), one.get("clips")] for one in models]


def try_entries(bed: Path, count: int, seed: int, jobs: int) -> Part:
    """Damaged cache entries: each is refused, or holds exactly what was put into it."""
    part = Part("cache entries")
    strangers = strangers_of(bed)
    starts = range(0, count, _ENTRIES)
    calls = [
        functools.partial(_damage_entries, seed, start, min(_ENTRIES, count - start))
        for start in starts
    ]
    for ended in _timed(part, bed, calls, jobs):
        what = f"cache entries from {starts[ended.number]} on, seed {seed}"
        part.note(ended, what, strangers)
        if ended.code == 1:
            part.silent.append(f"{what}: {_last(ended.out)}")
    part.tries = count
    return part


def _damage_entries(seed: int, start: int, count: int) -> int:
    """1 where an entry that was damaged gave something else than was put into it."""
    from damaged_cache import DAMAGES

    from mertk.storage.cache import Cache

    cache, wrong = Cache(Path("damaged")), 0
    for number in range(start, start + count):
        rng = np.random.default_rng([seed, number])
        name, damage = DAMAGES[number % len(DAMAGES)]
        key, kept = f"{number:064x}", rng.random((3, int(rng.integers(1, 40))))
        cache.put(key, {"kept": kept}, {"number": number})
        path = next(path for path in cache.entries() if path.stem == key)
        damage(path, rng)
        found = cache.get(key)
        same = found is None or (
            set(found.arrays) == {"kept"}
            and np.array_equal(found.arrays["kept"], kept)
            and dict(found.about) == {"number": number}
        )
        if not same:
            sys.stdout.write(f"entry {number}, {name}: another content was believed\n")
            wrong += 1
    return 1 if wrong else 0


def _timed(part: Part, bed: Path, calls: Iterable[Callable[[], int]], jobs: int) -> Iterable[Ended]:
    begun = time.perf_counter()
    yield from forked(bed, calls, jobs=jobs, limit=_LIMIT)
    part.seconds = time.perf_counter() - begun


_TRIES: Mapping[str, Callable[[Path, int, int, int], Part]] = {
    "lines": try_lines,
    "models": try_models,
    "runs": try_runs,
    "entries": try_entries,
}


def fuzz(counts: Mapping[str, int], *, seed: int, jobs: int) -> list[Part]:
    """Try so many of each kind; `counts` names `lines`, `models`, `runs` and `entries`."""
    import importlib

    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # the damages are tests too
    for name in _HEAVY:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as space:
        bed = Path(space, "bed")
        made = next(iter(forked(Path(space), [functools.partial(_make, bed)], jobs=1, limit=300)))
        if made.code:
            raise RuntimeError(f"the bed could not be made: {made.err}")
        return [_TRIES[name](bed, count, seed, jobs) for name, count in counts.items() if count]


def _make(bed: Path) -> int:
    os.environ |= {"MERTK_CACHE": str(bed / "cache"), "MERTK_CONFIG": str(bed / "config.toml")}
    make_bed(bed)
    return 0


def show(parts: Sequence[Part]) -> None:
    """Print the table, the exit codes, and everything that went wrong."""
    print(
        f"{'':<15}{'tries':>8}{'tracebacks':>12}{'hangs':>7}{'silent':>8}{'lost':>6}{'seconds':>9}"
    )
    for part in parts:
        numbers = (len(part.tracebacks), len(part.hangs), len(part.silent), len(part.lost))
        print(
            f"{part.name:<15}{part.tries:>8}{numbers[0]:>12}{numbers[1]:>7}{numbers[2]:>8}"
            f"{numbers[3]:>6}{part.seconds:>9.0f}"
        )
    for part in parts:
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(part.codes.items()))
        print(f"exit codes of {part.name}: {codes}")
    for part in parts:
        for fault in part.faults:
            print(f"  {part.name}: {fault}")


def main() -> None:
    """Read the counts, try, print, and end with 1 where anything went wrong."""
    parser = argparse.ArgumentParser()
    for name, count in (("lines", 400), ("models", 40), ("runs", 40), ("entries", 10_000)):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    counts = {name: getattr(given, name) for name in _TRIES}
    parts = fuzz(counts, seed=given.seed, jobs=given.jobs)
    show(parts)
    sys.exit(1 if any(part.faults for part in parts) else 0)


if __name__ == "__main__":
    main()
