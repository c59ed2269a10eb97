"""`mertk train`."""

from pathlib import Path
from typing import Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._options import record_options
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study


@click.command("train")
@click.option(
    "--model",
    required=True,
    shell_complete=complete("model"),
    metavar="NAME[:PRESET]",
    help="Model, recipe file or run folder.",
)
@record_options(
    Study,
    "dataset",
    "data",
    "protocol",
    "preset",
    "sets",
    "swaps",
    "tunes",
    "inner_folds",
    "trials",
    "exclude",
    "allow_mismatch",
    tunes="Choose this parameter on folds of whole subjects; see `mertk tune`.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@record_options(Execution, "device")
@click.option(
    "--runs",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of runs of `mertk bench`, whose scores go into the model card.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
@click.pass_context
def command(
    ctx: click.Context, /, model: str, seed: int, runs: Path, out: Path, **given: Any
) -> None:
    """Fit a model on all clips of all subjects, and write it to a folder for `mertk predict`.

    This measures no score: use `mertk bench` to measure the scores on unseen people.
    """
    from mertk.cli.functions import train_model
    from mertk.cli.progress import Bar
    from mertk.experiment import trained_model_page
    from mertk.experiment.trained_model import KIND
    from mertk.storage.atomic_files import check_folder

    check_folder(out, KIND)
    plugins = load_and_report_plugins(ctx)
    with Bar() as bar:
        found = train_model(model, seed=seed, runs=runs, plugins=plugins, progress=bar, **given)
        trust = found.save(out, plugins)
    click.echo(
        f"{trained_model_page.format_warning(found.about)}\n"
        f"Classes: {', '.join(found.classes)}; in {out}"
    )
    if trust:
        click.echo(trained_model_page.describe_needed_trust(trust))
