"""`mertk score FILE`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.cli import load_and_report_plugins
from mertk.core.errors import ParameterError

if TYPE_CHECKING:
    from mertk.spotting.scored_intervals import Kind


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--classes", metavar="A,B,…", help="Class names, in the order of the numbers 0, 1, … in FILE."
)
@click.option(
    "--spotting",
    metavar="TRUTH",
    help="Score the spotted intervals in FILE against the true intervals in the table TRUTH, or "
    "against the annotations of the data set TRUTH (NAME[:KEY=VALUE,…]).",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the data set that --spotting names; its frames are not needed. Default: as "
    "given to `mertk data add`.",
)
@click.option(
    "--kind",
    type=click.Choice(["micro", "macro"]),
    help="Score expressions of this kind alone. Spotted intervals without a type are all taken "
    "for it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    classes: str | None,
    spotting: str | None,
    data: Path | None,
    kind: Kind | None,
    *,
    as_json: bool,
) -> None:
    """Score the external predictions in FILE.

    FILE is a table of predictions, a MEGC 2019 submission log, a confusion matrix, or, with
    --spotting, a table of spotted intervals. A log of MEGC 2020 holds the truth, too.
    """
    from mertk.spotting import interval_tables

    names = [name.strip() for name in classes.split(",")] if classes else []
    if spotting is not None or interval_tables.is_challenge_log(file):
        _score_spotting(ctx, spotting, data, file, names, kind, as_json=as_json)
        return
    if data or kind:
        raise ParameterError("--data and --kind are for --spotting TRUTH")
    from mertk.evaluation import external_predictions
    from mertk.report import external_scores

    found = external_scores.rescore_log(external_predictions.read_predictions(file, names))
    if as_json:
        click.echo(json.dumps(external_scores.to_json(found), indent=1))
    else:
        external_scores.print_rescored(found)


def _score_spotting(
    ctx: click.Context,
    truth: str | None,
    data: Path | None,
    file: Path,
    classes: list[str],
    kind: Kind | None,
    *,
    as_json: bool,
) -> None:
    from mertk.report import interval_scores
    from mertk.spotting import dataset_truth, interval_tables
    from mertk.spotting.scored_intervals import score_intervals

    notes: list[str] = []
    sides: dict[str, Any] = {}
    if truth is None:
        for part, (true, spotted) in interval_tables.read_challenge_log(file).items():
            sides[f"{file.name}, {part}" if part else file.name] = true, spotted
    else:
        registry = load_and_report_plugins(ctx).registry
        if truth.partition(":")[0] in registry.names("dataset"):
            truths, notes = dataset_truth.read_dataset_truth(registry, truth, data)
        elif data:
            raise ParameterError(f"--data is for a data set, and '{truth}' is none")
        else:
            truths = interval_tables.read_intervals(Path(truth))
        sides[file.name] = truths, interval_tables.read_intervals(file)
    found = []
    for name, (true, spotted) in sides.items():
        one = score_intervals(true, spotted, classes, kind=kind, name=name, notes=notes)
        found.append(one)
    if as_json:
        told = list(map(interval_scores.scores_to_json, found))
        click.echo(json.dumps(told[0] if len(told) == 1 else told, indent=1))
        return
    for one in found:
        interval_scores.print_scores(one)
