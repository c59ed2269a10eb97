"""`mertk score FILE`."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--classes", metavar="A,B,…", help="The class list; also what the numbers 0, 1, … stand for."
)
@click.option(
    "--spotting",
    metavar="TRUTH",
    type=click.Path(path_type=Path),
    help="FILE holds spotted intervals: score them against the intervals in TRUTH.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, classes: str | None, spotting: Path | None, *, as_json: bool) -> None:
    """Score somebody else's predictions in FILE.

    FILE is a MEGC 2019 submission log, or a table with columns clip, truth and prediction, and
    perhaps subject, dataset and fold. With --spotting it is a table with columns video, onset and
    offset, and perhaps type, emotion and subject.
    """
    names = [name.strip() for name in classes.split(",")] if classes else []
    if spotting is not None:
        _spotting(spotting, file, names, as_json=as_json)
        return
    from mertk.data import logs
    from mertk.report import rescored

    found = rescored.rescore(logs.read(file, names))
    if as_json:
        click.echo(json.dumps(rescored.to_json(found), indent=1))
    else:
        rescored.show(found)


def _spotting(truth: Path, file: Path, classes: list[str], *, as_json: bool) -> None:
    from mertk.data import intervals
    from mertk.report import spotted

    truths, predictions = intervals.read(truth), intervals.read(file)
    found = spotted.score(truths, predictions, classes)
    if as_json:
        click.echo(json.dumps(spotted.to_json(found), indent=1))
    else:
        spotted.show(found)
