"""`mertk cite RUN…`."""

from pathlib import Path

import click

from mertk.cli import load_and_report_plugins, print_warnings


@click.command("cite")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def command(ctx: click.Context, runs: tuple[Path, ...]) -> None:
    """Print BibTeX entries for the methods, data sets and protocols of runs.

    RUNS are run folders, or folders of them. An entry has only a DOI if mertk does not know the
    title of the paper.
    """
    from mertk.evaluation.run_folders import find_runs
    from mertk.report import literature

    plugins = load_and_report_plugins(ctx)
    found, faults = find_runs(*runs)
    print_warnings(faults)
    click.echo(literature.format_bibtex(found, plugins.registry))
