"""`mertk data`: where data sets lie, what they hold, and the synthetic one on disk."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mertk.cli import load
from mertk.cli._data_check import check, index
from mertk.cli._data_prepare import prepare


@click.group("data")
def command() -> None:
    """Know, check, prepare and make data sets."""


command.add_command(check)
command.add_command(index)
command.add_command(prepare)


@command.command("add")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def add(ctx: click.Context, name: str, folder: Path) -> None:
    """Remember that data set NAME lies in FOLDER, in the user's configuration file."""
    from mertk.core.reading import real_path
    from mertk.datasets import locations

    load(ctx).registry.get("dataset", name)
    file = locations.remember(name, folder)
    click.echo(f"{name} lies in {real_path(folder)} (written to {file}); look it through with "
               f"mertk data check {name}")  # fmt: skip


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_sets(ctx: click.Context, *, as_json: bool) -> None:
    """List every known data set: what it is, how to get it, and whether it is here."""
    from mertk.core.offers import offered
    from mertk.datasets import locations

    remembered = locations.known()
    rows = []
    for entry in load(ctx).registry:
        if entry.kind == "dataset":
            folder = remembered.get(entry.name)
            rows.append({
                "name": entry.name,
                "summary": entry.summary,
                "paper": entry.paper,
                "obtain": offered("dataset", entry.load(), "obtain"),
                "folder": None if folder is None else str(folder),
                "here": folder is not None and folder.exists(),
            })  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<12} {row['summary']}")
        if row["obtain"]:
            click.echo(f"{'':<12} obtain: {row['obtain']}")
        if row["folder"]:
            gone = "" if row["here"] else " (not there now)"
            click.echo(f"{'':<12} here: {row['folder']}{gone}")


@command.command("synth")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--layout", default="casme2", show_default=True, help="casme2 or folder.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="subjects=4, amplitude=2 …")
@click.pass_context
def synth(ctx: click.Context, out: Path, layout: str, sets: tuple[str, ...]) -> None:
    """Write the synthetic set to OUT as images and a spreadsheet, in a real set's layout."""
    from mertk.cli.progress import Bar
    from mertk.core.errors import name_component
    from mertk.core.recipe import Use
    from mertk.export import layouts

    layouts.check_place(out, layout)
    use = Use.parse(f"synthetic:{','.join(sets)}")
    reader = load(ctx).registry.build("dataset", use)
    with name_component(f"data set '{use}': index"):
        clips = reader.index(None)
    with Bar() as bar:
        bar.stage(f"writing {layout}", len(clips))
        layouts.write(clips, out, layout, advance=bar.step)
    click.echo(f"{len(clips)} synthetic clips written to {out} in the layout of {layout}")
