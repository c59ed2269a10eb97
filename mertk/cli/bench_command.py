"""`mertk bench`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete, complete_study
from mertk.cli._options import GroupedCommand, GroupedOption, read_record, record_options
from mertk.core.options import HOW, OUTPUT, WHAT, options_of
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study

if TYPE_CHECKING:
    from mertk.experiment.open_study import OpenStudy


@click.command("bench", cls=GroupedCommand)
@click.argument("file", required=False, metavar="[STUDY]", shell_complete=complete_study)
@record_options(Study)
@click.option(
    "--baseline",
    "baselines",
    cls=GroupedOption,
    group=WHAT,
    shell_complete=complete("model"),
    multiple=True,
    metavar="NAME[:PRESET]",
    help="A model to compare with; may be repeated.",
)
@record_options(Execution)
@click.option(
    "--plan",
    cls=GroupedOption,
    group=HOW,
    is_flag=True,
    help="Compute the features and the first fold of each model, keep them, and print the expected "
    "run time of the rest.",
)
@click.option(
    "--frames/--no-frames",
    cls=GroupedOption,
    group=OUTPUT,
    default=None,
    help="Include frames of clips in report.html. Default: only of synthetic clips.",
)
@click.option(
    "--published",
    cls=GroupedOption,
    group=OUTPUT,
    is_flag=True,
    help="Also print the scores that papers report.",
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
    file: str | None,
    baselines: tuple[str, ...],
    *,
    plan: bool,
    frames: bool | None,
    published: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Evaluate models and baselines on the same folds and write a report.

    STUDY is a file with the models, the data sets and everything else that is evaluated, or the
    name of a shipped one, which `mertk study list` lists. Options take the place of its keys.

    The floors, the trivial baselines `majority` and `prior`, are evaluated as well.
    """
    from mertk.cli._results import PAGE, print_results, run_and_write_page
    from mertk.cli.progress import Bar
    from mertk.storage.atomic_files import check_file

    if not given["models"] and file is None:
        raise click.UsageError("Missing option '--model'; `mertk list model` names models")
    if not plan:
        check_file(given["out"] / PAGE)
    plugins = load_and_report_plugins(ctx)
    if file is not None and file.partition(":")[0] in plugins.registry.names("model"):
        raise click.UsageError(f"{file} is no study; write `--model` before the name of a model")
    study = _choose_study(ctx, file, given)
    study = replace(study, models=[*study.models, *baselines])
    execution = read_record(Execution, given)
    with Bar() as bar:
        opened = study.open(execution, plugins=plugins, progress=bar)
        if plan:
            print_plan(opened, as_json=as_json)
            return
        results, page = run_and_write_page(opened, bar, frames=frames)
    print_results(results, page, published=published, as_json=as_json)


def _choose_study(ctx: click.Context, file: str | None, given: Mapping[str, Any]) -> Study:
    """The study of the options; with a file, that of the file with the options that are given."""
    if file is None:
        return read_record(Study, given)
    from mertk.experiment.study_files import read_study

    written: dict[str, Any] = {}
    for name in options_of(Study):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            written[name] = given[name]
    return replace(read_study(file), **written)


def print_plan(study: OpenStudy, *, as_json: bool) -> None:
    """Print the expected run time of a study."""
    from dataclasses import asdict

    from mertk.experiment.bench import plan_study
    from mertk.report import terminal

    planned = plan_study(study)
    if not as_json:
        terminal.show_plan(planned)
        return
    rows = [{**asdict(one), "seconds_left": one.seconds_left(one.workers)} for one in planned]
    click.echo(json.dumps({"models": rows}, indent=1))
