"""The command line: a lazy group, one file per command.

A command's file is imported when it is called, so `mertk --help` imports no numpy.
"""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from mertk.core.errors import MertkError, UnknownNameError, describe_error
from mertk.core.printing import accept_all_text

_COMPLETION = "_MERTK_COMPLETE"  # the environment variable by which a shell asks for completions

COMMANDS = {
    "bench": "Evaluate models and baselines on the same folds and write a report.",
    "study": "Show, check and plan studies in files; list the shipped ones.",
    "replicate": "Run a shipped study from data check to report and results bundle.",
    "tune": "Choose parameters of a model inside each fold.",
    "audit": "Test a model for data leaks.",
    "new": "Write a working plug-in as a starting point.",
    "check": "Check that components meet the interface contract.",
    "list": "List the registered components and models.",
    "show": "Show one component: summary, parameters, paper, requirements.",
    "report": "Recompute tables and the HTML report from run folders.",
    "train": "Fit a model on all clips, for `predict`.",
    "predict": "Run a trained model on videos.",
    "hub": "Send trained models to the Hugging Face hub, and fetch them.",
    "compare": "Test every pair of models; write figures and tables for a paper.",
    "results": "Share results, check shared ones, and build a leaderboard.",
    "cite": "Print BibTeX entries for the methods and data sets of runs.",
    "spot": "Spot expressions in long videos.",
    "submit": "Write spotted intervals as the files of a challenge.",
    "score": "Score external predictions or spotted intervals.",
    "vqa": "Make questions about micro-expressions, and answer them from predictions.",
    "data": "List, check and prepare data sets; write the synthetic one to disk.",
    "cache": "Show or prune the cache of features.",
}


@contextmanager
def _end_with_reader() -> Iterator[None]:
    """Exit with 1 and print nothing when the output is closed, as in `mertk list | head -1`.

    Click and rich would call `sys.exit`, which is otherwise a mistake of a component or library.
    """
    try:
        yield
    except (BrokenPipeError, SystemExit) as error:
        cause = error.__context__ if isinstance(error, SystemExit) else error
        if not isinstance(cause, BrokenPipeError):
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # what is still to be written at the end goes there
        raise click.exceptions.Exit(1) from error


class _Lazy(click.Group):
    """A group that imports the module of a command when the command is called."""

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        with _end_with_reader():  # `--help` is printed in here
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _end_with_reader():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"mertk.cli.{name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownNameError("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Also load this plug-in file or module, such as mertk_observers.mlflow; may be repeated.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="mertk")
@click.pass_context
def app(ctx: click.Context, plugins: tuple[Path, ...], *, debug: bool) -> None:
    """Micro-expression recognition baselines whose numbers can be trusted."""
    ctx.obj = {"plugins": plugins, "debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; mistakes end in one line and exit code 2."""
    accept_all_text()
    given = sys.argv[1:] if arguments is None else arguments
    if os.environ.get(_COMPLETION):
        app.main(given, prog_name="mertk", complete_var=_COMPLETION)
    try:
        code = app.main(given or ["--help"], prog_name="mertk", standalone_mode=False)
    except click.exceptions.Abort as stopped:
        if isinstance(stopped.__cause__, EOFError):  # click takes a file that ends for a Ctrl-D
            raise stopped.__cause__ from None
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # or a second one would stop the tidying up
        _exit_with_error(_describe_interrupt(given), 130)
    except click.ClickException as error:
        if error.__class__.__name__ == "NoArgsIsHelpError":  # a group alone; click 8.1 has no error
            click.echo(error.format_message())
            sys.exit(0)
        _exit_with_error(_describe_misuse(error), 2)
    except (MertkError, OSError) as error:
        if "--debug" in given:
            raise
        _exit_with_error(_system_error(error) if isinstance(error, OSError) else str(error), 2)
    except SystemExit as error:  # nothing of mertk ends so in here: a library or component did
        _exit_with_error(f"a component or library ended the program: {describe_error(error)}", 2)
    sys.exit(code if isinstance(code, int) else 0)


def _describe_interrupt(given: Iterable[str]) -> str:
    """What an interrupt leaves behind: `bench`, `tune` and `replicate` continue finished folds."""
    kept = bool({"bench", "tune", "replicate"} & set(given))
    return f"interrupted{'. Finished folds are kept; the same command continues' * kept}"


def _describe_misuse(error: click.ClickException) -> str:
    """The message of click on one line, with the help of the command as the next step."""
    text = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx and not {"`", "?"} & set(text):
        if "unexpected extra argument" in text and "--model" in _list_options(error.ctx.command):
            return f"{text}; write `--model` before the name of a model"
        return f"{text.rstrip('.')}. `{error.ctx.command_path} --help` lists what it takes"
    return text


def _list_options(command: click.Command) -> list[str]:
    """The options of a command, as they are written."""
    return [name for one in command.params for name in one.opts]


def _system_error(error: OSError) -> str:
    """The reason of the operating system, and the file."""
    files = [str(file) for file in (error.filename, error.filename2) if file is not None]
    reason = error.strerror or describe_error(error)
    if error.errno == errno.ENAMETOOLONG:
        reason = "the name is too long for a file or folder; give a shorter one"
    return f"{' and '.join(files)}: {reason}" if files else reason


def _exit_with_error(text: str, code: int) -> None:
    click.echo(f"Error: {text}", err=True)
    sys.exit(code)


def load_and_report_plugins(ctx: click.Context) -> Any:
    """The plug-ins of this call; broken ones are reported on standard error."""
    from mertk.plugins.loader import load_plugins

    plugins = load_plugins(ctx.find_root().obj["plugins"])
    for name, reason in plugins.broken.items():
        click.echo(f"Warning: plug-in {name} is left out: {reason}", err=True)
    return plugins


def width() -> int:
    """The columns that text may take: those of the terminal, at most 100."""
    return min(shutil.get_terminal_size().columns, 100)


def print_warnings(lines: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for line in lines:
        click.echo(f"Warning: {line}", err=True)
