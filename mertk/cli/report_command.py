"""`mertk report RUN…`."""

import json
from pathlib import Path

import click

from mertk.cli import load_and_report_plugins, print_warnings


@click.command("report")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write. Default: report.html in the folder of the runs.",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="NAME=CLASS+CLASS,…",
    help="Also score the predictions with merged or omitted classes; may be repeated.",
)
@click.option(
    "--frames/--no-frames",
    default=None,
    help="Include frames of clips in report.html. Default: only of synthetic clips.",
)
@click.option(
    "--occlusion",
    default=0,
    metavar="N",
    type=click.IntRange(0),
    help="Draw occlusion maps for the N clips with the largest errors; fits their folds again.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Also score unfinished runs: all runs on the clips that every run has predicted.",
)
@click.option("--published", is_flag=True, help="Also print the scores that papers report.")
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
    """Recompute the score table and report.html from stored predictions.

    RUNS are run folders, or folders of them. Runs on different clips get a report each:
    report-1.html, report-2.html and so on.
    """
    from mertk.evaluation.label_maps import LabelMap
    from mertk.evaluation.results import Results
    from mertk.experiment.held_out_clips import read_held_out_clips
    from mertk.report import sentences, terminal
    from mertk.report.page import write_page
    from mertk.storage.atomic_files import check_file
    from mertk.storage.cache import Cache

    if out is not None:
        check_file(out)
    if occlusion:
        Cache().check_writable()
    plugins = load_and_report_plugins(ctx)
    groups = Results.load(*runs, plugins=plugins, partial=partial).groups
    reports = []
    for number, results in enumerate(groups, 1):
        print_warnings(results.notices)
        results.label_maps = [LabelMap.parse(text) for text in maps]
        file = out or results.runs[0].path.parent / "report.html"
        if len(groups) > 1:
            file = file.with_stem(f"{file.stem}-{number}")
        check_file(file)
        held_out = read_held_out_clips(results, plugins, frames=frames, occlusion=occlusion)
        page = write_page(results, file, plugins, held_out)
        if as_json:
            reports.append(sentences.to_json(results) | {"report": str(page)})
        else:
            terminal.print_results(results, published=published)
            click.echo(f"report: {page}")
    if as_json:
        click.echo(json.dumps(reports[0] if len(reports) == 1 else {"groups": reports}, indent=1))
