"""`mertk data prepare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mertk.cli import load
from mertk.cli._options import record_options
from mertk.experiment.execution import Execution
from mertk.experiment.study import Study


@click.command("prepare")
@click.argument("names", nargs=-1, required=True, metavar="NAME[:KEY=VALUE,…] …")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The folder to write to."
)
@record_options(Study, "data")
@click.option(
    "--aligner",
    default="eye_similarity",
    show_default=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="Registers the faces; none where the frames are registered already.",
)
@click.option(
    "--flow",
    default="farneback",
    show_default=True,
    metavar="METHOD",
    help="Of the onset-to-apex maps: farneback, farneback_emr, dis or tvl1.",
)
@click.option(
    "--size",
    type=click.IntRange(0),
    help="Pixels of the maps. Default: 0, the size of the face; 28 for megc.",
)
@click.option(
    "--frames",
    type=click.Choice(["png", "npy", "none"]),
    help="How to write frames. Default: png; none for megc.",
)
@click.option(
    "--layout",
    default="folder",
    show_default=True,
    type=click.Choice(["folder", "megc"]),
    help="megc adds the tree of pictures that STSTNet and HTNet read.",
)
@record_options(
    Study,
    "protocol",
    "allow_mismatch",
    protocol="Take its clips alone. Default: all; for megc the data set's usual one.",
)
@record_options(Execution, "jobs")
@click.pass_context
def prepare(
    ctx: click.Context,
    names: tuple[str, ...],
    out: Path,
    data: Any,
    aligner: str,
    flow: Any,
    size: int | None,
    frames: Any,
    layout: Any,
    protocol: str | None,
    jobs: int | None,
    *,
    allow_mismatch: bool,
) -> None:
    """Write registered faces and onset-to-apex flow maps of data sets to a folder.

    What is done already is kept. The folder's index.csv makes it a data set of its own, with the
    same clips, people and labels.
    """
    from mertk.cli.progress import Bar
    from mertk.export.prepare import prepare

    plugins = load(ctx)
    with Bar() as bar:
        done = prepare(
            list(names),
            out=out,
            data=data,
            aligner=aligner,
            flow=flow,
            size=size,
            frames=frames,
            layout=layout,
            protocol=protocol,
            allow_mismatch=allow_mismatch,
            jobs=jobs,
            plugins=plugins,
            progress=bar,
        )
    click.echo(f"{done.clips} clips in {out}, {done.made} of them new. To bench them:")
    click.echo(
        f"mertk bench --model flow_svm --swap aligner=none --dataset folder --data folder={out} "
        f"--protocol {done.protocol}"
    )
