"""`mertk report RUN…`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mertk.cli import load


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Default: report.html beside them.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="NAME=CLASS+CLASS,…",
    help="Score the same predictions with classes joined or left out so; may be repeated.",
)
@click.option(
    "--frames/--no-frames",
    default=None,
    help="Put pictures of clips into report.html. Default: of synthetic clips alone.",
)
@click.option(
    "--occlusion",
    default=0,
    metavar="N",
    type=click.IntRange(0),
    help="Fit the folds of the N worst clips again, to map what part of the face answers rest on.",
)
@click.option("--published", is_flag=True, help="Print what papers report beside it.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    runs: tuple[Path, ...],
    out: Path | None,
    maps: tuple[str, ...],
    *,
    frames: bool | None,
    occlusion: int,
    published: bool,
    as_json: bool,
) -> None:
    """Recompute the table and report.html from run folders, or from a folder of them."""
    from mertk.cache import Cache
    from mertk.files import check_file
    from mertk.harness.labelmaps import LabelMap
    from mertk.harness.results import Results
    from mertk.report import html, tables, terminal

    if out is not None:
        check_file(out)
    if occlusion:
        Cache().check_writable()
    plugins = load(ctx)
    results = Results.load(*runs, plugins=plugins)
    results.label_maps = [LabelMap.parse(text) for text in maps]
    file = out or results.runs[0].path.parent / "report.html"
    page = html.write(results, file, plugins, frames=frames, occlusion=occlusion)
    if as_json:
        click.echo(json.dumps(tables.to_json(results) | {"report": str(page)}, indent=1))
    else:
        terminal.show(results, published=published)
        click.echo(f"report: {page}")
