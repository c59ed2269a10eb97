"""`mertk replicate`."""

from pathlib import Path
from typing import Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete_study
from mertk.cli._options import GroupedCommand, GroupedOption, record_options
from mertk.core.options import HOW, OUTPUT
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study


@click.command("replicate", cls=GroupedCommand)
@click.argument("study", shell_complete=complete_study)
@record_options(Study, "data", "seeds", "exclude", "allow_mismatch")
@record_options(Execution, "jobs", "executor", "device")
@click.option(
    "--quick",
    cls=GroupedOption,
    group=HOW,
    is_flag=True,
    help="A try: the first two models, in their quick presets; one audit, by perturbation alone.",
)
@click.option(
    "--audit/--no-audit",
    "audits",
    cls=GroupedOption,
    group=HOW,
    default=True,
    help="Audit each model for leaks, or do not.",
)
@click.option(
    "--out",
    cls=GroupedOption,
    group=OUTPUT,
    type=click.Path(path_type=Path),
    default="replication",
    show_default=True,
    help="Folder for runs, pages and the results bundle.",
)
@click.option(
    "--by",
    cls=GroupedOption,
    group=OUTPUT,
    default="",
    metavar="NAME",
    help="Who ran it, as the results bundle says.",
)
@click.pass_context
def command(ctx: click.Context, /, study: str, *, out: Path, **given: Any) -> None:
    """Run a shipped study, or a study file, from the check of the data to a results bundle.

    In order: check of the data sets, first folds and expected time, leak audits, all folds, the
    epochs and training orders that explain published scores, comparison, results bundle, and a
    report with the published scores beside ours, replication.html. What is finished is kept: the
    same command continues after an interrupt. A model that fails is named, and the others run.
    """
    from mertk.cli._replication import Replication
    from mertk.cli.progress import Bar
    from mertk.experiment.study_files import read_study

    plugins, found = load_and_report_plugins(ctx), read_study(study)
    name = Path(study).name.removesuffix(".toml")
    with Bar() as bar:
        steps = Replication(found, name, out, plugins, bar, ctx, given)
        page = steps.run()
    click.echo(f"report: {page}")
    click.echo(f"results bundle: {steps.bundle}; `mertk results verify {steps.bundle}` checks it")
