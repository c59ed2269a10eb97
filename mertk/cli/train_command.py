"""`mertk train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mertk.cli import load
from mertk.cli._choices import task_options

if TYPE_CHECKING:
    from mertk.recipe import Json, Use


@click.command("train")
@click.option(
    "--model", required=True, metavar="NAME[:PRESET]", help="A model, recipe file or run folder."
)
@task_options
@click.option("--preset", help="Default: quick on synthetic data.")
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
    dataset: list[str],
    data: Any,
    protocol: str | None,
    preset: str | None,
    sets: list[tuple[str, Json]],
    swaps: list[tuple[str, list[Use]]],
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
    from mertk.files import check_folder
    from mertk.harness import modelcard, saved
    from mertk.harness.bench import gather

    check_folder(out, saved.KIND)
    plugins = load(ctx)
    training.use_device(device)
    with Bar() as bar:
        request = gather(
            [model], dataset=dataset, data=data, protocol=protocol, preset=preset, floors=False,
            device=device, allow_mismatch=allow_mismatch, swaps=swaps, sets=sets, out=runs,
            plugins=plugins, progress=bar,
        )  # fmt: skip
        found = saved.train(request, seed, bar)
        found.save(out, plugins)
    click.echo(f"{modelcard.warning(found.about)}\nClasses: {', '.join(found.classes)}; in {out}")
