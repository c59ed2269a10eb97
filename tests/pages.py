"""The fenced blocks and inline code of pages, tried: what a page shows must be so.

`Page.of(…)` finds the blocks, `Trial.block` tries one and raises `Broken` with its place. What is
only parsed, and why, stands in `PARSED_ONLY`.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest import mock

import click

import mertk
from mertk import cli
from mertk.core.recipe import SLOTS, Recipe, Use
from mertk.experiment import task
from mertk.experiment.study import Study
from mertk.pipeline.pipeline import build_pipeline
from mertk.plugins import scaffold

ROOT = Path(__file__).parents[1]
TOYS = Path(__file__).parent / "toys.py"

PARSED_ONLY = {
    r"/data/|data check (casme2|samm)$": "the folder of a data set that is asked for, or your own",
    r"--dataset (casme2 --protocol|samm$)|--protocol megc2019": "the same, as `data add` knows it",
    r"audit --(model|spotter)|--replay |check --all": "minutes; tests/audit, tests/experiment/test_leaky_replay.py and "
    "tests/testing run such",
    r"bench smoke": "seconds of training; tests/cli/test_study_command.py runs a study file",
    r"study show runs/study": "a run of an earlier block",
    r"replicate megc2019 --quick": "a minute; tests/cli/test_replicate.py runs a smaller one",
    r"predict model ": "a trained model, and videos of your own",
    r"--dataset videos ": "videos of your own; tests/cli/test_submit.py runs such",
    r"hub (push|pull)|hf:": "an account of the hub; tests/cli/test_hub.py runs them with a stand-in",
    r"--device cuda|dask://": "needs a GPU, or machines of your own",
    r"--model cnn_lstm_se": "half a minute of training; .ci/run runs the README's first command",
    r"--oracle-gap": "half a minute; tests/experiment/test_epoch_oracle.py runs such",
    r"--executor dask": "seconds to start workers; tests/experiment/test_executors.py runs it",
    r"dask_kubernetes": "needs a cluster; the page says that this is a sketch",
}
"""What no test runs, by a pattern of the command or python block: the first that fits counts."""

PROGRAMS = {
    "dask": "distributed", "lint-imports": "import-linter",
    "mypy": "mypy", "pre-commit": "pre-commit", "pytest": "pytest", "ruff": "ruff",
}  # fmt: skip
"""Other programs that pages call, and the requirement in pyproject.toml that brings them."""

FOREIGN_OPTIONS = {"--nthreads": "dask worker"}
"""Options in running text that are not mertk's."""

GIVEN = {
    "mine.py": scaffold.make_plugin_files("extractor", "mine")["mine.py"],
    "my_plugin.py": scaffold.make_plugin_files("extractor", "my_extractor")["my_extractor.py"],
    "their_log.txt": "casme2 sub01\nEP02_01f 1 0\nEP02_02f 0 0\ncasme2 sub02\nEP01_01f 2 2\n",
    "truth.csv": "video,onset,offset\ns15_01,10,30\n",
    "spotted.csv": "video,onset,offset\ns15_01,12,30\n",
    "ours.csv": "video,onset,offset\ns15_01,12,30\n",
    "theirs.csv": "video,onset,offset\ns15_01,20,50\n",
    "emotions.csv": "clip,predicted\nsynthetic/s01/c01,happiness\n",
    "aus.csv": "clip,predicted\nsynthetic/s01/c01,AU6+AU12\n",
    "spots.csv": "subject,video,onset,offset,type\ns01,v01,10,20,me\n",
    "MEGC2020_log_file.txt": "2\n15_0101 1 10 2 10 TP\n15_0101 30 40 - - FN\n",
}
"""Files that pages name without showing them."""

SMALL = ("subjects=4", "clips=3")
"""The synthetic set of a command that is run, where it names no other."""


SHORT = "synthetic_long:videos=2,seconds=8,micros=1,macros=1,size=96"
"""The long videos of a command that is run, whichever it names."""


class Broken(AssertionError):  # noqa: N818
    """A page shows what is not so."""


class _Stop(BaseException):
    """A command is understood, and would begin to work now."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its lines, and where its first one stands."""

    page: str
    line: int
    language: str
    text: str

    def broken(self, why: object) -> Broken:
        return Broken(f"{self.page}:{self.line}: {why}")


