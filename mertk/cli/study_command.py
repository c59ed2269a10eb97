"""`mertk study`: studies in files."""

import json
from typing import Any

import click

from mertk.cli import load_and_report_plugins, width
from mertk.cli._completion import complete_study
from mertk.cli._options import GroupedCommand, read_record, record_options
from mertk.experiment.execution import Execution

_STUDY = click.argument("study", shell_complete=complete_study)


@click.group("study")
def command() -> None:
    """Show, check and plan studies in files; list the shipped ones."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_shipped(*, as_json: bool) -> None:
    """List the shipped studies."""
    from mertk.experiment.study_files import list_studies

    found = list_studies()
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    with_names = click.HelpFormatter(width=width())
    with_names.write_dl(list(found.items()))
    click.echo(with_names.getvalue(), nl=False)


@command.command("show")
@_STUDY
@click.option("--json", "as_json", is_flag=True, help="Print all fields as JSON.")
def show(study: str, *, as_json: bool) -> None:
    """Print the file STUDY, or the shipped study of that name."""
    from mertk.core.reading import read_utf8
    from mertk.experiment.study_files import find_study, read_study

    found = read_study(study)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1))
    else:
        click.echo(read_utf8(find_study(study)), nl=False)


@command.command("check")
@_STUDY
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(ctx: click.Context, study: str, *, as_json: bool) -> None:
    """Check that STUDY can run: its keys, models, components, data sets and folders.

    The exit code is 1 where the folder of a data set is not known. No frame is read.
    """
    from mertk.experiment.study_checks import check_study
    from mertk.experiment.study_files import read_study

    found = check_study(read_study(study), load_and_report_plugins(ctx))
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1))
    else:
        click.echo("\n".join(found.lines()))
    ctx.exit(1 if found.problems else 0)


@command.command("plan", cls=GroupedCommand)
@_STUDY
@record_options(Execution)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plan(ctx: click.Context, /, study: str, *, as_json: bool, **given: Any) -> None:
    """Compute the first fold of each model of STUDY, and print the run time of the rest."""
    from mertk.cli.bench_command import print_plan
    from mertk.cli.progress import Bar
    from mertk.experiment.study_files import check_study_file, read_study

    found, execution = read_study(study), read_record(Execution, given)
    check_study_file(execution.runs_folder)
    with Bar() as bar:
        opened = found.open(execution, plugins=load_and_report_plugins(ctx), progress=bar)
        print_plan(opened, as_json=as_json)


for _one in command.commands.values():  # or click cuts the sentence off in the list of commands
    _one.short_help = (_one.help or "").partition("\n")[0]
