"""`mertk spot`."""

import json
from pathlib import Path
from typing import Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._options import record_options
from mertk.core.errors import ParameterError
from mertk.experiment.study import Study


@click.command("spot")
@click.option(
    "--spotter",
    "spotters",
    shell_complete=complete("spotter"),
    multiple=True,
    required=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="Spotter to run; may be repeated.",
)
@click.option(
    "--dataset",
    shell_complete=complete("dataset"),
    default="synthetic_long",
    show_default=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="Data set of long videos.",
)
@record_options(Study, "data")
@click.option(
    "--fit-on",
    shell_complete=complete("dataset"),
    metavar="NAME[:KEY=VALUE,…]",
    help="Fit a spotter that learns on this other data set of long videos, in place of the other "
    "subjects of the same one; its folder is a second --data NAME=FOLDER.",
)
@click.option(
    "--aligner",
    metavar="NAME[:KEY=VALUE,…]",
    help="Aligner that finds the face to track. Default: none, the frames are registered already.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Folder of a trained model (`mertk train`) that predicts the emotion of each spot: spot, "
    "then recognise.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The folder to write to."
)
@click.option(
    "--elan",
    type=click.Path(path_type=Path),
    help="Folder for ELAN files (.eaf) of the spotted intervals, one per video, which a person can "
    "correct; for one spotter.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    spotters: tuple[str, ...],
    dataset: str,
    data: Any,
    fit_on: str | None,
    aligner: str | None,
    model: Path | None,
    out: Path,
    elan: Path | None,
    *,
    as_json: bool,
) -> None:
    """Spot expressions in the long videos of a data set, and score the spotted intervals.

    The command writes truth.csv and spots-NAME.csv, which `mertk score --spotting` reads, and
    spot.json. Videos without annotations are those of the data set `videos`; nothing is scored
    there. `mertk submit` writes the files of a challenge.
    """
    from mertk.cli.progress import Bar
    from mertk.core.recipe import Use
    from mertk.experiment.model_hub import open_model_folder
    from mertk.experiment.trained_model import TrainedModel
    from mertk.report import interval_scores, spotting
    from mertk.spotting import search
    from mertk.spotting.recognition import score_recognition
    from mertk.storage.atomic_files import check_files

    names = spotting.file_names([Use.parse(text).name for text in spotters])
    check_files(out, [spotting.TRUTH, spotting.SUMMARY, *names])
    if elan is not None:
        _check_elan(elan, spotters)
    plugins = load_and_report_plugins(ctx)
    saved = None
    if model:
        with open_model_folder(model) as folder:
            saved = TrainedModel.load(folder, plugins)
    with Bar() as bar:
        found = search.search_videos(
            spotters,
            dataset,
            data=data,
            fit_on=fit_on,
            aligner=aligner,
            model=saved,
            plugins=plugins,
            progress=bar,
        )
    files = spotting.write_spotting(found, out)
    if elan is not None:
        spotting.write_elan_files(found, elan)
    names = [file.name for file in files]
    scored = score_recognition(found, names) if found.annotated else []
    if as_json:
        told = spotting.to_json(found)
        if scored:
            told["scored"] = list(map(interval_scores.scores_to_json, scored))
        click.echo(json.dumps(told, indent=1))
        return
    spotting.print_spotting(found)
    for one in scored:
        interval_scores.print_scores(one)
    click.echo(f"spots: {', '.join(map(str, files))}")
    if found.annotated:
        truth, classes = out / spotting.TRUTH, ",".join(found.classes)
        more = f" --classes {classes}" if classes else ""
        click.echo(f"scores by other rules: mertk score {files[0]} --spotting {truth}{more}")
    if elan is not None:
        click.echo(f"ELAN files to correct: {elan}")


def _check_elan(folder: Path, spotters: tuple[str, ...]) -> None:
    """Fail before the work where ELAN files could not be written."""
    from mertk.storage.atomic_files import check_writable

    if len(spotters) > 1:
        raise ParameterError("--elan is for one spotter: intervals of several would overlap")
    check_writable(folder)
