"""`mertk tune`."""

import sys
from typing import Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._options import (
    FiniteRange,
    GroupedCommand,
    GroupedOption,
    read_record,
    record_options,
)
from mertk.core.options import HOW, OUTPUT, WHAT
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study


@click.command("tune", cls=GroupedCommand)
@click.argument("model", shell_complete=complete("model"), metavar="MODEL[:PRESET]")
@click.option(
    "--param",
    "tunes",
    cls=GroupedOption,
    group=WHAT,
    multiple=True,
    required=True,
    metavar="SLOT.PARAMETER=VALUE,VALUE",
    help="A parameter and the values to choose from; several give all combinations. LOW..HIGH, or "
    "LOW..HIGH:log, is a range of numbers, for --trials.",
)
@record_options(
    Study,
    "inner_folds",
    "trials",
    "dataset",
    "data",
    "protocol",
    "preset",
    "swaps",
    "sets",
    "keyframes",
    "seeds",
    "floors",
    "allow_mismatch",
    inner_folds="Number of inner folds of whole training subjects.",
    trials="Number of combinations to try, picked by optuna (mertk[tune]). 0 tries all.",
)
@record_options(Execution)
@click.option(
    "--limit",
    cls=GroupedOption,
    group=HOW,
    type=FiniteRange(0),
    default=30.0,
    show_default=True,
    metavar="MINUTES",
    help="Expected time above which the command asks, or ends where nobody can answer.",
)
@click.option(
    "--yes", cls=GroupedOption, group=HOW, is_flag=True, help="Run however long it takes."
)
@click.option(
    "--frames/--no-frames",
    cls=GroupedOption,
    group=OUTPUT,
    default=None,
    help="Include frames of clips in report.html. Default: only of synthetic clips.",
)
@click.option(
    "--json",
    "as_json",
    cls=GroupedOption,
    group=OUTPUT,
    is_flag=True,
    help="Print the results as JSON.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str,
    *,
    limit: float,
    yes: bool,
    frames: bool | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Choose parameters of a model inside each fold, and compare it with the model as it is.

    In each fold, the combination of values with the best UF1 on inner folds of the training
    subjects is chosen. The held-out subject is never used, so the score is valid.
    """
    from mertk.cli._results import PAGE, print_results, run_and_write_page
    from mertk.cli.progress import Bar
    from mertk.experiment.tuning_cost import estimate_cost
    from mertk.storage.atomic_files import check_file

    check_file(given["out"] / PAGE)
    plugins = load_and_report_plugins(ctx)
    study, execution = read_record(Study, given, models=[model]), read_record(Execution, given)
    with Bar() as bar:
        opened = study.open(execution, plugins=plugins, progress=bar)
        cost = estimate_cost(opened)
    if not yes and not sys.stdin.isatty():
        cost.check_limit(limit)
    click.echo(f"{cost}.", err=True)
    if cost.seconds > 60 * limit and not yes:
        click.confirm("Run them?", abort=True, err=True)
    with Bar() as bar:
        opened.progress = bar
        results, page = run_and_write_page(opened, bar, frames=frames)
    print_results(results, page, published=False, as_json=as_json)
