"""`mertk data`: folders of data sets, their contents, and the synthetic one on disk."""

import json
from pathlib import Path

import click

from mertk.cli import load_and_report_plugins
from mertk.cli._completion import complete
from mertk.cli._data_annotations import agree, annotate, changes
from mertk.cli._data_check import check, index
from mertk.cli._data_prepare import prepare
from mertk.core.printing import count_noun


@click.group("data")
def command() -> None:
    """List, check, prepare and write data sets."""


command.add_command(agree)
command.add_command(annotate)
command.add_command(changes)
command.add_command(check)
command.add_command(index)
command.add_command(prepare)


@command.command("add")
@click.argument("name", shell_complete=complete("dataset"))
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def add(ctx: click.Context, name: str, folder: Path) -> None:
    """Store the FOLDER of data set NAME in the user's configuration file."""
    from mertk.core.reading import real_path
    from mertk.datasets import locations

    load_and_report_plugins(ctx).registry.get("dataset", name)
    file = locations.remember_folder(name, folder)
    click.echo(
        f"{name}: {real_path(folder)} (stored in {file}). Check it with mertk data check {name}"
    )


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_sets(ctx: click.Context, *, as_json: bool) -> None:
    """List all data sets: summary, how to obtain them, and the folder if it is known."""
    from mertk.core.offers import get_offer
    from mertk.datasets import locations

    remembered = locations.load_known_folders()
    rows = []
    for entry in load_and_report_plugins(ctx).registry:
        if entry.kind == "dataset":
            folder = remembered.get(entry.name)
            rows.append(
                {
                    "name": entry.name,
                    "summary": entry.summary,
                    "paper": entry.paper,
                    "obtain": get_offer("dataset", entry.load(), "obtain"),
                    "folder": None if folder is None else str(folder),
                    "here": folder is not None and folder.exists(),
                }
            )
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<12} {row['summary']}")
        if row["obtain"]:
            click.echo(f"{'':<12} obtain: {row['obtain']}")
        if row["folder"]:
            gone = "" if row["here"] else " (does not exist)"
            click.echo(f"{'':<12} folder: {row['folder']}{gone}")


@command.command("synth")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--layout",
    default="casme2",
    show_default=True,
    help="Layout of files and annotations: casme2, samm, smic or folder.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="Parameter of the synthetic set, such as subjects=4 or amplitude=2; may be repeated.",
)
@click.pass_context
def synth(ctx: click.Context, out: Path, layout: str, sets: tuple[str, ...]) -> None:
    """Write the synthetic data set to folder OUT as images and annotations."""
    from mertk.cli.progress import Bar
    from mertk.core.errors import name_component
    from mertk.core.recipe import Use
    from mertk.export import layouts

    layouts.check_place(out, layout)
    seed = f"seed={layouts.SEEDS.get(layout, 0)}"
    use = Use.parse(f"synthetic:{','.join([seed, *sets])}")
    reader = load_and_report_plugins(ctx).registry.build("dataset", use)
    with name_component(f"data set '{use}': index"):
        clips = reader.index(None)
    with Bar() as bar:
        bar.stage(f"writing {layout}", len(clips))
        layouts.write_layout(clips, out, layout, advance=bar.step)
    click.echo(
        f"{count_noun(len(clips), 'synthetic clip')} written to {out} in the layout of {layout}"
    )


for _one in command.commands.values():  # or click cuts the sentence off in the list of commands
    _one.short_help = (_one.help or "").partition("\n")[0]