def blocks(page: str, text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found: list[Block] = []
    opened: re.Match[str] | None = None
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if opened is None:
            opened, inside = re.match(r"\s*(```+|~~~+)\s*(\S*)", line), []
        elif line.strip() == opened[1]:
            code = textwrap.dedent("\n".join(inside)) + "\n"
            found.append(Block(page, number - len(inside), opened[2], code))
            opened = None
        else:
            inside.append(line)
    if opened is not None:
        raise Broken(f"{page}: a block is never closed: {''.join(inside[:1])}")
    return found


_NETWORKS = blocks("networks.md", (ROOT / "docs/howto/networks.md").read_text(encoding="utf-8"))
GIVEN["my_nets.py"] = next(one.text for one in _NETWORKS if "class SmallNet(nn.Module)" in one.text)
GIVEN["small_net.toml"] = next(one.text for one in _NETWORKS if one.language == "toml")


def page_files() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]


def pages() -> dict[str, list[Block]]:
    """Every page with its blocks, by its path in the repository."""
    named = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in page_files()}
    return {page: blocks(page, text) for page, text in named.items()}


def commands(text: str) -> list[list[str]]:
    """The commands of a console block; raises `ValueError` for what is more than `&&`."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, "#"
        words: list[str] = []
        for word in [*lexer, "&&"]:
            if word == "&&":
                found += [words] if words else []
                words = []
            elif set(word) <= set("();<>|&"):
                raise ValueError(f"'{word}': only && is known here")
            else:
                words.append(word)
    return found


def why_parsed_only(shown: str) -> str | None:
    """The pattern by which a command or python block is only parsed."""
    return next((pattern for pattern in PARSED_ONLY if re.search(pattern, shown)), None)


def stale(shown: Iterable[str]) -> set[str]:
    """Patterns of `PARSED_ONLY` by which nothing of what is shown is only parsed."""
    return set(PARSED_ONLY) - {why_parsed_only(one) for one in shown}


@dataclass
class Trial:
    """Tries the blocks of one page in order, in one folder and one namespace."""

    folder: Path
    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    _installed: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in GIVEN.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def block(self, block: Block) -> None:
        """Raise `Broken` where a block does not do what it shows."""
        reader = {"python": self._python, "console": self._console, "bash": self._console,
                  "toml": lambda b: tomllib.loads(b.text),
                  "json": lambda b: json.loads(b.text)}.get(block.language)  # fmt: skip
        if reader is None:
            raise block.broken(f"'{block.language}' is no language that is tried; name one")
        try:
            with contextlib.chdir(self.folder):
                reader(block)
        except Broken:
            raise
        except Exception as error:
            raise block.broken(f"{type(error).__name__}: {error}") from error

    def _python(self, block: Block) -> None:
        code = compile(block.text, f"{block.page}:{block.line}", "exec")
        names = {node.name for node in ast.parse(block.text).body
                 if isinstance(node, ast.FunctionDef)}  # fmt: skip
        if "mertk_register" in names:
            self._plugin(block)
        elif not why_parsed_only(block.text):
            exec(code, self.namespace)  # noqa: S102

    def _plugin(self, block: Block) -> None:
        """Write a plug-in file under the name of what it registers, and bench that."""
        draft = self.folder / "shown.py"
        draft.write_text(block.text, encoding="utf-8")
        plugins = mertk.load_plugins([TOYS, draft])
        known = plugins.registry
        everything = [*known, *(known.get("executor", name) for name in known.names("executor"))]
        new = [entry for entry in everything if entry.origin.endswith("shown.py")]
        if plugins.broken or not new:
            raise block.broken(plugins.broken or "registers nothing")
        for entry in new:
            if entry.kind == "executor":
                used = {"executor": entry.name}
            elif entry.kind in SLOTS:
                used = {"swaps": [(entry.kind, [Use(entry.name)])]}
            else:
                raise block.broken(f"nobody has said yet how to bench a {entry.kind}")
            results = mertk.bench(
                ["toy_model"], dataset="toy", plugins=plugins, out=self.folder / "shown", jobs=1,
                **used,
            )  # fmt: skip
            if not 0 <= results.table()["UF1"][0] <= 1:
                raise block.broken(f"{entry.name} has no score")
        draft.rename(self.folder / f"{new[0].name}.py")

    def _console(self, block: Block) -> None:
        for words in commands(block.text):
            shown = shlex.join(words)
            try:
                self._command(words)
            except Exception as error:
                raise block.broken(f"{shown}: {error}") from error

    def _command(self, words: list[str]) -> None:
        match words:
            case ["mertk", *rest]:
                self._mertk(rest)
            case ["pip", "install", *rest]:
                self._installed += _installable(rest, self.folder / "new")
            case ["git", *_]:
                return
            case ["python", "-m", module, *_]:
                if find_spec(module) is None:
                    raise Broken(f"there is no module {module}")
            case ["python", script, *_]:
                if not (ROOT / script).is_file():
                    raise Broken(f"there is no file {script}")
            case [program, *_]:
                if PROGRAMS.get(program) not in {re.split(r"[>\[]", one)[0] for one in required()}:
                    raise Broken(f"'{program}' is no program that mertk or its extras bring")

    def _mertk(self, words: list[str]) -> None:
        plugins = [part for file in self._installed for part in ("--plugin", str(file))]
        if why_parsed_only(" ".join(words)):
            _parse([*plugins, *words])
        else:
            here = [word.replace("/tmp/", f"{self.folder}/") for word in words]  # noqa: S108
            _run([*plugins, *self._small(here)])

    def _small(self, words: list[str]) -> list[str]:
        """The same command on few clips, in this process, writing where nothing is yet."""
        if "bench" in words or words[0] == "tune":
            words = [*words, "--out", str(self.folder / "runs")]
            words += [] if "--jobs" in words else ["--jobs", "1"]
            if "--dataset" not in words and "--protocol" not in words:
                words += [part for one in SMALL for part in ("--set", f"dataset.{one}")]
        if words[0] == "spot":
            words = [*words, "--dataset", SHORT]
        if "synth" in words:
            words = [*words, *(part for one in SMALL for part in ("--set", one))]
        if words[:2] == ["vqa", "questions"]:
            long = words[2] == "synthetic_long"
            words[2] = SHORT if long else f"synthetic:{','.join(SMALL)}"
        if words[0] == "new":
            words = [*words, "--out", str(self.folder / "new")]
        return words


def required() -> list[str]:
    """Every requirement of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *chain(*project["optional-dependencies"].values())]


