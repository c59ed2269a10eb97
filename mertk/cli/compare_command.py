"""`mertk compare RUN RUN…`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from mertk.cli import load_and_report_plugins, print_warnings


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    default=Path(),
    type=click.Path(path_type=Path),
    help="Folder to write to. Default: the current folder.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Also compare unfinished runs, on the clips that all runs have predicted.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.pass_context
def command(
    ctx: click.Context, runs: tuple[Path, ...], out: Path, *, partial: bool, as_json: bool
) -> None:
    """Test every pair of models, on one or several sets of clips.

    RUNS are run folders, or folders of them. The command writes compare.html, its figures as SVG,
    and its tables as LaTeX and Markdown.
    """
    from mertk.cli.functions import compare_runs
    from mertk.report.comparison import PAGE, format_markdown

    plugins = load_and_report_plugins(ctx)
    found = compare_runs(*runs, out=out, partial=partial, plugins=plugins)
    print_warnings(line for one in found for line in one.results.notices)
    page = out / PAGE
    if as_json:
        comparisons = []
        for one in found:
            about = {
                "title": one.title,
                "partial": one.results.scope or None,
                "notices": one.results.notices,
                "ranks": one.ranks,
                "tests": [{"a": a, "b": b, **asdict(test)} for (a, b), test in one.tests.items()],
            }
            comparisons.append(about)
        click.echo(json.dumps({"comparisons": comparisons, "page": str(page)}, indent=1))
        return
    click.echo(format_markdown(found))
    click.echo(f"page: {page}")
