"""`mertk bench`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mertk.cli import load
from mertk.cli._choices import task_options

if TYPE_CHECKING:
    from mertk.cli.progress import Bar
    from mertk.harness.bench import Request
    from mertk.recipe import Json, Use

PAGE = "report.html"
"""The page, in the folder of the runs."""


@click.command("bench")
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="NAME[:PRESET]",
    help="A model, or a recipe file (.toml, .json); may be repeated.",
)
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="NAME[:PRESET]",
    help="A model to compare with; may be repeated.",
)
@task_options
@click.option("--preset", help="Preset of the first model. Default: quick on synthetic data.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="PATH=VALUE,VALUE",
    help="Variants of the first model: a slot exchanges, slot.parameter sets; several multiply.",
)
@click.option(
    "--replay",
    metavar="NAME",
    help="Also run the first model in its authors' order of work, which leaks; kept apart.",
)
@click.option(
    "--seeds",
    help="A list: 0,1,2. Default: 0; 0 to 4 for a model that takes chances, quick ones apart.",
)
@click.option("--jobs", type=click.IntRange(1), help="Worker processes. Default: one per core.")
@click.option(
    "--executor",
    default="local",
    show_default=True,
    metavar="local|dask|dask://HOST:PORT",
    help="Local processes, dask's on this machine, or a dask cluster of your own.",
)
@click.option(
    "--device",
    default="cpu",
    show_default=True,
    type=click.Choice(["cpu", "cuda", "auto"]),
    help="Where networks are trained.",
)
@click.option(
    "--out",
    default="runs",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The folder for run folders and report.html.",
)
@click.option(
    "--resume/--fresh",
    default=True,
    show_default=True,
    help="Keep finished folds and cached features, or compute both again.",
)
@click.option(
    "--allow-mismatch",
    is_flag=True,
    help="Run also where the clips are not those that the protocol is published with.",
)
@click.option(
    "--keyframes",
    default="given",
    show_default=True,
    type=click.Choice(["given", "estimated", "none"]),
    help="none takes onset, apex and offset away; estimated spots an apex in the pixels instead.",
)
@click.option(
    "--jitter",
    metavar="FRAMES",
    help="Run the first model with onset and apex wrong by so many frames: 0,1,2,4.",
)
@click.option(
    "--oracle-gap",
    is_flag=True,
    help="Look at every epoch: what choosing it would give, honestly and on the test subject.",
)
@click.option(
    "--one-by-one",
    is_flag=True,
    help="Fit each fold by itself, also where several can be fitted at once.",
)
@click.option(
    "--plan",
    is_flag=True,
    help="Run nothing: measure a few clips and one fold, and say what all will cost.",
)
@click.option(
    "--frames/--no-frames",
    default=None,
    help="Put pictures of clips into report.html. Default: of synthetic clips alone.",
)
@click.option("--published", is_flag=True, help="Print what papers report beside it.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    models: tuple[str, ...],
    baselines: tuple[str, ...],
    dataset: list[str],
    data: Any,
    protocol: str | None,
    preset: str | None,
    sets: list[tuple[str, Json]],
    swaps: list[tuple[str, list[Use]]],
    sweeps: tuple[str, ...],
    replay: str | None,
    seeds: str | None,
    jobs: int | None,
    executor: str,
    device: str,
    out: Path,
    *,
    resume: bool,
    allow_mismatch: bool,
    keyframes: Literal["given", "estimated", "none"],
    jitter: str | None,
    oracle_gap: bool,
    one_by_one: bool,
    plan: bool,
    frames: bool | None,
    published: bool,
    as_json: bool,
) -> None:
    """Run models and baselines through the same folds and report.

    The floors `majority` and `prior` always run with them.
    """
    from mertk.cli.progress import Bar
    from mertk.files import check_file
    from mertk.harness.bench import gather, run
    from mertk.report import html, tables, terminal

    began = time.perf_counter()
    if not plan:
        check_file(out / PAGE)
    plugins = load(ctx)
    with Bar() as bar:
        request = gather(
            [*models, *baselines],
            dataset=dataset,
            data=data,
            protocol=protocol,
            preset=preset,
            seeds=_numbers("seeds", seeds) or None,
            sweeps=sweeps,
            replay=replay,
            oracle_gap=oracle_gap,
            keyframes=keyframes,
            jitter=_numbers("jitter", jitter),
            swaps=swaps,
            sets=sets,
            jobs=jobs,
            executor=executor,
            device=device,
            together=not one_by_one,
            out=out,
            fresh=not resume,
            allow_mismatch=allow_mismatch,
            plugins=plugins,
            progress=bar,
        )
        if plan:
            _plan(request, bar, time.perf_counter() - began, as_json=as_json)
            return
        results = run(request, bar)
        bar.stage("report", 0)
        page = html.write(results, out / PAGE, plugins, frames=frames)
    if as_json:
        click.echo(json.dumps(tables.to_json(results) | {"report": str(page)}, indent=1))
    else:
        terminal.show(results, published=published)
        click.echo(f"report: {page}")


def _plan(request: Request, bar: Bar, starting: float, *, as_json: bool) -> None:
    """Say what a request will cost, `starting` being the seconds until it was known."""
    from mertk.harness.estimate import estimate
    from mertk.report import planned

    if request.oracle_gap:
        raise click.UsageError("--plan does not measure --oracle-gap; leave it out")
    found = estimate(request, bar)
    if as_json:
        click.echo(json.dumps(planned.to_json(found, starting=starting), indent=1))
    else:
        planned.show(found, starting=starting)


def _numbers(option: str, text: str | None) -> list[int]:
    """A list such as 0,1,2, sorted; empty where none is given."""
    if text is None:
        return []
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(f"--{option} {text}: give a list such as 0,1,2") from None
    if min(found) < 0:
        raise click.UsageError(f"--{option} {text}: numbers are not negative")
    return sorted(set(found))