def _installable(words: list[str], new: Path) -> list[Path]:
    """Whether `pip install` is asked for this project, with extras that it has.

    Or for a package that `mertk new --package` has written into the folder `new`: its plug-in file.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for word in words:
        if word.startswith("-"):
            continue
        name, _, extras = word.rstrip("]").partition("[")
        written = new / name / f"{name.replace('-', '_')}.py"
        if name.startswith("mertk-") and written.is_file() and extras in {"", "test"}:
            return [written]
        unknown = set(filter(None, extras.split(","))) - set(project["optional-dependencies"])
        if name not in {".", "mertk"} or unknown:
            raise Broken(f"pip install {word}: no such extra of mertk, or not mertk")
    return []


def _run(words: list[str]) -> None:
    """Run a command to its end; exit codes but 0 are broken."""
    try:
        with contextlib.redirect_stderr(_Said()) as said:
            cli.main(words)
    except SystemExit as end:
        if end.code:
            raise Broken(f"exit code {end.code}: {said.text}") from end


class _Said:
    """Keeps what is written to standard error."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...


def _parse(words: list[str]) -> None:
    """Let the real command read its options and build what they name, and stop before it works."""
    with contextlib.ExitStack() as stack:
        for target, instead in _STOPS.items():
            stack.enter_context(mock.patch(target, instead))
        try:
            _run(words)
        except _Stop:
            return
    raise Broken("runs to its end: it need not be among what is only parsed")


def _stop(*_: Any, **__: Any) -> Any:
    raise _Stop


def _no_clips(registry: Any, datasets: Any, _folders: Any) -> list[Any]:
    for use in datasets:
        registry.build("dataset", use)
    return []


def _no_labels(registry: Any, protocol: Use, *_: Any, **__: Any) -> task.Task:
    rules = registry.build("protocol", protocol)
    return task.Task([], None, [], [], {}, synthetic=not rules.datasets)  # type: ignore[arg-type]


