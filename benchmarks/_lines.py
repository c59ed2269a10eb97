"""Random command lines: every command and option that click knows, with values of all kinds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import click

from benchmarks._bed import SET
from mertk.cli import COMMANDS, app

_LONG = "x" * 300
_FILES = (
    "table.csv",
    "log.txt",
    "spots.csv",
    "recipe.json",
    "recipe.toml",
    "video.avi",
    "model",
    "runs",
    "run",
    "set",
    "thesis",
    "notes.txt",
    "thesis.csv",
    ".",
    "..",
    "empty.csv",
    "folder.csv",
    "pipe.csv",
    "pipe.json",
    "pipe.avi",
    "latin.csv",
    "null.csv",
    "huge.csv",
    "labels.csv",
    "markup.csv",
    "deep.json",
    "deep.toml",
    "nan.json",
    "broken.toml",
    "broken.json",
    "list.json",
    "slots.json",
    "loop",
    "loop/x",
    "noise.avi",
    "[/b].avi",
    "\udcff.avi",
    "bad_run",
    "bad_model",
    "bomb.xlsx",
    "none.csv",
    "/dev/null",
    "/dev/zero",
    "/proc/self/mem",
    _LONG,
    f"{_LONG}.json",
    "",
    "a\nb",
    "~",
    "-",
    "thesis/../thesis",
    "model/../thesis",
    "table.csv/x",
)
_ODD = (
    "",
    " ",
    "-1",
    "0",
    "1",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "9" * 5000,
    "99999999999999999999",
    "½",
    "①",
    "[/b]",
    "[",
    "{",
    "a=b",
    "=",
    "=1",
    "a:b=c",
    ":",
    "::",
    ",",
    ",,",
    "a,b",
    "0,1",
    "+",
    "a+b",
    "%s",
    "{0}",
    "\x1b[31m",
    "日本",
    "\udcff",
    "../..",
    "--",
    _LONG,
    "null",
    "[" * 2000,
    "true",
    "none",
    "extractor=flow",
    "classifier.C=nan",
    "classifier.C=1e400",
    "dataset.subjects=2",
    "dataset.subjects=-3",
    "dataset.subjects=1e9",
    "dataset.x=1",
    "roi=grid",
    "fusion=a+b",
    "classifier=sklearn:os.system",
    "classifier=sklearn:path=os.system",
    "classifier=sklearn:sklearn.svm.SVC,C=[1]",
    "classifier=quits",
)
_OUT = (
    "out",
    "out/deep/er",
    "model",
    "runs",
    "thesis",
    "notes.txt",
    "thesis.csv",
    "thesis/new.csv",
    ".",
    "..",
    "pipe.csv",
    "loop",
    "table.csv/x",
    "/dev/null/x",
    "/proc/x",
    _LONG,
    "a\nb",
    "",
    "out.csv",
    "thesis/../thesis",
    "[/b]",
)
_MODELS = ("majority", "prior", "flow_svm", "flow_svm:quick", "recipe.toml", "recipe.json", "run")
_SETS = (
    SET,
    SET.replace("3,", "2,", 1),
    "folder",
    "casme2",
    "smic",
    "synthetic:subjects=1",
    "synthetic:subjects=0",
    "synthetic:size=0",
    "synthetic:frames=1,subjects=2",
    "no_such",
)
_GOOD = {
    "model": _MODELS,
    "models": _MODELS,
    "baselines": _MODELS,
    "dataset": _SETS,
    "names": _SETS,
    "data": ("set", "folder=set", "thesis", "none", "casme2=thesis"),
    "out": _OUT,
    "html": _OUT,
    "protocol": ("loso", "loso:classes=[1]", "casme2_5", "megc2019", "objective", "no_such"),
    "runs": ("runs", "run", "bad_run", "thesis", "none"),
    "file": _FILES,
    "spotting": _FILES,
    "videos": _FILES,
    "plugins": (
        "good.py",
        "exits.py",
        "exits_registering.py",
        "raises.py",
        "no_python.py",
        "quits_init.py",
        "quits_fit.py",
        "quits_predict.py",
        "none.py",
        "os",
        "no.such.module",
    ),
    "classes": ("1,2", "1", "negative,positive,surprise", ",".join(map(str, range(3000)))),
    "kind": ("model", "classifier", "dataset", "extractor", "protocol", "no_such"),
    "name": ("flow_svm", "svm", "synthetic", "mine", "casme2", "folder", "no_such", "Not a name"),
    "what": ("majority", "table.csv", "good.py", "exits.py", "quits_fit.py", "none.py"),
    "seeds": ("0", "0,1", "-1", "99999999999999999999999"),
    "seed": ("0", "7", "-1"),
    "sweeps": ("classifier.C=0.1,1", "classifier=svm,ridge", "x"),
    "maps": ("a=positive+negative,others", "=", "a=b"),
    "executor": ("local", "dask://x:1", "slurm"),
    "keyframes": ("given", "estimated", "none"),
    "jitter": ("0", "0,1", "999999"),
    "jobs": ("1", "1", "1", "2", "0", "9" * 30),
    "device": ("cpu", "cuda", "auto", "tpu"),
    "spotters": ("flow_peaks", "no_such"),
    "spotter": ("flow_peaks", "no_such"),
    "aligner": ("none", "eye_similarity", "no_such"),
    "occlusion": ("0", "1", "-1"),
    "folder": _FILES,
    "preset": ("quick", "no_such"),
    "replay": ("no_such",),
    "flow": ("farneback", "dis", "no_such"),
    "size": ("0", "28", "100000000", "-1"),
    "prune": ("0", "1", "nan", "inf", "-1", "1e300"),
    "probes": ("dataset",),
    "onset": ("0", "3", "99"),
    "apex": ("4", "2"),
    "offset": ("9", "1"),
    "layout": ("folder", "megc"),
}
_LEFT_OUT = {"help", "version", "everything", "debug"}
_FEW = ("models", "model", "dataset", "runs", "seeds", "jobs", "names", "spotters")
"""Of these wrong values are rarer, or else nearly no command would come to its work."""


def command_line(seed: int, number: int) -> list[str]:
    """The command line of this number: the same for the same seed, whatever ran before.

    Left out are `check --all` and long videos, which take minutes by right, and `--debug`, which is
    there to show tracebacks.
    """
    rng = random.Random(f"{seed}/{number}")  # noqa: S311  no secret
    before = list(_given(rng, _parameters(app), 0.2))
    name = rng.choice([*COMMANDS, "data", "bench", "score", "predict", "report"])
    words, command = [name], app.get_command(click.Context(app), name)
    if isinstance(command, click.Group):
        words.append(rng.choice(sorted(command.commands)))
        command = command.commands[words[-1]]
    assert command is not None
    line = [*before, *words, *_given(rng, _parameters(command), 0.25)]
    if name in ("audit", "bench", "train") and "--dataset" not in line:
        line += ["--dataset", SET]
    if name == "bench":
        line += ["--jobs", "1"] if "--jobs" not in line else []
    if name == "audit":
        line += ["--quick", "--probe", "dataset"]
    if words[-1] == "synth":
        small = ("subjects=2", "clips=3", "frames=6", "size=64")
        line += [word for setting in small for word in ("--set", setting)]
    if name == "spot" and "--dataset" not in line:
        line += ["--dataset", "synthetic_long:videos=1,seconds=4,micros=1,macros=0,size=64"]
    if rng.random() < 0.03:
        line.insert(rng.randrange(len(line) + 1), rng.choice(_ODD))
    return line


def _parameters(command: click.Command) -> list[click.Parameter]:
    return [one for one in command.params if one.name not in _LEFT_OUT]


def _given(rng: random.Random, parameters: list[click.Parameter], often: float) -> Iterator[str]:
    """Words for some of these parameters; what is required is nearly always given."""
    for one in parameters:
        if rng.random() > (0.97 if one.required else often):
            continue
        times = rng.choice((1, 1, 2)) if one.multiple or one.nargs == -1 else 1
        for _ in range(times):
            yield from _words(rng, one)


def _words(rng: random.Random, one: click.Parameter) -> Iterator[str]:
    if isinstance(one, click.Option):
        if one.is_flag:
            yield rng.choice([*one.opts, *one.secondary_opts])
            return
        yield rng.choice(one.opts)
    yield _value(rng, one)


def _value(rng: random.Random, one: click.Parameter) -> str:
    kind: Any = one.type
    good = list(_GOOD.get(one.name or "", ()))
    if isinstance(kind, click.Choice):
        good += map(str, kind.choices)
    if one.name in _FEW and rng.random() < 0.75:
        return good[min(int(rng.expovariate(0.7)), len(good) - 1)]  # the first ones, mostly
    if good and rng.random() < 0.7:
        return rng.choice(good)
    return rng.choice(_FILES if isinstance(kind, click.Path) else _ODD)
