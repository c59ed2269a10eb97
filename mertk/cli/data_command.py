"""`mertk data list` and `mertk data synth`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mertk.cli import load


@click.group("data")
def command() -> None:
    """List data sets; write the synthetic one to disk."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_sets(ctx: click.Context, *, as_json: bool) -> None:
    """List every known data set: what it is, and where to ask for it."""
    entries = [entry for entry in load(ctx).registry if entry.kind == "dataset"]
    rows = [
        {"name": e.name, "summary": e.summary, "paper": e.paper,
         "obtain": getattr(e.load(), "obtain", "")}
        for e in entries
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<12} {row['summary']}")
        if row["obtain"]:
            click.echo(f"{'':<12} obtain: {row['obtain']}")


@command.command("synth")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--layout", default="casme2", show_default=True, help="casme2 or folder.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="subjects=4, amplitude=2 …")
@click.pass_context
def synth(ctx: click.Context, out: Path, layout: str, sets: tuple[str, ...]) -> None:
    """Write the synthetic set to OUT as images and a spreadsheet, in a real set's layout."""
    from mertk.cli.progress import Bar
    from mertk.data import layouts
    from mertk.recipe import Use

    use = Use.parse(f"synthetic:{','.join(sets)}")
    clips = load(ctx).registry.build("dataset", use).index(None)
    with Bar() as bar:
        bar.stage(f"writing {layout}", len(clips))
        layouts.write(clips, out, layout, advance=bar.step)
    click.echo(f"{len(clips)} synthetic clips written to {out} in the layout of {layout}")