def _audited(case: Any, **_: Any) -> Any:
    registry = mertk.load_plugins(case.files).registry
    build_pipeline(registry, Recipe.from_json(case.recipe))
    study = Study.from_json(case.study).open(plugins=mertk.load_plugins(case.files))
    registry.build("protocol", study.protocol)
    _no_clips(registry, study.datasets, {})
    raise _Stop


def _benched(study: Any, *_: Any) -> Any:
    assert study.variants
    raise _Stop


def _prepared(preparation: Any) -> Any:
    study = preparation.study
    _no_clips(study.registry, study.datasets, {})
    if preparation.protocol:
        study.registry.build("protocol", preparation.protocol)
    raise _Stop


def _surveyed(registry: Any, name: str, _folder: Any) -> Any:
    registry.build("dataset", Use.parse(name))
    raise _Stop


_STOPS = {
    "mertk.experiment.open_study.read_clips": _no_clips,
    "mertk.experiment.open_study.make_task": _no_labels,
    "mertk.experiment.bench.run_study": _benched,
    "mertk.experiment.bench.plan_study": _benched,
    "mertk.experiment.trained_model.train_model": _benched,
    "mertk.experiment.trained_model.TrainedModel.load": _stop,
    "mertk.experiment.executors.choose.find_device": str,  # a GPU that this machine need not have
    "mertk.experiment.model_hub._open_repository": _stop,
    "mertk.experiment.study_files.read_study": _stop,
    "mertk.spotting.search.find_recordings": _stop,
    "mertk.audit.audit": _audited,
    "mertk.audit.audit_spotter": _stop,
    "mertk.spotting.dataset_truth.read_dataset_truth": _stop,
    "mertk.export.prepare._Preparation.run": _prepared,
    "mertk.cli._data_check._survey_dataset": _surveyed,
    "mertk.datasets.locations.remember_folder": _stop,
    "mertk.testing.suite.check_all": _stop,
}
"""Where commands begin to work, and what stands there instead."""


def inline(text: str) -> Iterator[str]:
    """The code spans of running text."""
    prose = re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose):
        yield " ".join(span.split())


def span_fault(span: str) -> str:
    """What is wrong about a command, an option, a name or a file in running text, or nothing."""
    words = span.replace("'", "").replace('"', "").split()
    if words[0].startswith(("mertk.", "mertk/", "benchmarks/", "tests/", "docs/", "plugins/")):
        return _name_fault(words[0])
    if words[:2] == ["python", "-m"] and find_spec(words[2]) is None:
        return f"no module '{words[2]}'"
    known, rest = set(_options(cli.app)), words[1:]
    if words[0].startswith("--"):
        known |= {option for command in _all_commands() for option in _options(command)}
        known |= set(FOREIGN_OPTIONS)
        rest = words
    elif words[0] != "mertk":
        return ""
    else:
        node: click.Command = cli.app
        while rest and isinstance(node, click.Group) and not rest[0].startswith("-"):
            child = node.get_command(click.Context(node), rest[0])
            if child is None:
                return f"no command '{rest[0]}'"
            node, rest = child, rest[1:]
            known |= set(_options(node))
    options = {option.partition("=")[0] for option in rest if re.match("--[a-z]", option)}
    return "".join(f"no option '{option}'" for option in sorted(options - known))


def _name_fault(name: str) -> str:
    """Whether a file is in the repository, or a dotted name in the package."""
    if "/" in name:
        return "" if any(ROOT.glob(re.sub("<.*?>", "*", name))) else f"no file '{name}'"
    found = re.match(r"mertk(\.\w+)*", name)
    try:
        resolve_name(found[0] if found else name)
    except (ImportError, AttributeError):
        return f"no name '{name}'"
    return ""


def _options(command: click.Command) -> list[str]:
    named = [name for param in command.params for name in (*param.opts, *param.secondary_opts)]
    return ["--help", "--version", *named]


def _all_commands() -> Iterator[click.Command]:
    context = click.Context(cli.app)
    for name in cli.COMMANDS:
        command = cli.app.get_command(context, name)
        assert command is not None
        yield command
        yield from getattr(command, "commands", {}).values()
