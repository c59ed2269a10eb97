"""`mertk data prepare`."""

from pathlib import Path
from typing import Any

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._options import record_options
from mertk.core.printing import count_noun
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study


@click.command("prepare")
@click.argument(
    "names",
    shell_complete=complete("dataset"),
    nargs=-1,
    required=True,
    metavar="NAME[:KEY=VALUE,…] …",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The folder to write to."
)
@record_options(Study, "data")
@click.option(
    "--aligner",
    default="eye_similarity",
    show_default=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="Aligner that registers the faces; none if the frames are registered already.",
)
@click.option(
    "--flow",
    default="farneback",
    show_default=True,
    metavar="METHOD",
    help="Optical flow method: farneback, farneback_emr, dis or tvl1.",
)
@click.option(
    "--size",
    type=click.IntRange(0),
    help="Height and width of the flow maps in pixels; 0 is the size of the face. Default: 0; 28 "
    "for megc.",
)
@click.option(
    "--frames",
    type=click.Choice(["png", "npy", "none"]),
    help="File format of the frames. Default: png; none for megc.",
)
@click.option(
    "--layout",
    default="folder",
    show_default=True,
    type=click.Choice(["folder", "megc"]),
    help="megc also writes the folder tree of pictures that STSTNet and HTNet read.",
)
@record_options(
    Study,
    "protocol",
    "allow_mismatch",
    protocol="Write only the clips of this protocol. Default: all clips; for megc those of the "
    "data set's usual protocol.",
)
@record_options(Execution, "jobs")
@click.pass_context
def prepare(ctx: click.Context, /, names: tuple[str, ...], out: Path, **given: Any) -> None:
    """Write registered faces and onset-to-apex flow maps of data sets to a folder.

    Clips that were written before are kept. The folder has an index.csv and can be read as a data
    set with the same clips, subjects and labels.
    """
    from mertk.cli.progress import Bar
    from mertk.export.prepare import prepare_datasets

    plugins = load_and_report_plugins(ctx)
    with Bar() as bar:
        done = prepare_datasets(names, out=out, plugins=plugins, progress=bar, **given)
    click.echo(
        f"{count_noun(done.clips, 'clip')} in {out}, {done.made} of them new. Evaluate a model "
        f"on them:"
    )
    click.echo(
        f"mertk bench --model flow_svm --swap aligner=none --dataset folder --data folder={out} "
        f"--protocol {done.protocol}"
    )
