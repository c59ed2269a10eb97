"""`mertk report RUN…`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mertk.cli import load, warn


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
@click.option(
    "--partial",
    is_flag=True,
    help="Score unfinished runs too: all runs on the clips that each has predicted.",
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
    partial: bool,
    published: bool,
    as_json: bool,
) -> None:
    """Recompute the table and report.html from run folders, or from a folder of them.

    Runs on different clips are reported apart, in report-1.html, report-2.html ….
    """
    from mertk.evaluation.label_maps import LabelMap
    from mertk.evaluation.results import Results
    from mertk.report import sentences, terminal
    from mertk.report.page import write
    from mertk.storage.atomic_files import check_file
    from mertk.storage.cache import Cache

    if out is not None:
        check_file(out)
    if occlusion:
        Cache().check_writable()
    plugins = load(ctx)
    groups = Results.load(*runs, plugins=plugins, partial=partial).groups
    told = []
    for number, results in enumerate(groups, 1):
        warn(results.notices)
        results.label_maps = [LabelMap.parse(text) for text in maps]
        file = out or results.runs[0].path.parent / "report.html"
        if len(groups) > 1:
            file = file.with_stem(f"{file.stem}-{number}")
        page = write(results, file, plugins, frames=frames, occlusion=occlusion)
        if as_json:
            told.append(sentences.to_json(results) | {"report": str(page)})
        else:
            terminal.show(results, published=published)
            click.echo(f"report: {page}")
    if as_json:
        click.echo(json.dumps(told[0] if len(told) == 1 else {"groups": told}, indent=1))
