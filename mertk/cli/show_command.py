"""`mertk show [KIND] NAME[:PRESET]`."""

import json
from dataclasses import asdict
from typing import Any

import click

from mertk.cli import load_and_report_plugins, width
from mertk.cli._completion import complete
from mertk.core.errors import ParameterError, UnknownNameError
from mertk.plugins.registry import Entry, Registry

_INDENT = " " * 6


@click.command("show")
@click.argument("kind", metavar="[KIND]", shell_complete=complete(""))
@click.argument(
    "name", required=False, metavar="NAME[:PRESET]", shell_complete=complete("component")
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(ctx: click.Context, kind: str, name: str | None, *, as_json: bool) -> None:
    """Show one model or component: what it is, recipe, parameters, presets, scores, paper.

    A KIND (model, extractor …, see `mertk list`) is needed only for a component that has the name
    of a model.
    """
    from rich.console import Console
    from rich.markdown import Markdown

    from mertk.report import reference_pages

    registry = load_and_report_plugins(ctx).registry
    found, _, preset = (name or kind).partition(":")
    entry, *others = _find_entries(registry, kind if name else None, found)
    if preset and entry.kind != "model":
        raise ParameterError(f"{entry.kind} '{entry.name}' has no presets; only models have them")
    if preset:
        registry.recipe(entry.name, preset)  # raises for an unknown one
    if as_json:
        click.echo(json.dumps(_describe_entry(entry, registry, preset), indent=1))
        return
    if entry.kind == "model":
        card = reference_pages.format_card(entry, registry, preset)
        Console().print(Markdown(card, justify="left"))
    else:
        _print_component(entry)
    for other in others:
        click.echo(f"Same name: {other.kind}, `mertk show {other.kind} {other.name}`")


def _find_entries(registry: Registry, kind: str | None, name: str) -> list[Entry]:
    """The entries of a name, models first; raises `UnknownNameError` where there is none."""
    if kind:
        return [registry.get(kind, name)]
    found = [entry for entry in registry if entry.name == name]
    if not found:
        names = {entry.name for entry in registry}
        raise UnknownNameError("model or component", name, names)
    return sorted(found, key=lambda entry: entry.kind != "model")


def _describe_entry(entry: Entry, registry: Registry, preset: str) -> dict[str, Any]:
    """Everything that is known of a model or component, as JSON can hold it."""
    from mertk.report import literature, reference_pages

    names = ("kind", "name", "summary", "paper", "needs", "origin")
    about: dict[str, Any] = {name: getattr(entry, name) for name in names}
    about["card"] = asdict(entry.card) if entry.card else None
    if entry.kind == "model":
        about["preset"] = preset or None
        about["recipe"] = registry.recipe(entry.name, preset or None).to_json()
        about["needs"] = reference_pages.list_model_needs(entry.target, registry)
        about["presets"] = {p: recipe.to_json() for p, recipe in entry.presets.items()}
        about["replays"] = {name: asdict(replay) for name, replay in entry.replays.items()}
        for title, table in (
            ("measured", reference_pages.read_measured_scores()),
            ("published", literature.read_published_scores()),
        ):
            about[title] = table[table["model"] == entry.name].to_dict("records")
        return about
    about["parameters"] = {}
    for row in reference_pages.list_parameters(entry):
        default = {"default": json.loads(row.default)} if row.default else {}
        more = {"type": row.type, "description": row.description}
        about["parameters"][row.name] = default | more
    return about


def _print_component(entry: Entry) -> None:
    """Print a component: summary, paper, needs, parameters; its original comes last."""
    from rich.console import Console
    from rich.markdown import Markdown

    from mertk.report import reference_pages

    click.secho(f"{entry.kind} {entry.name}", bold=True)
    click.echo(click.wrap_text(entry.summary, width(), "  ", "  "))
    for title, shown in (
        ("paper", entry.paper),
        ("needs", ", ".join(entry.needs)),
        ("origin", entry.origin),
    ):
        if shown:
            click.echo(f"  {title}: {shown}")
    for row in reference_pages.list_parameters(entry):
        click.echo(f"  --set {row.name}={row.default}  ({row.type})")
        if row.description:
            click.echo(click.wrap_text(row.description, width(), _INDENT, _INDENT))
    text = "\n\n".join(part for part in reference_pages.describe_original(entry) if part)
    if text:
        Console().print(Markdown(text, justify="left"))
