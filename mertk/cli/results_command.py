"""`mertk results`: share results, check shared ones, and show them as a page."""

from __future__ import annotations

from pathlib import Path

import click

from mertk.cli import load_and_report_plugins


@click.group("results")
def command() -> None:
    """Share results, check shared results, and build a leaderboard from them."""


@command.command("add")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--to",
    default=Path("results"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder to write to, such as results/ of a clone of the repository.",
)
@click.option("--by", default="", metavar="NAME", help="Who ran it, as the leaderboard shows it.")
@click.pass_context
def add(ctx: click.Context, runs: tuple[Path, ...], to: Path, by: str) -> None:
    """Write the results of finished runs as bundles of three text files each.

    RUNS are run folders, or folders of them. A bundle holds predictions, classes, identities,
    hashes and releases. It holds no pixel, path or file name; ids of clips and people are replaced
    by numbers unless they are the published ids of a data set.
    """
    from mertk.evaluation.results_bundle import write_bundle

    for folder in write_bundle(*runs, to=to, by=by, plugins=load_and_report_plugins(ctx)):
        click.echo(f"results: {folder}")
