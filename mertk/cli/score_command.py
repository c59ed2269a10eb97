"""`mertk score FILE`."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--classes", metavar="A,B,…", help="Class names, in the order of the numbers 0, 1, … in FILE."
)
@click.option(
    "--spotting",
    metavar="TRUTH",
    type=click.Path(path_type=Path),
    help="Score the spotted intervals in FILE against the true intervals in the table TRUTH.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, classes: str | None, spotting: Path | None, *, as_json: bool) -> None:
    """Score the external predictions in FILE.

    FILE is a MEGC 2019 submission log, or a table with the columns clip, truth and prediction;
    subject, dataset and fold are optional. With --spotting, FILE is a table with the columns
    video, onset and offset; type, emotion and subject are optional.
    """
    names = [name.strip() for name in classes.split(",")] if classes else []
    if spotting is not None:
        _score_spotting(spotting, file, names, as_json=as_json)
        return
    from mertk.evaluation import external_predictions
    from mertk.report import external_scores

    found = external_scores.rescore_log(external_predictions.read_predictions(file, names))
    if as_json:
        click.echo(json.dumps(external_scores.to_json(found), indent=1))
    else:
        external_scores.print_rescored(found)


def _score_spotting(truth: Path, file: Path, classes: list[str], *, as_json: bool) -> None:
    from mertk.report import spotting
    from mertk.spotting import interval_tables

    truths, predictions = (
        interval_tables.read_intervals(truth),
        interval_tables.read_intervals(file),
    )
    found = spotting.score_intervals(truths, predictions, classes)
    if as_json:
        click.echo(json.dumps(spotting.scores_to_json(found), indent=1))
    else:
        spotting.print_scores(found)
