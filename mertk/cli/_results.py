"""The end of `mertk bench` and `mertk tune`: run, write the page, print the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from mertk.cli.progress import Bar
    from mertk.evaluation.results import Results
    from mertk.experiment.open_study import OpenStudy

PAGE = "report.html"  # the page, in the folder of the runs


def run_and_write_page(study: OpenStudy, bar: Bar, *, frames: bool | None) -> tuple[Results, Path]:
    """Run a study and write its report into the folder of runs."""
    from mertk.experiment.bench import run_study
    from mertk.experiment.held_out_clips import read_held_out_clips
    from mertk.report.page import write_page

    results = run_study(study)
    bar.stage("report", 0)
    held_out = read_held_out_clips(results, study.plugins, frames=frames)
    page = study.execution.runs_folder / PAGE
    return results, write_page(results, page, study.plugins, held_out)


def print_results(results: Results, page: Path, *, published: bool, as_json: bool) -> None:
    """Print the table and its sentences, or all of it as JSON, and where the report is."""
    from mertk.report import sentences, terminal

    if as_json:
        click.echo(json.dumps(sentences.to_json(results) | {"report": str(page)}, indent=1))
    else:
        terminal.print_results(results, published=published)
        click.echo(f"report: {page}")
