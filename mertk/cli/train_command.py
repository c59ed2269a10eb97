"""`mertk train`."""

from __future__ import annotations

from pathlib import Path

import click

from mertk.cli import load
from mertk.cli._choices import parse_folders, parse_set, parse_swap


@click.command("train")
@click.option(
    "--model", required=True, metavar="NAME[:PRESET]", help="A model, recipe file or run folder."
)
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    metavar="NAME[:KEY=VALUE,…]",
    help="May be repeated. Default: the protocol's, or else synthetic.",
)
@click.option("--data", multiple=True, metavar="[NAME=]FOLDER", help="Where a data set lies.")
@click.option(
    "--protocol",
    metavar="NAME[:KEY=VALUE,…]",
    help="Names the classes. Default: the data set's usual one.",
)
@click.option("--preset", help="Default: quick on synthetic data.")
@click.option(
    "--set", "sets", multiple=True, metavar="SLOT.PARAMETER=VALUE", help="Set a parameter."
)
@click.option(
    "--swap",
    "swaps",
    multiple=True,
    metavar="SLOT=NAME[:KEY=VALUE,…]",
    help="Exchange a component.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="What chance begins with."
)
@click.option(
    "--device",
    default="cpu",
    show_default=True,
    type=click.Choice(["cpu", "cuda", "auto"]),
    help="Where networks are trained.",
)
@click.option(
    "--allow-mismatch",
    is_flag=True,
    help="Train also where the clips are not those that the protocol is published with.",
)
@click.option(
    "--runs",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where `mertk bench` has measured it: the scores go into the model's card.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.pass_context
def command(
    ctx: click.Context,
    model: str,
    datasets: tuple[str, ...],
    data: tuple[str, ...],
    protocol: str | None,
    preset: str | None,
    sets: tuple[str, ...],
    swaps: tuple[str, ...],
    seed: int,
    device: str,
    runs: Path,
    out: Path,
    *,
    allow_mismatch: bool,
) -> None:
    """Fit a model on all clips, nobody held out, and write it to a folder for `mertk predict`.

    What it scores on people it has not seen is what `mertk bench` measures, not this.
    """
    from mertk import training
    from mertk.cli.progress import Bar
    from mertk.harness import modelcard, saved
    from mertk.harness.bench import gather

    plugins = load(ctx)
    training.use_device(device)
    with Bar() as bar:
        request = gather(
            [model], dataset=list(datasets), data=parse_folders(data), protocol=protocol,
            preset=preset, floors=False, device=device, allow_mismatch=allow_mismatch,
            swaps=[parse_swap(text) for text in swaps], sets=[parse_set(text) for text in sets],
            out=runs, plugins=plugins, progress=bar,
        )  # fmt: skip
        found = saved.train(request, seed, bar)
        found.save(out, plugins)
    click.echo(f"{modelcard.warning(found.about)}\nClasses: {', '.join(found.classes)}; in {out}")
