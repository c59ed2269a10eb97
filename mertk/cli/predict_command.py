"""`mertk predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._options import FiniteRange

if TYPE_CHECKING:
    from mertk.core.errors import MertkError
    from mertk.report.video_predictions import VideoReport


@click.command("predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("videos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--onset",
    type=click.IntRange(0),
    help="First frame of the expression, counted from 0; turns spotting off.",
)
@click.option(
    "--apex", type=click.IntRange(0), help="Frame of the strongest expression. Default: the middle."
)
@click.option(
    "--offset",
    type=click.IntRange(0),
    help="Last frame of the expression. Default: the last frame of the video.",
)
@click.option("--whole", is_flag=True, help="Classify each whole video as one expression.")
@click.option(
    "--fps",
    type=FiniteRange(0.1),
    help="Frames per second, of footage that does not say it: folders of frames and .npy files.",
)
@click.option(
    "--spotter",
    shell_complete=complete("spotter"),
    default="flow_peaks",
    show_default=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="Spotter that finds the expressions.",
)
@click.option(
    "--aligner",
    default="eye_similarity",
    show_default=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="Aligner that finds the face.",
)
@click.option(
    "--face",
    metavar="largest|left|right|N|all",
    help="Whose face, where a video shows several people. N is the number of a person, from 1, "
    "left to right as they appear; all: one result a person. Default: the only face, or the "
    "clearly largest.",
)
@click.option(
    "--strength",
    default=1.0,
    show_default=True,
    type=FiniteRange(1),
    help="Least motion of an expression, as a multiple of the spotter's threshold.",
)
@click.option(
    "--least",
    default=0.0,
    show_default=True,
    type=FiniteRange(0, 1),
    help="Least probability of the predicted class; an interval below it is 'no expression'.",
)
@click.option(
    "--shifts",
    default=4,
    show_default=True,
    type=click.IntRange(0, 8),
    help="Number of small shifts of the face crop that are predicted again: the share of equal "
    "answers is the stability.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for predictions.csv, predictions.json and predictions.html. Default: print CSV on "
    "standard output.",
)
@click.option(
    "--frames/--no-frames", default=True, show_default=True, help="Include frames in the page."
)
@click.option(
    "--occlusion",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="Draw occlusion maps for the first N intervals of each video.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="MODULE",
    help="Module or package that the model may import, which runs its code; may be repeated. The "
    "README.md of the model lists those it needs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: Path,
    videos: tuple[Path, ...],
    out: Path | None,
    occlusion: int,
    trust: tuple[str, ...],
    *,
    frames: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Run a trained model on videos: track the face, spot expressions and classify them.

    MODEL is a folder that `mertk train` wrote, or hf:ORGANISATION/NAME, a model on the Hugging Face
    hub; no code in it is run. VIDEOS are video files, folders of frames, .npy files of frames, and
    tables such as index.csv, whose rows are intervals that are classified without spotting. A video
    that cannot be read, or shows no face, is reported on standard error, and the exit code is then
    1; the other videos are processed.
    """
    from mertk.cli.functions import predict_videos
    from mertk.cli.progress import Bar
    from mertk.experiment import trained_model_page
    from mertk.experiment.model_hub import open_model_folder
    from mertk.experiment.trained_model import TrainedModel
    from mertk.report.video_predictions import FILES, VideoReport
    from mertk.spotting.predicted_video import IntervalPictures
    from mertk.storage.atomic_files import check_files

    if out:
        check_files(out, FILES)
    plugins = load_and_report_plugins(ctx)
    with open_model_folder(model) as folder:
        saved = TrainedModel.load(folder, plugins, trust)
    given = options["whole"] or any(options[end] is not None for end in ("onset", "apex", "offset"))
    report = VideoReport(
        model=saved,
        warning=trained_model_page.format_warning(saved.about),
        spotter="" if given else options["spotter"],
    )
    if out and frames:
        options["pictures"] = IntervalPictures(model=saved, draw=report.draw, occlusion=occlusion)

    def report_failure(video: Path, error: MertkError) -> None:
        text = str(error)
        report.add_failure(text if text.startswith(str(video)) else f"{video}: {text}")
        click.echo(f"Error: {report.failed[-1]}", err=True)

    with Bar() as bar:
        options |= {"plugins": plugins, "progress": bar, "on_error": report_failure}
        for found in predict_videos(saved, *videos, **options):
            report.add(found)
            for note in found.notes:
                click.echo(f"Note: {found.video}: {note}", err=True)
            if out and found.video in videos:  # hours of videos may follow; a row takes a second
                report.write(out)
    if out:
        report.write(out)
    _print_report(report, out, as_json=as_json)
    ctx.exit(1 if report.failed else 0)


def _print_report(report: VideoReport, out: Path | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=1))
    elif out:
        click.echo(f"{report.format_summary()} {out / 'predictions.html'}")
    else:
        click.echo(report.format_csv(), nl=False)
    if report.spotter and not any(video.findings for video in report.videos):
        click.echo(
            "No expression was spotted. --whole classifies each video as one expression, --onset "
            "and --offset a part of it.",
            err=True,
        )
    click.echo(report.warning, err=True)
    if report.describe_lengths():
        click.echo(report.describe_lengths(), err=True)
